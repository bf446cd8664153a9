"""Writes of a ledger: one transaction and one audit event a row, rights asked within, nobody's change lost unseen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from oa_kernel import audit, clock, db, numbering, permissions
from oa_kernel.config.schema import SECRECY_LEVELS
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound

from . import history, query, values, words

if TYPE_CHECKING:
    from .columns import Column
    from .ledger import Ledger

#: rows archived in one go
MOST = 200


def found(ledger: Ledger, row_id: int, person: Any, verb: str = "view", *, lock: bool = False) -> Any:
    """A row for which the person holds the permission. ``person`` None: the system, which may everything."""
    model = ledger.model
    if not 0 < row_id < 2**63:  # no row has such a number, and no engine takes it
        raise NotFound(f"没有这条{ledger.noun}，或者您不能查看它")
    base = model.select() if person is None else ledger.query(person, verb)
    select = base.where(model.id == row_id)
    row = (db.lock_rows(select) if lock else select).first()
    if row is not None:
        return row
    if verb != "view" and person is not None and ledger.query(person).where(model.id == row_id).exists():
        permissions.require(person, ledger.right(verb))
        raise Forbidden(f"这条{ledger.noun}不在您可以办理的范围内", permission=ledger.right(verb))
    raise NotFound(f"没有这条{ledger.noun}，或者您不能查看它")


def create(ledger: Ledger, data: Mapping[str, Any], by: Any, *, coerce: bool | None = None) -> Any:
    """See :meth:`Ledger.create`."""
    _writable(ledger)
    if by is not None:
        permissions.require(by, ledger.right("edit"))
    clean = _check(ledger, data, by, coerce=coerce, partial=False, new=True)
    with _uniqueness(ledger), db.transaction():
        clean = ledger.validate(clean, None, by)
        _check_unique(ledger, clean, None)
        now = clock.now()
        row = ledger.model(**_fields(clean), version=1, archived=False, created_at=now, updated_at=now,
                           created_by_id=_id(by), updated_by_id=_id(by), owner_id=_id(by),
                           department_id=getattr(by, "department_id", None))
        _belongs(ledger, row, clean)
        if by is not None and not permissions.allows(by, ledger.right("edit"), row):
            raise Forbidden(f"您只能登记自己范围内的{ledger.noun}", permission=ledger.right("edit"))
        ledger.before_save(row, None, by)
        row.save(force_insert=True)
        if ledger.declaration.number is not None:
            _number(ledger, row, by)
        _after(ledger, row, None, by, "created")
    return row


def update(
    ledger: Ledger, row_id: int, data: Mapping[str, Any], by: Any, *, version: int | None, partial: bool, coerce: bool | None
) -> Any:
    """See :meth:`Ledger.update`."""
    _writable(ledger)
    clean = _check(ledger, data, by, coerce=coerce, partial=partial, new=False)
    with _uniqueness(ledger), db.transaction():
        row = found(ledger, row_id, by, "edit", lock=True)
        if version is not None and version != row.version:
            raise _stale(ledger, row, version, by)
        if row.archived:
            raise Conflict(f"这条{ledger.noun}已停用，请先恢复再修改", code="archived")
        clean = ledger.validate(clean, row, by)
        _check_unique(ledger, {**_current(ledger, row), **clean}, row.id)
        before = _snapshot(ledger, row)
        for name, value in _fields(clean).items():
            setattr(row, name, value)
        _belongs(ledger, row, clean)
        ledger.before_save(row, before, by)
        if _snapshot(ledger, row) == before:
            return row
        _touch(row, by)
        row.save()
        _after(ledger, row, before, by, "changed")
    return row


def archive(ledger: Ledger, row_ids: Iterable[int], reason: str, by: Any) -> list[Any]:
    """See :meth:`Ledger.archive`."""
    _writable(ledger)
    ids = list(dict.fromkeys(int(i) for i in row_ids))
    if ledger.declaration.delete not in ("archive", "both"):
        raise Conflict(f"{ledger.title}不停用，请改用删除或修改", code="no_archive")
    reason = _reason(reason)
    if not ids or len(ids) > MOST:
        raise Invalid(f"一次停用 1–{MOST} 条，现在是 {len(ids)} 条")
    done = []
    with db.transaction():
        for row_id in sorted(ids):
            row = found(ledger, row_id, by, "delete", lock=True)
            if row.archived:
                if len(ids) == 1:
                    raise Conflict(f"这条{ledger.noun}已经停用", code="archived")
                continue
            before = _snapshot(ledger, row)
            row.archived, row.archived_reason = True, reason
            _touch(row, by)
            row.save()
            _after(ledger, row, before, by, "archived")
            done.append(row)
    return done


def restore(ledger: Ledger, row_id: int, by: Any) -> Any:
    """See :meth:`Ledger.restore`."""
    _writable(ledger)
    with db.transaction():
        row = found(ledger, row_id, by, "delete", lock=True)
        if not row.archived:
            raise Conflict(f"这条{ledger.noun}没有停用", code="not_archived")
        before = _snapshot(ledger, row)
        row.archived, row.archived_reason = False, ""
        _touch(row, by)
        row.save()
        _after(ledger, row, before, by, "restored")
    return row


def remove(ledger: Ledger, row_id: int, reason: str, by: Any) -> None:
    """See :meth:`Ledger.remove`."""
    _writable(ledger)
    if ledger.declaration.delete not in ("remove", "both"):
        raise Conflict(f"{ledger.title}不删除，只能停用", code="no_removal")
    reason = _reason(reason)
    with db.transaction():
        row = found(ledger, row_id, by, "delete", lock=True)
        before = _snapshot(ledger, row)
        if ledger.declaration.number is not None:
            series = _series(ledger, row.created_at)
            number = numbering.number_of(series, ledger.kind, row.id)
            if number is not None:
                numbering.void(series, number, reason, by)
        row.delete_instance()
        if ledger.searched:
            words.drop(ledger.model._meta.table_name, row_id)
        audit.record(f"{ledger.kind}.removed", ledger.kind, row_id, title=ledger.title_of(row), before=before,
                     after={"reason": reason}, by=by)


def _check(
    ledger: Ledger, data: Mapping[str, Any], by: Any, *, coerce: bool | None, partial: bool, new: bool
) -> dict[str, Any]:
    """Clean values by column; people and departments as ids."""
    clean = ledger.form(by, new=new).validate(data, coerce=coerce, partial=partial)
    errors: dict[str, list[str]] = {}
    known = {c.name: c for c in ledger.declaration.columns}
    for name, value in list(clean.items()):
        column = known.get(name)
        if column is None:
            continue
        empty = value in (None, "", [])
        if empty and column.required and partial:
            errors[name] = [f"请填写{column.label}"]
        elif empty:
            clean[name] = None if column.unique or column.kind not in ("string", "text", "list", "boolean") else value
        elif column.kind in ("person", "department", "money", "integer", "number", "datetime"):
            try:
                clean[name] = values.from_text(column, value)
                if column.kind == "integer" and abs(clean[name]) > ledger.largest(column):
                    raise ValueError(f"{column.label}最大 {ledger.largest(column)}")
                if column.kind == "department" and value not in values.departments():
                    raise ValueError(f"没有部门 {value}")
            except ValueError as error:
                errors[name] = [str(error)]
    if errors:
        raise Invalid(f"有 {len(errors)} 处需要改正", errors=errors)
    return clean


def _fields(clean: Mapping[str, Any]) -> dict[str, Any]:
    fields = {k: v for k, v in clean.items() if k != "secrecy"}
    if clean.get("secrecy"):
        fields["secrecy_level"] = SECRECY_LEVELS.index(clean["secrecy"])
    return fields


def _belongs(ledger: Ledger, row: Any, clean: Mapping[str, Any]) -> None:
    """Whose the row is, where a field says so."""
    for attribute, name in (("owner_id", ledger.declaration.owner), ("department_id", ledger.declaration.department)):
        if name and name in clean:
            setattr(row, attribute, clean[name])


def _check_unique(ledger: Ledger, clean: Mapping[str, Any], row_id: int | None) -> None:
    model = ledger.model
    sets = [(c.name,) for c in ledger.declaration.columns if c.unique and not c.numbered] + list(ledger.declaration.unique)
    errors: dict[str, list[str]] = {}
    for names in sets:
        if any(clean.get(n) is None for n in names):
            continue
        where = [getattr(model, n) == clean[n] for n in names]
        if row_id is not None:
            where.append(model.id != row_id)
        if model.select(model.id).where(*where).exists():
            labels = "、".join(c.label for c in ledger.declaration.columns if c.name in names)
            shown = "、".join(str(values.plain(clean[n])) for n in names)
            errors[names[0]] = [f"{labels}“{shown}”已经登记过"]
    if errors:
        raise Invalid(f"有 {len(errors)} 处需要改正", errors=errors)


class _uniqueness:
    """Two at once with the same unique value: the database lets one through, the other is told."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: Any, _trace: Any) -> None:
        if isinstance(error, db.IntegrityError):
            raise Conflict(f"刚刚有人登记了同样的{self.ledger.noun}，请刷新后核对", code="duplicate") from error


