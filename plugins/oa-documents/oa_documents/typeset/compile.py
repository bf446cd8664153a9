"""The typesetter at work: one warm compiler a process, the source with its data, what comes out."""

from __future__ import annotations

import atexit
import datetime as dt
import functools
import json
import re
import shutil
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from oa_kernel.errors import Invalid

from ..text import Paragraph, Table, parse_body
from . import fonts as _fonts
from . import tail as _tail
from .document import FORMATS, OfficialDocument, Typeset
from .outlines import depth, outlined
from .titles import break_title, width

_HERE = Path(__file__).parent
_lock = threading.Lock()
_compilers: dict[tuple[str, ...], Any] = {}
#: a run of Latin letters this long may be broken anywhere, or it would leave the type area
_LONG_RUN = re.compile(r"[!-~]{24,}")
#: points of the largest 发文机关标志; smaller where the name is long
_MARK_SIZE, _MARK_WIDTH = 62.0, 150 / 25.4 * 72
#: titles of a list of attachments that may go over the page
_LONG_LIST = 8
#: characters of 发文机关署名 that stand on one line
_SIGNATURE = 26
#: characters of a name that stand over one column of seals, and points that several 标志 may be high together
_COLUMN, _MARKS_HEIGHT = 9, 75 / 25.4 * 72


@functools.cache
def template(name: str) -> str:
    """The text of a template beside this module."""
    return (_HERE / name).read_text(encoding="utf-8")


def source(name: str, data: dict[str, Any]) -> str:
    """A complete typst source out of a template beside this module."""
    return _with_data(template(name), data)


def _with_data(markup: str, data: dict[str, Any]) -> str:
    """Data as one string literal, then the template: no value is read as markup."""
    text = json.dumps(data, ensure_ascii=False).replace("\\", "\\\\").replace('"', '\\"')
    return f'#let d = json(bytes("{text}"))\n{markup}'


def report(markup: str, data: dict[str, Any], fonts: Path | None = None) -> bytes:
    """PDF/A-2b of another plugin's typst template, with the fonts that documents have.

    The template finds its values in ``d``, and the fonts' families in ``d.faces`` (``song``, ``hei``, ``title``).
    """
    folder = fonts if fonts is not None else _settings_folder()
    pdf, _ = compile_pdf(_with_data(markup, {**data, "faces": _fonts.faces(folder)}), folder)
    return pdf


def _settings_folder() -> Path | None:
    from .. import settings

    return settings.fonts_folder()


def compiler(folder: Path | None) -> Any:
    """The warm compiler for a folder of fonts."""
    import typst

    paths = tuple(str(p) for p in _fonts.find_fonts(folder))
    root = str(_scratch_file().parent)
    with _lock:
        if paths not in _compilers:
            _compilers[paths] = typst.Compiler(b"", root=root, font_paths=list(paths), ignore_system_fonts=True)
        return _compilers[paths]


def compile_pdf(text: str, folder: Path | None, *asked: str) -> tuple[bytes, list[Any]]:
    """PDF/A-2b of a source, and the values of each label asked for, in the order of the pages.

    The compiler answers queries about files only, so the source goes through one.
    """
    import typst

    one, file = compiler(folder), _scratch_file()
    with _lock:
        file.write_text(text, encoding="utf-8")
        try:
            pdf = one.compile(input=str(file), format="pdf", pdf_standards=["a-2b"])
            found = [json.loads(one.query(f"<{label}>", field="value", format="json")) for label in asked]
        except typst.TypstError as error:
            raise _failed(error) from error
    return pdf, found


