"""A .docx as the text form of a document: automatic numbers written out, tables as pipes, the parts told apart."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from oa_kernel.errors import Invalid

from .checks import chinese
from .split import split_text

#: bytes a Word file may unpack to, and how many times its own size
_LARGEST, _RATIO = 200 * 1024 * 1024, 200
_KINDS = ["决议", "决定", "命令", "公报", "公告", "通告", "意见", "通知", "通报", "报告", "请示", "批复", "议案", "函", "纪要"]
_FORMAT = re.compile(r"%(\d)")


def read(data: bytes) -> dict[str, Any]:
    """Fields of a draft: ``kind title addressees body attachment_titles cc note`` as far as they were found.

    :raises Invalid: on ``file``, where this is no Word document that can be read.
    """
    document, lines = _open(data)
    found = split_text("\n".join(_joined_title(document, lines)))
    title = found["title"]
    kind = next((k for k in sorted(_KINDS, key=len, reverse=True) if title.endswith(k)), "通知")
    out = {k: found[k] for k in ("title", "addressees", "body", "attachment_titles", "cc", "note") if found[k]}
    return {**out, "kind": kind}


def plain(data: bytes) -> str:
    """All of it as lines, the red head and the signature too.

    :raises Invalid: as :func:`read` does.
    """
    return "\n".join(line for line in _open(data)[1] if line)


def _open(data: bytes) -> tuple[Any, list[str]]:
    """The document and its lines."""
    _check(data)
    import docx

    try:
        document = docx.Document(io.BytesIO(data))
        return document, list(_lines(document))
    except (KeyError, ValueError, AttributeError, zipfile.BadZipFile, docx.exceptions.PythonDocxError, SyntaxError) as error:
        raise _refused(f"文件不能读取，可能已损坏（{type(error).__name__}）。请用 Word 打开并另存一次再导入") from error


def _check(data: bytes) -> None:
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise _refused("这是 .doc 旧格式或加了密码的文件：请在 Word 中去掉密码，另存为 .docx 再导入")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            unpacked = sum(i.file_size for i in archive.infolist())
    except zipfile.BadZipFile:
        raise _refused("这不是 .docx 文件，请选择 Word 文档") from None
    if "word/document.xml" not in names:
        raise _refused("压缩包里没有 Word 正文：请选择 .docx 文件")
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise _refused("文件带有宏：请在 Word 中另存为不含宏的 .docx")
    if unpacked > _LARGEST or unpacked > max(10_000_000, len(data) * _RATIO):
        raise _refused("文件展开后过大，不能导入")


def _refused(reason: str) -> Invalid:
    return Invalid(reason, errors={"file": [reason]})


def _lines(document: Any) -> Iterator[str]:
    """Paragraphs and tables in the order of the document."""
    from docx.table import Table
    from docx.text.paragraph import Paragraph

    numbers = _Numbers(document)
    for element in document.element.body.iterchildren():
        if element.tag.endswith("}p"):
            paragraph = Paragraph(element, document)
            text = paragraph.text.strip(" \t\u3000\xa0\n")
            for part in text.split("\n"):
                yield (numbers.of(paragraph) + part) if part else ""
        elif element.tag.endswith("}tbl"):
            yield from _table(Table(element, document))


def _table(table: Any) -> Iterator[str]:
    rows = []
    for row in table.rows:
        cells: list[str] = []
        seen = None
        for cell in row.cells:  # a merged cell comes once for each of its columns
            cells.append("" if cell._tc is seen else " ".join(cell.text.split()).replace("|", "\\|"))
            seen = cell._tc
        rows.append(cells)
    if rows:
        width = max(len(r) for r in rows)
        yield "| " + " | ".join(rows[0] + [""] * (width - len(rows[0]))) + " |"
        yield "|" + "---|" * width
        for cells in rows[1:]:
            yield "| " + " | ".join(cells + [""] * (width - len(cells))) + " |"


def _joined_title(document: Any, lines: list[str]) -> list[str]:
    """The centred lines at the head are one title, whatever stands before them (the red head) left out."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    centred = [
        p.text.strip() for p in document.paragraphs[:25]
        if p.text.strip() and (p.alignment == WD_ALIGN_PARAGRAPH.CENTER
                               or (p.style is not None and p.style.name in ("Title", "标题")))
    ]
    texts = [line for line in lines if line]
    title: list[str] = []
    for at, line in enumerate(texts):
        if line in centred and not line.endswith("文件") and not re.search(r"[〔\[（(]\d{4}[〕\]）)]\s*第?\d+号", line):
            title.append(line)
        elif title:
            return ["".join(title), *texts[at:]]
    return texts


class _Numbers:
    """Automatic numbers of Word's lists, written out as they are shown."""

    def __init__(self, document: Any) -> None:
        self.levels: dict[tuple[str, int], tuple[str, str, int]] = {}
        self.counts: dict[str, list[int]] = {}
        try:
            root = document.part.numbering_part.element
        except (KeyError, NotImplementedError, AttributeError):
            return
        w = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
        abstract = {a.get(f"{w}abstractNumId"): a for a in root.iter(f"{w}abstractNum")}
        for num in root.iter(f"{w}num"):
            ref = num.find(f"{w}abstractNumId")
            source = abstract.get(ref.get(f"{w}val")) if ref is not None else None
            for level in source.iter(f"{w}lvl") if source is not None else ():
                def value(name: str, default: str, level: Any = level) -> str:
                    found = level.find(f"{w}{name}")
                    return default if found is None else str(found.get(f"{w}val"))

                key = (str(num.get(f"{w}numId")), int(level.get(f"{w}ilvl")))
                self.levels[key] = (value("numFmt", "decimal"), value("lvlText", ""), int(value("start", "1")))

    def of(self, paragraph: Any) -> str:
        """The number before a paragraph, or nothing."""
        properties = paragraph._p.pPr
        num = properties.numPr if properties is not None else None
        if num is None and paragraph.style is not None:
            style = paragraph.style.element.pPr
            num = style.numPr if style is not None else None
        if num is None or num.numId is None:
            return ""
        name, level = str(num.numId.val), int(num.ilvl.val) if num.ilvl is not None else 0
        if (name, level) not in self.levels:
            return ""
        counts = self.counts.setdefault(name, [0] * 9)
        kind, text, start = self.levels[(name, level)]
        counts[level] = counts[level] + 1 if counts[level] else start
        counts[level + 1:] = [0] * (8 - level)
        if kind == "bullet":
            return ""

        def shown(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            number = counts[at] or 1
            form = self.levels.get((name, at), (kind, "", 1))[0]
            return chinese(number) if form.startswith(("chinese", "ideograph", "taiwanese", "japanese")) else str(number)

        return _FORMAT.sub(shown, text).replace("(", "（").replace(")", "）")