def _number(ledger: Ledger, row: Any, by: Any) -> None:
    number = ledger.declaration.number
    assert number is not None
    n = numbering.take(_series(ledger, row.created_at), ledger.kind, row.id, by=by)
    setattr(row, number.field, number.format.format(n=n, **query.defaults(row.created_at)))
    field = ledger.model._meta.fields[number.field]
    row.save(only=[field])


def _series(ledger: Ledger, created: Any) -> str:
    number = ledger.declaration.number
    year = f":{query.defaults(created)['year']}" if number is not None and number.each == "year" else ""
    return f"{ledger.kind}{year}"


def _after(ledger: Ledger, row: Any, before: Mapping[str, Any] | None, by: Any, what: str) -> None:
    if ledger.searched:
        words.put(ledger.model._meta.table_name, row.id, ledger.words(row))
    ledger.after_save(row, before, by)
    audit.record(f"{ledger.kind}.{what}", ledger.kind, row.id, title=ledger.title_of(row), before=before,
                 after=_snapshot(ledger, row), by=by)


def _snapshot(ledger: Ledger, row: Any) -> dict[str, Any]:
    only = [c.name for c in ledger.declaration.columns]
    only += ["archived", "archived_reason"]
    if ledger.declaration.secrecy:
        only.append("secrecy_level")
    return {k: values.plain(v) for k, v in db.snapshot(row, only=only).items()}


