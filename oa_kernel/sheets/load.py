"""Importing a workbook: read, check every cell, write all rows in one transaction or none."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from oa_kernel import audit, db
from oa_kernel.contributions import Sheet, SheetColumn
from oa_kernel.errors import Invalid, OAError

from . import safety
from .workbook import find, parts_of

#: rows of one worksheet, and cells looked at in a row
MAX_ROWS = 100_000
_MAX_COLUMNS = 200
_YES, _NO = {"是", "true", "1", "y", "yes", "有", "√"}, {"否", "false", "0", "n", "no", "无", "×"}
_DATE = re.compile(r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$")


@dataclass
class Result:
    """What an import did, or would do."""

    written: int = 0
    #: ``{row, column, message}`` and, where a workbook has several worksheets, ``sheet``
    faults: list[dict[str, Any]] = field(default_factory=list)
    #: what the kinds tell of the rows they wrote, e.g. one-time passwords
    told: list[dict[str, Any]] = field(default_factory=list)
    dry_run: bool = False
    #: rows that were looked at, where nothing was written
    seen: int = 0
    #: cells that could not be read: worksheet, row, heading
    unread: set[tuple[str, int, str]] = field(default_factory=set, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """The shape of ``oa import … --json``."""
        found: dict[str, Any] = {"written": self.written, "errors": self.faults}
        if self.told:
            found["results"] = self.told
        if self.dry_run:
            found["dry_run"] = True
        return found


class _Undo(Exception):
    """Rolls the import back."""


class Report:
    """What a kind's ``load`` answers by: faults of rows, and what is to be told of them."""

    def __init__(self, result: Result, sheet: str = "") -> None:
        self._result, self._sheet = result, sheet

    @property
    def dry_run(self) -> bool:
        """Whether all will be undone: what is slow and cannot fail (a password's hash) may be left out."""
        return self._result.dry_run or bool(self._result.faults)

    def fault(self, row: int, column: str, message: str) -> None:
        """A row is wrong. ``column`` is its heading (empty: the row as a whole). A row may be wrong in several cells; of a
        cell that could not be read, nothing more is said."""
        if (self._sheet, row, column) in self._result.unread:
            return
        entry: dict[str, Any] = {"row": row, "column": column, "message": message}
        if self._sheet:
            entry = {"sheet": self._sheet, **entry}
        self._result.faults.append(entry)

    def unreadable(self, row: int, column: str, message: str) -> None:
        """A cell holds nothing its column can hold. Its row is tried as if it were empty."""
        self.fault(row, column, message)
        self._result.unread.add((self._sheet, row, column))

    def refuse(self, row: int, error: OAError, titles: dict[str, str], *, told: Container[str] = ()) -> None:
        """A service refused the row: its reasons by column, but for those headings of which it was ``told`` already.

        :param titles: field → heading.
        """
        if not error.errors:
            self.fault(row, "", error.message)
        for name, reasons in error.errors.items():
            if (heading := titles.get(name, name)) not in told:
                for reason in reasons:
                    self.fault(row, heading, reason)

    def tell(self, **what: Any) -> None:
        """Something the importer must know of a row that was written."""
        self._result.told.append(what)


def load(
    kind: str, source: str | Path | BinaryIO, *, by: Any = None, dry_run: bool = False,
    progress: Callable[[int, int], Any] | None = None, before: Callable[[], Any] | None = None,
    after: Callable[[Result], Any] | None = None,
) -> Result:
    """Imports a workbook. Any bad row and nothing is written; every fault of every row is told, those above first.

    :param source: path or binary file of an .xlsx.
    :param progress: called with the number of rows done so far, and of all.
    :param before, after: called inside the transaction of the import, before its first row and, if all is well,
        after its last; what they raise undoes it.
    :raises Invalid: when the file is not a workbook, or a worksheet or heading is missing.
    """
    sheet = find(kind)
    result = Result(dry_run=dry_run)
    tables = _read(sheet, source, result)
    counted = _Count(sum(len(rows) for _part, rows in tables), progress)
    ready = [_prepared(part, rows, result, bool(sheet.parts), counted, by) for part, rows in tables]
    try:
        with db.transaction():
            if before is not None:
                before()
            later = [finish for write, rows, report in ready if (finish := write(rows, report, by)) is not None]
            for finish in later:
                finish()
            if result.faults or dry_run:
                raise _Undo
            result.written = counted.total
            audit.record("sheets.imported", "sheets", kind, title=sheet.title, by=by,
                         after={"rows": {part.name: len(rows) for part, rows in tables}})
            if after is not None:
                after(result)
    except _Undo:
        result.told.clear()
        result.seen = sum(len(rows) for _part, rows in tables)
    except OAError:  # the whole is refused; the rows are put right first
        if not result.faults:
            raise
    _in_order(result, sheet)
    return result


