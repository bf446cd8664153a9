"""A ledger as a spreadsheet: what ``oa import`` takes in and ``oa export`` gives, row for row."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from oa_kernel import context, identity, permissions
from oa_kernel.contributions import Sheet, SheetColumn
from oa_kernel.errors import Forbidden, OAError

from . import values, writing
from .columns import Column

if TYPE_CHECKING:
    from .ledger import Ledger

_KINDS = {"integer": "integer", "number": "number", "money": "number", "date": "date", "boolean": "boolean"}
_MANY = re.compile(r"[、，,;；\n]")
_BATCH = 500


def sheet_of(ledger: Ledger) -> Sheet:
    """What the sheets room needs to know. Columns are all of the declaration's; who reads or writes is asked then."""
    return Sheet(
        ledger.name, ledger.title, columns_of(ledger, None),
        (lambda rows, report, by: load(ledger, rows, report, by)) if ledger.writable else None,
        lambda: _dump_all(ledger), ledger.right("import"),
    )


def _dump_all(ledger: Ledger) -> Iterator[dict[str, Any]]:
    """Everything for the command line; for a person on the pages what they may export, and of it what they may see."""
    number = context.current().person_id
    person = identity.get(number) if number is not None else None
    if person is not None:
        permissions.require(person, ledger.right("export"))
    rows = ledger.model.select() if person is None else ledger.query(person, "export")
    return dump(ledger, rows.order_by(ledger.model.id), person)


def columns_of(ledger: Ledger, person: Any) -> list[SheetColumn]:
    """Columns of the worksheet as this person may see them."""
    return [_column(c) for c in ledger.columns(person)]


def _column(column: Column) -> SheetColumn:
    notes = [str(column.rule.get("help") or "")]
    if column.kind == "person":
        notes.append("用户名，或不重名的姓名")
    elif column.kind == "department":
        notes.append("下级部门写成“上级/下级”")
    elif column.kind == "list":
        notes.append("多项用顿号隔开")
    elif column.kind == "datetime":
        notes.append("写作 2026-11-24 09:30")
    if column.numbered:
        notes.append("新登记的留空，由系统编号")
    return SheetColumn(
        column.name, column.label, _KINDS.get(column.kind, "text"), column.required and not column.mask,
        tuple(column.choices.values()), "；".join(n for n in notes if n),
        longest=int(column.rule.get("maxlength") or (20_000 if column.kind in ("text", "list") else 500)),
    )


def dump(ledger: Ledger, rows: Iterable[Any], person: Any) -> Iterator[dict[str, Any]]:
    """Rows as the worksheet has them, names looked up by the batch."""
    columns = ledger.columns(person)
    waiting: list[Any] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) >= _BATCH:
            yield from _lines(ledger, waiting, columns, person)
            waiting = []
    yield from _lines(ledger, waiting, columns, person)


def _lines(ledger: Ledger, rows: list[Any], columns: list[Column], person: Any) -> Iterator[dict[str, Any]]:
    names = values.Names(columns, rows)
    for row in rows:
        shown = ledger.shown(row, person, columns)
        yield {c.name: _cell(c, shown[c.name], names) for c in columns}


def _cell(column: Column, value: Any, names: values.Names) -> Any:
    if value is None or column.kind in ("integer", "number", "money", "date", "boolean"):
        return value
    if column.kind == "person":
        found = names.people.get(value)
        return found.username if found is not None else ""
    return values.text(column, value, names)


def load(ledger: Ledger, rows: Iterable[Mapping[str, Any]], report: Any, by: Any) -> None:
    """Takes rows in: known again by the first unique column they are changed, else made. Only open columns are written."""
    if by is not None and not (ledger.writable and permissions.by_right(by, ledger.right("import"))):
        raise Forbidden(f"没有“导入{ledger.title}”的权限", permission=ledger.right("import"))
    waiting: list[Mapping[str, Any]] = []
    taken: dict[Any, int] = {}
    for row in rows:
        waiting.append(row)
        if len(waiting) >= _BATCH:
            _take_in(ledger, waiting, report, by, taken)
            waiting = []
    _take_in(ledger, waiting, report, by, taken)


