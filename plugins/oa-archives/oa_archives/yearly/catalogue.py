"""归档文件目录 (DA/T 22-2015, 5.5) of a year's package: as CSV and as XML, a line a record."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from ..xmltext import clean

#: columns of the standard's catalogue, then what another system needs to find the package
COLUMNS = ("序号", "档号", "文号", "责任者", "题名", "日期", "密级", "页数", "备注", "年度", "保管期限", "机构或问题", "文种",
           "关键词", "包", "字节数", "SM3")


def write_csv(rows: Iterable[Mapping[str, Any]], out: Any) -> None:
    """UTF-8 with a byte order mark, as spreadsheets expect it; a text that would be taken for a formula gets an apostrophe."""
    out.write("\ufeff".encode())
    out.write(_csv_line(list(COLUMNS)))
    for row in rows:
        out.write(_csv_line([_plain(row[c]) for c in COLUMNS]))


def write_xml(rows: Iterable[Mapping[str, Any]], head: Mapping[str, Any], out: Any) -> None:
    """As ``结构说明/目录.xsd`` says."""
    attributes = "".join(f" {name}={quoteattr(clean(str(value)))}" for name, value in (
        ("全宗号", head["fonds"]), ("全宗名称", head["fonds_name"]), ("年度", head["year"])))
    out.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<归档文件目录{attributes}>\n'.encode())
    for row in rows:
        inside = "".join(f"<{c}>{escape(clean(str(row[c])))}</{c}>" for c in COLUMNS)
        out.write(f"<件>{inside}</件>\n".encode())
    out.write("</归档文件目录>\n".encode())


def _csv_line(values: list[Any]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(values)
    return text.getvalue().encode("utf-8", "replace")


def _plain(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


__all__ = ["COLUMNS", "write_csv", "write_xml"]
