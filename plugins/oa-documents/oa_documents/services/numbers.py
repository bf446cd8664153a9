"""文号: series by 机关代字 and year, reserving, beginning, voiding.

The counter is the kernel's (``numbering``): row-locked, in the transaction of what it numbers, without gap or double.
A number's text is 机关代字〔year〕n号 (GB/T 9704-2012, 7.2.5).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from oa_kernel import audit, clock, db, numbering
from oa_kernel.errors import Conflict, Invalid, NotFound

from .. import rights, settings
from ..models import Outgoing, Series

SUBJECT = "documents.outgoing"
_CODE = re.compile(r"^[^\s〔〕\[\]（）()0-9]{1,20}$")
_NUMBER = re.compile(r"^(?P<code>[^\s〔〕]+)〔(?P<year>\d{4})〕(?P<seq>[1-9]\d*)号$")


def key(code: str, year: int) -> str:
    """Name of the counter of a series in a year."""
    return f"{code}〔{year}〕"


def text(code: str, year: int, seq: int) -> str:
    """The number as it stands on the page: 国办发〔2024〕12号."""
    return f"{code}〔{year}〕{seq}号"


def parse(number: str) -> tuple[str, int, int] | None:
    """(code, year, sequence) of a well-written number, else None."""
    found = _NUMBER.match(number.strip())
    return (found["code"], int(found["year"]), int(found["seq"])) if found else None


def default_code() -> str:
    """The 机关代字 a new document gets."""
    return str(settings.get("series"))


def series_list(*, active_only: bool = True) -> list[Series]:
    """The series to choose from, the default one first; a hundred at most."""
    query = Series.select().order_by(Series.code != default_code(), Series.sort, Series.id).limit(100)
    return list(query.where(Series.active) if active_only else query)


def page_of_series(*, limit: int = 50, cursor: str | None = None) -> db.Page:
    """A page of the series in use."""
    return db.page(Series.select().where(Series.active), [Series.sort, Series.id], limit=limit, cursor=cursor)


def ensure(code: str, by: Any) -> Series:
    """The series of that code.

    One that is not there yet is registered: the configured one by anybody, others by who may manage series, so that
    the clerk who gives the first number under a new 机关代字 is not sent away to register it.
    """
    found = Series.get_or_none(Series.code == code)
    if found is None:
        if code != default_code() and not rights.by_right(by, rights.SERIES):
            raise Invalid(
                f"没有“{code}”这个机关代字。可用：{'、'.join(s.code for s in series_list()) or default_code()}",
                errors={"series": [f"没有“{code}”这个机关代字"]},
            )
        require_code(code, "series")
        with db.transaction():
            found, made = Series.get_or_create(code=code, defaults={"title": f"{settings.issuer()}发文"})
            if made:
                audit.record("documents.series.create", "documents.series", found.id, code, after={"code": code}, by=by)
    if not found.active:
        raise Invalid(f"机关代字“{code}”已停用", errors={"series": [f"机关代字“{code}”已停用"]})
    return found


def require_code(code: str, field: str = "code") -> None:
    """Raises Invalid unless ``code`` can stand before a year: 国办发."""
    if not _CODE.match(code):
        reason = f"“{code}”不能作机关代字：应为 1 至 20 个汉字或字母，不含数字、空格和括号，例：国办发"
        raise Invalid(reason, errors={field: [reason]})


def create_series(code: str, by: Any, *, title: str = "", mark: str = "", begin_at: int = 1) -> Series:
    """A new 机关代字; ``begin_at`` is this year's first number."""
    rights.require(by, rights.SERIES)
    code = code.strip()
    require_code(code)
    with db.transaction():
        if Series.get_or_none(Series.code == code) is not None:
            raise Conflict(f"已有机关代字“{code}”", code="exists", errors={"code": [f"已有机关代字“{code}”"]})
        made = Series.create(code=code, title=title.strip()[:120], mark=mark.strip()[:120])
        if begin_at > 1:
            numbering.begin_at(key(code, clock.today().year), begin_at)
        audit.record("documents.series.create", "documents.series", made.id, code,
                     after={"code": code, "title": title, "mark": mark, "begin_at": begin_at}, by=by)
    return made


def set_active(code: str, active: bool, by: Any) -> None:
    """Takes a series into use or out of it; its register stays."""
    rights.require(by, rights.SERIES)
    with db.transaction():
        done = Series.update(active=active).where(Series.code == code).execute()
        if not done:
            raise NotFound(f"没有“{code}”这个机关代字")
        audit.record("documents.series.update", "documents.series", code, code, after={"active": active}, by=by)