def _current(ledger: Ledger, row: Any) -> dict[str, Any]:
    return {c.name: ledger.value(row, c) for c in ledger.declaration.columns}


def _touch(row: Any, by: Any) -> None:
    row.version += 1
    row.updated_at, row.updated_by_id = clock.now(), _id(by)


def _stale(ledger: Ledger, row: Any, version: int, by: Any) -> Conflict:
    """Says who changed what meanwhile, as far as this person may see it."""
    changes = history.since(ledger, row, version, by)
    who = "、".join(dict.fromkeys(c["by"] for c in changes if c["by"])) or "别人"
    return Conflict(
        f"{who}在您打开之后修改了这条{ledger.noun}，您的修改没有保存。请核对后再提交", code="stale",
        version=row.version, changes=changes,
    )


def _reason(reason: str) -> str:
    reason = " ".join((reason or "").split())
    if not reason:
        raise Invalid("请填写原因", errors={"reason": ["请填写原因"]})
    return reason[:500]


def _writable(ledger: Ledger) -> None:
    if not ledger.writable:
        raise Forbidden(f"{ledger.title}只能查看，不能在这里修改", code="read_only")


def _id(by: Any) -> int | None:
    return None if by is None else int(by.id)


def column_titles(columns: Iterable[Column]) -> dict[str, str]:
    """Field → heading."""
    return {c.name: c.label for c in columns} | {"secrecy": "密级"}


__all__ = ["MOST", "archive", "column_titles", "create", "found", "remove", "restore", "update"]