def _in_order(result: Result, sheet: Sheet) -> None:
    places: dict[tuple[str, str], tuple[int, int]] = {}
    for at, part in enumerate(parts_of(sheet)):
        name = part.title if sheet.parts else ""
        places[name, ""] = (at, len(part.columns))
        places.update({(name, c.title): (at, number) for number, c in enumerate(part.columns)})

    def place(fault: dict[str, Any]) -> tuple[int, int, int]:
        name = fault.get("sheet", "")
        at, column = places.get((name, fault["column"]), places[name, ""])
        return at, fault["row"], column

    result.faults.sort(key=place)


def _prepared(
    part: Sheet, rows: list[dict[str, Any]], result: Result, several: bool, count: _Count, by: Any
) -> tuple[Callable[..., Any], Any, Report]:
    """The ``load`` of a worksheet, what it is given, and its report."""
    report = Report(result, part.title if several else "")
    if part.load is None:
        raise Invalid(f"{part.title}只能导出，不能导入")
    counted = _Counted(rows, count)
    return part.load, part.prepare(counted, report, by) if part.prepare is not None else counted, report


class _Count:
    """How many rows are done, of all worksheets."""

    def __init__(self, total: int, progress: Callable[[int, int], Any] | None) -> None:
        self.done, self.total, self._progress = 0, total, progress

    def one(self) -> None:
        self.done += 1
        if self._progress:
            self._progress(self.done, self.total)


class _Counted:
    """Rows on their way to a kind, told of one by one. ``rows``: all of them, for what is asked at once."""

    def __init__(self, rows: list[dict[str, Any]], count: _Count) -> None:
        self.rows, self._count = rows, count

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for row in self.rows:
            yield row
            self._count.one()


def _read(sheet: Sheet, source: Any, result: Result) -> list[tuple[Sheet, list[dict[str, Any]]]]:
    with opened(source) as (book, last_rows):
        found = []
        for part in parts_of(sheet):
            page = page_of(book, part, alone=not sheet.parts)
            if page is None:
                continue
            report = Report(result, part.title if sheet.parts else "")
            found.append((part, list(_rows(part, page, last_rows, report))))
        if not found:
            raise Invalid("工作簿里没有要导入的工作表：应为 " + "、".join(p.title for p in parts_of(sheet)))
        result.seen = sum(len(rows) for _part, rows in found)
        return found


@contextmanager
def opened(source: Any) -> Iterator[tuple[Any, dict[str, int]]]:
    """A workbook that was looked through (:mod:`.safety`), read row by row, and the last row of each worksheet.

    :raises Invalid: when it is none, or not an ordinary one.
    """
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    last_rows = safety.check(source)
    try:
        book = load_workbook(source, read_only=True, keep_links=False)
    except (InvalidFileException, KeyError, ValueError, TypeError, AttributeError, SyntaxError, OSError) as error:
        raise Invalid("这不是 .xlsx 工作簿，或文件已损坏：请用 Excel 或 WPS 另存为 .xlsx 后再试") from error
    try:
        yield book, last_rows
    finally:
        book.close()


def page_of(book: Any, part: Sheet, alone: bool) -> Any:
    """The worksheet of a kind: by its title, or the first where the workbook is of one kind only."""
    for page in book.worksheets:
        if page.title == part.title[:31]:
            return page
    return book.worksheets[0] if alone and book.worksheets else None


def lines_of(page: Any, last_rows: dict[str, int]) -> Iterator[tuple[Any, ...]]:
    """The cells of each row down to the last that holds anything."""
    last = last_rows.get(str(getattr(page, "_worksheet_path", "")).lstrip("/"), MAX_ROWS + 2)
    return iter(page.iter_rows(max_row=min(last, MAX_ROWS + 2), max_col=_MAX_COLUMNS) if last else ())