def begin_at(code: str, year: int, n: int, by: Any) -> None:
    """The next number of the series in that year is ``n``; Conflict where one as high was given already."""
    rights.require(by, rights.SERIES)
    ensure(code, by)
    with db.transaction():
        numbering.begin_at(key(code, year), n)
        audit.record("documents.series.begin", "documents.series", key(code, year), code, after={"begin_at": n}, by=by)


def reserve(code: str, year: int, by: Any, *, seq: int, note: str) -> str:
    """Keeps a number back; returns its text."""
    rights.require(by, rights.NUMBER)
    ensure(code, by)
    if not note.strip():
        raise Invalid("请写明预留的用途", errors={"note": ["请写明预留的用途"]})
    with db.transaction():
        numbering.reserve(key(code, year), seq, by, note.strip())
        audit.record("documents.number.reserve", "documents.series", key(code, year), text(code, year, seq),
                     after={"n": seq, "note": note}, by=by)
    return text(code, year, seq)


def assign_reserved(document: Outgoing, seq: int, by: Any) -> Outgoing:
    """Gives a document under review a number that was kept back for it."""
    rights.require(by, rights.NUMBER)
    if document.number:
        raise Conflict(f"这份文件已编号 {document.number}", code="numbered")
    if document.state != "reviewing":
        raise Conflict("办理中的文件才能指定文号", code="not_reviewing")
    with db.transaction():
        ensure(document.series, by)
        year = (document.date or clock.today()).year
        numbering.take_reserved(key(document.series, year), seq, SUBJECT, str(document.id))
        _give(document, year, seq, by)
    return Outgoing.get_by_id(document.id)


@dataclass(frozen=True)
class Reserved:
    """A number kept back: its place in the series, how it reads, what for."""

    seq: int
    text: str
    note: str


def reserved(document: Outgoing) -> list[Reserved]:
    """Numbers kept back in the series and year the document will be numbered in, the lowest first."""
    year = (document.date or clock.today()).year
    page = numbering.register(key(document.series, year), state="reserved", limit=200)
    found = [Reserved(e.number, text(document.series, year, e.number), e.reason) for e in page.items]
    return sorted(found, key=lambda r: r.seq)


def preview(document: Outgoing) -> str:
    """The number the document has, or else would most likely get now; for showing, not for using."""
    if document.number:
        return str(document.number)
    year = (document.date or clock.today()).year
    return text(document.series, year, numbering.next_number(key(document.series, year)))


def give(document: Outgoing, by: Any) -> str:
    """The document's number, taken now unless it has one. Inside the caller's transaction.

    What was returned and comes again keeps the number it has.
    """
    if document.number:
        return str(document.number)
    ensure(document.series, by)
    year = (document.date or clock.today()).year
    seq = numbering.take(key(document.series, year), SUBJECT, str(document.id))
    return _give(document, year, seq, by)


def _give(document: Outgoing, year: int, seq: int, by: Any) -> str:
    number = text(document.series, year, seq)
    Outgoing.update(number=number, number_year=year, number_seq=seq).where(Outgoing.id == document.id).execute()
    document.number, document.number_year, document.number_seq = number, year, seq
    audit.record("documents.number.give", SUBJECT, document.id, document.title, after={"number": number}, by=by)
    return number


def void(document: Outgoing, reason: str, by: Any) -> None:
    """Marks the document's number void in the register. Inside the caller's transaction."""
    parts = parse(str(document.number))
    if parts is not None:
        numbering.void(key(parts[0], parts[1]), parts[2], reason, by)


def known(cited: Iterable[str]) -> dict[str, bool]:
    """Of cited numbers those of our own series, and whether they stand in the register. Two queries, however many.

    Numbers of other organisations' series are left out: nobody here can know.
    """
    ours = {code for (code,) in Series.select(Series.code).tuples()}
    wanted = [n for n in cited if (parts := parse(n)) is not None and parts[0] in ours]
    if not wanted:
        return {}
    there = {n for (n,) in Outgoing.select(Outgoing.number).where(Outgoing.number.in_(wanted)).tuples()}
    return {n: n in there for n in wanted}


def is_ours(number: str) -> bool:
    """Is it a number of one of our own series?"""
    parts = parse(number)
    return parts is not None and Series.select().where(Series.code == parts[0]).exists()


def titles(ids: list[str]) -> dict[str, str]:
    """Titles of the documents that have numbers, by id as text; one query for a page of the register."""
    wanted = [int(i) for i in ids if i.isascii() and i.isdigit()]
    if not wanted:
        return {}
    return {str(i): title for i, title in
            Outgoing.select(Outgoing.id, Outgoing.title).where(Outgoing.id.in_(wanted)).tuples()}