def _take_in(ledger: Ledger, rows: list[Mapping[str, Any]], report: Any, by: Any, taken: dict[Any, int]) -> None:
    titles = writing.column_titles(ledger.declaration.columns)
    columns = ledger.columns(by)
    masked = {c.name for c in columns if c.mask}
    key = ledger.declaration.key
    known = _known(ledger, key, rows)
    for row in rows:
        number = row["row"]
        identity = row.get(key.name) if key is not None else None
        if identity not in (None, ""):
            if identity in taken:
                report.fault(number, titles[key.name], f"与第 {taken[identity]} 行的{titles[key.name]}相同")  # type: ignore[union-attr]
                continue
            taken[identity] = number
        data, wrong = _data(columns, row, report, titles)  # what is wrong is told, and the rest of the row tried without it
        row_id = known.get(identity)
        try:
            if row_id is not None:
                # an empty cell leaves what is there; so does a mask, which an export showed
                kept = {k: v for k, v in data.items() if v not in (None, "", []) and not (k in masked and "*" in str(v))}
                ledger.update(row_id, kept, by, coerce=False)
            elif key is not None and key.numbered and identity not in (None, ""):
                report.fault(number, titles[key.name], f"没有编号为“{identity}”的{ledger.noun}；新登记的请留空，由系统编号")
            else:
                ledger.create({k: v for k, v in data.items() if v is not None}, by, coerce=False)
        except OAError as error:
            if error.errors or not wrong:
                report.refuse(number, error, titles, told=wrong)


def _known(ledger: Ledger, key: Column | None, rows: list[Mapping[str, Any]]) -> dict[Any, int]:
    """Unique value → id of the rows that are there: one query a batch."""
    wanted = [r[key.name] for r in rows if r.get(key.name) not in (None, "")] if key is not None else []
    if key is None or not wanted:
        return {}
    field = getattr(ledger.model, key.name)
    return dict(ledger.model.select(field, ledger.model.id).where(field.in_(wanted)).tuples())


def _data(
    columns: list[Column], row: Mapping[str, Any], report: Any, titles: Mapping[str, str]
) -> tuple[dict[str, Any], set[str]]:
    """The row as the ledger takes it, and the headings of what it cannot take."""
    data: dict[str, Any] = {}
    wrong: set[str] = set()
    for column in columns:
        if column.numbered:
            continue
        value = row.get(column.name)
        if value not in (None, ""):
            try:
                value = _value(column, value)
            except ValueError as error:
                report.fault(row["row"], titles[column.name], str(error))
                wrong.add(titles[column.name])
                value = None
        data[column.name] = value
    return data, wrong


def _value(column: Column, value: Any) -> Any:
    """A cell as the ledger takes it."""
    if column.choices:
        return next((k for k, words in column.choices.items() if words == str(value)), value)
    if column.kind == "list":
        return [part.strip() for part in _MANY.split(str(value)) if part.strip()]
    if column.kind == "department":
        return _department(str(value))
    if column.kind == "datetime":
        found = values.from_text(column, str(value).replace("/", "-"))
        return found
    if column.kind == "date" and isinstance(value, dt.date):
        return value.isoformat()
    return value


def _department(text: str) -> int:
    paths = values.departments()
    text = "/".join(part.strip() for part in text.replace("／", "/").split("/") if part.strip())
    found = [i for i, path in paths.items() if path == text] or [i for i, path in paths.items() if path.endswith("/" + text)]
    if len(found) == 1:
        return found[0]
    raise ValueError(f"没有部门“{text}”" if not found else f"有 {len(found)} 个部门叫“{text}”：请写成“上级/下级”")


__all__ = ["columns_of", "dump", "load", "sheet_of"]