@functools.cache
def _scratch_file() -> Path:
    """A file of this process, gone with it."""
    folder = tempfile.mkdtemp(prefix="oa-typeset-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder) / "page.typ"


def compile_pages(text: str, folder: Path | None, kind: str, ppi: float | None = None) -> list[bytes]:
    """The pages as ``svg`` or ``png``."""
    options: dict[str, Any] = {"ppi": ppi} if ppi else {}
    made = _compile(text, folder, format=kind, **options)
    return list(made) if isinstance(made, list | tuple) else [made]


def _compile(text: str, folder: Path | None, **options: Any) -> Any:
    import typst

    one = compiler(folder)
    with _lock:
        try:
            return one.compile(input=text.encode(), **options)
        except typst.TypstError as error:
            raise _failed(error) from error


def _failed(error: Exception) -> Invalid:
    return Invalid(f"排版失败：{str(error).splitlines()[0][:200]}", code="typesetting_failed")


def values(document: OfficialDocument, folder: Path | None) -> dict[str, Any]:
    """What the template is given."""
    if document.format not in FORMATS:
        raise Invalid(f"没有“{document.format}”这种格式。可用：{'、'.join(FORMATS)}")
    minutes, letter, order = (document.format == f for f in ("minutes", "letter", "order"))
    sign = not minutes and bool(document.signature or document.date)
    attachments = list(document.attachments)
    several = len(attachments) > 1
    cc = _sentence(document.cc)
    return {
        "format": document.format,
        "title": _clean(document.title),
        "made": [document.date.year, document.date.month, document.date.day] if document.date else [],
        "faces": _fonts.faces(folder),
        "mark": _clean(document.mark) or " ",
        "mark_size": min(_MARK_SIZE, _MARK_WIDTH / max(1.0, width(document.mark))),
        "mark_depth": depth(_clean(document.mark), _fonts.roles(folder)["小标宋"].family, folder),
        **_joint(document, folder),
        "number": document.number or " ",
        "marks": _marks(document),
        "signatories": [s for s in re.split(r"[、,，;；\s]+", document.signatory) if s] or [""],
        "title_lines": [] if order else [_soft(line) for line in break_title(_clean(document.title))],
        "addressees": _soft("、".join(document.addressees) + "：") if document.addressees and not minutes else "",
        "blocks": blocks(document.body),
        "attachment_titles": [_soft(t) for t in document.attachment_titles],
        "long_list": len(document.attachment_titles) > _LONG_LIST,
        "sign": sign,
        "signature": _signature(document.signature),
        "signed_by": [_clean(part) for part in document.signed_by or ()],
        "date": chinese_date(document.date),
        "sealed": document.sealed,
        "seal_mm": document.seal_mm,
        "seal_picture": outlined(document.seal_picture, folder),
        "note": _soft(document.note.strip("（）()")),
        "attendance": [[k, _soft("、".join(v))] for k, v in document.attendance.items() if v] if minutes else [],
        "attachments": [
            {"mark": f"附件{n}" if several else "附件", "title_lines": list(break_title(_clean(title))), "blocks": blocks(body)}
            for n, (title, body) in enumerate(attachments, 1)
        ],
        "cc": cc,
        "printer": _soft(document.printer) if not letter else "",
        "print_date": f"{chinese_date(document.print_date)}印发" if document.print_date else "",
        "colophon": bool(cc or (document.printer and not letter)),
        "qr": qr_svg(document.qr) if document.qr else "",
        "qr_text": "扫码核验本文件",
        "draft": "草稿　未经签发不得外传" if document.draft is True else str(document.draft or ""),
    }


def _joint(document: OfficialDocument, folder: Path | None) -> dict[str, Any]:
    """What is different where several organisations issue a document together (联合行文)."""
    marks = [_clean(m) for m in document.joint_marks] if document.format in ("general", "upward") else []
    names = [_clean(n) for n in document.signatures]
    out: dict[str, Any] = {
        "marks_joint": marks, "mark_suffix": document.mark_suffix,
        "signatures": [[n] if not document.sealed or width(n) <= _COLUMN else list(break_title(n, _COLUMN)) for n in names],
        "seal_pictures": [outlined(p, folder) if p else "" for p in document.seal_pictures],
    }
    if len(marks) > 1:
        widest = max(width(m) for m in marks) + 0.4 + width(document.mark_suffix)
        out["mark_size"] = min(_MARK_SIZE, _MARK_WIDTH / widest, _MARKS_HEIGHT / (1.3 * len(marks)))
    return out


def _signature(name: str) -> list[str]:
    """The name's lines: one, unless it is longer than a line."""
    name = _clean(name)
    return [name] if width(name) <= _SIGNATURE else list(break_title(name, width(name) / 2 + 3))


def _marks(document: OfficialDocument) -> list[dict[str, Any]]:
    out = []
    if document.copy_number:
        out.append({"text": document.copy_number.zfill(6), "hei": False})
    if document.secrecy:
        term = f"★{document.secrecy_term}" if document.secrecy_term else ""
        out.append({"text": document.secrecy + term, "hei": True})
    if document.urgency:
        out.append({"text": document.urgency, "hei": True})
    return out


def _sentence(names: Sequence[str]) -> str:
    return _soft("，".join(names).rstrip("。") + "。") if names else ""


def blocks(body: str) -> list[dict[str, Any]]:
    """The body as the template takes it."""
    return [_table(b) if isinstance(b, Table) else _paragraph(b) for b in parse_body(body)]


def _paragraph(block: Paragraph) -> dict[str, Any]:
    return {"kind": "p", "level": block.level, "lead": _soft(block.lead), "rest": _soft(block.rest)}


def _table(block: Table) -> dict[str, Any]:
    columns = len(block.rows[0])
    widest = [max(2.0, *(min(24.0, width(row[i])) for row in block.rows)) for i in range(columns)]
    size = 14.0 if columns <= 5 else 12.0 if columns <= 8 else 10.5 if columns <= 12 else 8.0
    return {"kind": "table", "rows": [[_soft(c) for c in row] for row in block.rows], "header": block.header,
            "align": block.align, "widths": widest, "size": size}


def chinese_date(day: dt.date | None) -> str:
    """``2026年11月24日``: Arabic numerals, no leading zeros [7.3.5.4]."""
    return f"{day.year}年{day.month}月{day.day}日" if day else ""


def _clean(text: str) -> str:
    return " ".join(text.split())


def _soft(text: str) -> str:
    """Lets long runs of Latin characters break."""
    return _LONG_RUN.sub(lambda m: "\u200b".join(m[0]), text)


def qr_svg(address: str) -> str:
    """A QR code (ISO/IEC 18004, error correction M) as SVG."""
    import io

    import segno

    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(out, kind="svg", border=2, xmldecl=False, svgns=True)
    return out.getvalue().decode()


def typeset(document: OfficialDocument, *, fonts: Path | None = None) -> Typeset:
    """The document as PDF/A-2b, with the place of its seal."""
    _, pdf, pages, places = _settled(document, fonts)
    half, size = document.seal_mm / 2, document.seal_mm
    boxes = [(int(p["page"]) - 1, p["x"] - half, p["y"] - half, size, size) for p in places] if document.sealed else []
    return Typeset(pdf, pages, boxes[0] if boxes else None, boxes)


def _settled(document: OfficialDocument, fonts: Path | None) -> tuple[str, bytes, int, Any]:
    """Source, PDF, number of pages and places of the seals, laid out again where the signature was left alone."""
    data = values(document, fonts)
    text = source("page.typ", data)
    pdf, (pages, places, ends) = compile_pdf(text, fonts, "pages", "seal", "text-end")
    end = ends[0] if ends else None
    if data["blocks"] and not data["long_list"] and _tail.lonely(end, places[0] if places else None):
        text = source("page.typ", {**data, "blocks": _tail.moved(data["blocks"], pdf, end)})
        pdf, (pages, places, ends) = compile_pdf(text, fonts, "pages", "seal", "text-end")
    return text, pdf, int(pages[0]), places


def typst_source(document: OfficialDocument, fonts: Path | None = None) -> str:
    """What is compiled at first."""
    return source("page.typ", values(document, fonts))


def page_svgs(document: OfficialDocument, fonts: Path | None = None) -> list[str]:
    """Each page as SVG."""
    return [p.decode() for p in compile_pages(_settled(document, fonts)[0], fonts, "svg")]


def page_pngs(document: OfficialDocument, dpi: float = 144, fonts: Path | None = None) -> list[bytes]:
    """Each page as PNG."""
    return compile_pages(_settled(document, fonts)[0], fonts, "png", dpi)
