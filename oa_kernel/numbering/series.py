"""Series and their register. Every change holds the series' row, so one transaction at a time works on a series."""

from __future__ import annotations

from typing import Any

from oa_kernel import clock, context, db
from oa_kernel.errors import Conflict, Invalid, NotFound

from .models import Register, Series

#: a row of the register: ``number``, ``state`` (used | reserved | void), ``for_kind``, ``for_id``, ``reason``, ``at``
Entry = Register

_LARGEST = 2**53


def take(series_key: str, for_kind: str, for_id: Any, by: Any = None) -> int:
    """The next free number of the series for a thing; the one it has if it has one.

    Inside the caller's transaction: when that is undone, the number is free again.
    """
    with db.transaction():
        series = _locked(series_key)
        if (had := _held(series, for_kind, for_id)) is not None:
            return had
        number = series.next
        ahead = {
            row[0] for row in Register.select(Register.number)
            .where(Register.series == series, Register.number >= number).tuples()
        }
        while number in ahead:
            number += 1
        _register(series, number, "used", for_kind, str(for_id), by=by)
        Series.update(next=number + 1).where(Series.id == series.id).execute()
        return number


def reserve(series_key: str, n: int, by: Any = None, note: str = "") -> None:
    """Keeps number ``n`` back for later; :class:`Conflict` if it is registered already."""
    _check(n)
    with db.transaction():
        series = _locked(series_key)
        _must_be_new(series, n)
        _register(series, n, "reserved", None, None, note, by)


def take_reserved(series_key: str, n: int, for_kind: str, for_id: Any, by: Any = None) -> int:
    """Gives the reserved number ``n`` to a thing.

    :raises NotFound: if it is not in the register.
    :raises Conflict: if it is not reserved, or the thing has another number of the series.
    """
    with db.transaction():
        series = _locked(series_key)
        had = _held(series, for_kind, for_id)
        if had == n:
            return n
        if had is not None:
            raise Conflict(f"已有编号 {had}，不能再用 {n}", code="numbered")
        entry = _entry(series, n)
        if entry.state != "reserved":
            raise Conflict(f"编号 {n} 不是预留的编号（{_WORDS[entry.state]}）", code="not_reserved")
        Register.update(
            state="used", for_kind=for_kind, for_id=str(for_id), at=clock.now(), by_id=_by(by)
        ).where(Register.id == entry.id).execute()
        return n


def void(series_key: str, n: int, reason: str, by: Any = None) -> None:
    """Strikes number ``n`` out. It stays in the register with its reason and is never given again."""
    if not (reason := reason.strip()):
        raise Invalid("请填写作废编号的原因", errors={"reason": ["必填"]})
    with db.transaction():
        series = _locked(series_key)
        entry = _entry(series, n)
        if entry.state == "void":
            raise Conflict(f"编号 {n} 已作废", code="already_void")
        Register.update(state="void", reason=reason[:500], at=clock.now(), by_id=_by(by)).where(
            Register.id == entry.id
        ).execute()


def begin_at(series_key: str, n: int) -> None:
    """The series begins at ``n``: what was given before came from elsewhere (a paper register).

    :raises Conflict: once a number was given here, for that would make a gap.
    """
    _check(n)
    with db.transaction():
        series = _locked(series_key)
        given = Register.select(Register.number).where(
            Register.series == series, Register.state != "reserved"
        ).order_by(Register.number.desc()).first()
        if given is not None and n != series.next:
            raise Conflict(
                f"这个编号系列已经用到 {given.number}，不能再改起始编号；要跳过的编号请预留或作废", code="series_in_use"
            )
        Series.update(next=n).where(Series.id == series.id).execute()


def next_number(series_key: str) -> int:
    """The number that :func:`take` would most likely give; for showing, not for using."""
    series = Series.get_or_none(Series.key == series_key)
    if series is None:
        return 1
    number = series.next
    ahead = {r[0] for r in Register.select(Register.number)
             .where(Register.series == series, Register.number >= number).tuples()}
    while number in ahead:
        number += 1
    return number


def number_of(series_key: str, for_kind: str, for_id: Any) -> int | None:
    """The number a thing has in the series, or None."""
    series = Series.get_or_none(Series.key == series_key)
    return _held(series, for_kind, for_id) if series is not None else None


def register(series_key: str, *, state: str = "", limit: int = 50, cursor: str | None = None) -> db.Page:
    """A page of the register, highest number first. ``state``: only ``used``, ``reserved`` or ``void`` ones."""
    query = Register.select(Register).join(Series).where(Series.key == series_key)
    if state:
        query = query.where(Register.state == state)
    return db.page(query, [Register.number.desc()], limit=limit, cursor=cursor)


_WORDS = {"used": "已使用", "reserved": "已预留", "void": "已作废"}


def _locked(key: str) -> Series:
    """The series' row, held until the transaction ends; made if it is not there."""
    query = Series.select().where(Series.key == key)
    series = db.lock_rows(query).first()
    if series is None:
        if not key or len(key) > 120:
            raise Invalid("编号系列的名称为 1–120 个字符")
        mark = db.database.param
        db.database.execute_sql(
            f"INSERT INTO numbering_series (key, next, created_at) VALUES ({mark}, 1, {mark})"
            " ON CONFLICT (key) DO NOTHING",
            (key, Series.created_at.db_value(clock.now())),
        )
        series = db.lock_rows(Series.select().where(Series.key == key)).first()
    return series


def _held(series: Series, for_kind: str, for_id: Any) -> int | None:
    return Register.select(Register.number).where(
        Register.series == series, Register.for_kind == for_kind, Register.for_id == str(for_id),
        Register.state == "used",
    ).scalar()


def _entry(series: Series, n: int) -> Register:
    entry = Register.get_or_none(Register.series == series, Register.number == n)
    if entry is None:
        raise NotFound(f"编号 {n} 不在登记簿中", code="not_registered")
    return entry


def _must_be_new(series: Series, n: int) -> None:
    entry = Register.get_or_none(Register.series == series, Register.number == n)
    if entry is not None:
        raise Conflict(f"编号 {n} {_WORDS[entry.state]}", code="number_taken")


def _register(
    series: Series, n: int, state: str, for_kind: str | None, for_id: str | None, reason: str = "", by: Any = None
) -> None:
    Register.insert(
        series=series.id, number=n, state=state, for_kind=for_kind, for_id=for_id, reason=reason[:500],
        by_id=_by(by), at=clock.now(),
    ).execute()


def _by(by: Any) -> int | None:
    if by is None:
        return context.current().person_id
    return by if isinstance(by, int) else by.id


def _check(n: int) -> None:
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n < _LARGEST:
        raise Invalid(f"编号应为 1 以上的整数，而不是 {n!r}")