def _rows(sheet: Sheet, page: Any, last_rows: dict[str, int], report: Report) -> Iterator[dict[str, Any]]:
    lines = lines_of(page, last_rows)
    heads = [str(h.value or "").strip().rstrip("*＊").strip() for h in next(lines, ())]
    place = _places(sheet, heads)
    for number, line in enumerate(lines, 2):
        if all(cell.value is None or str(cell.value).strip() == "" for cell in line):
            continue
        if number > MAX_ROWS + 1:
            raise Invalid(f"一次最多导入 {MAX_ROWS} 行：请分成几个文件")
        row: dict[str, Any] = {"row": number}
        for column in sheet.columns:
            at = place.get(column.name)
            cell = line[at] if at is not None and at < len(line) else None
            try:
                row[column.name] = read_cell(column, None if cell is None else _plain(column, cell))
            except ValueError as error:
                row[column.name] = "" if column.kind == "text" else None
                report.unreadable(number, column.title, str(error))
        yield row


def _plain(column: SheetColumn, cell: Any) -> Any:
    """A cell's value. A formula is none: what it would come to is not in the file's keeping."""
    kind = getattr(cell, "data_type", "n")
    if kind == "f":
        raise ValueError(f"“{column.title}”是公式：请复制后“选择性粘贴”为值")
    if kind == "e":
        raise ValueError(f"“{column.title}”是错误值 {cell.value}")
    return cell.value


def _places(sheet: Sheet, heads: list[str]) -> dict[str, int]:
    place = {}
    for column in sheet.columns:
        for title in (column.title, *column.aliases):
            if title in heads:
                place[column.name] = heads.index(title)
                break
        else:
            if column.required:
                raise Invalid(f"工作表“{sheet.title}”第 1 行缺少列“{column.title}”。应有的列："
                              + "、".join(c.title for c in sheet.columns))
    return place


def read_cell(column: SheetColumn, raw: Any) -> Any:
    """A cell's value by its column's kind; ValueError says what is wrong. Empty: None (text: ``""``)."""
    if isinstance(raw, str):
        raw = raw.strip().removeprefix("'")
    if raw is None or raw == "":
        if column.required:
            raise ValueError(f"“{column.title}”必须填写")
        return "" if column.kind == "text" else None
    value = _READ[column.kind](column, raw)
    if column.choices and value not in column.choices:
        raise ValueError(f"“{column.title}”只能是{'、'.join(column.choices)}，不能是：{raw}")
    return value


def _text(column: SheetColumn, raw: Any) -> str:
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    if isinstance(raw, dt.datetime):
        return f"{raw:%Y-%m-%d}"
    text = str(raw)
    if len(text) > column.longest:
        raise ValueError(f"“{column.title}”最多 {column.longest} 个字，现有 {len(text)} 个")
    return text


def _integer(column: SheetColumn, raw: Any) -> int:
    try:
        number = float(str(raw).replace(",", "").replace("，", ""))
        if number != int(number):
            raise ValueError
        return int(number)
    except (ValueError, OverflowError):
        raise ValueError(f"“{column.title}”不是整数：{raw}") from None


def _number(column: SheetColumn, raw: Any) -> Any:
    from decimal import Decimal, InvalidOperation

    try:
        found = Decimal(str(raw).replace(",", "").replace("，", "").lstrip("¥￥"))
    except InvalidOperation:
        raise ValueError(f"“{column.title}”不是数字：{raw}") from None
    if not found.is_finite():
        raise ValueError(f"“{column.title}”不是数字：{raw}")
    return found


def _date(column: SheetColumn, raw: Any) -> dt.date:
    if isinstance(raw, dt.datetime):
        return raw.date()
    if isinstance(raw, dt.date):
        return raw
    found = _DATE.match(str(raw))
    try:
        if not found:
            raise ValueError
        return dt.date(*map(int, found.groups()))
    except ValueError:
        raise ValueError(f"“{column.title}”不是日期：{raw}（写作 2026-11-24）") from None


def _boolean(column: SheetColumn, raw: Any) -> bool:
    text = str(raw).strip().lower()
    if text in _YES or text in _NO:
        return text in _YES
    raise ValueError(f"“{column.title}”只能填 是 或 否，不能是：{raw}")


_READ: dict[str, Callable[[SheetColumn, Any], Any]] = {
    "text": _text, "integer": _integer, "number": _number, "date": _date, "boolean": _boolean,
}

__all__ = ["MAX_ROWS", "Report", "Result", "lines_of", "load", "opened", "page_of", "read_cell"]
