"""What an OFD document says: its title, number and the text of its pages, in lines as they stand."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from oa_documents.ofd.package import OFDError, Package, children, local, text_at

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

#: nested blocks of a page that are followed
_DEEP: Final = 32
_CHARACTERS: Final = 200_000


@dataclass(frozen=True, slots=True)
class Content:
    """``custom``: the document's own metadata (CustomData), such as 文号. ``text``: up to 200,000 characters."""

    title: str
    author: str
    date: str
    pages: int
    text: str
    custom: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Piece:
    text: str
    x: float
    y: float
    size: float
    end: float


def read_ofd(data: bytes, pages: int = 200) -> Content:
    """Reads a package. Raises OFDError that says what is wrong with it.

    :param pages: how many pages' text is read; a document with ten times as many is refused.
    """
    package = Package(data)
    entry = package.find("OFD.xml") or ""
    root = package.xml(entry)
    if local(root) != "OFD":
        raise OFDError("这不是 OFD 文件：OFD.xml 的根节点不是 OFD。")
    bodies = list(children(root, "DocBody"))
    if not bodies:
        raise OFDError("OFD 里没有文档（OFD.xml 缺少 DocBody）。")
    about = next(children(bodies[0], "DocInfo"), None)
    found: list[tuple[str, list[str]]] = []
    for body in bodies[:20]:
        document = package.resolve(entry, text_at(body, "DocRoot"))
        if document is None:
            raise OFDError("OFD 已损坏：OFD.xml 所指的文档（DocRoot）不在文件里。")
        found += _page_files(package, document)
    if len(found) > pages * 10:
        raise OFDError(f"OFD 有 {len(found)} 页，超过上限 {pages * 10} 页，不予打开。")
    lines: list[str] = []
    length = 0
    for page, templates in found[:pages]:
        for line in _lines([p for file in (*templates, page) for p in _pieces(package.xml(file))]):
            lines.append(line)
            length += len(line) + 1
        if length > _CHARACTERS:
            break
    custom = {(c.get("Name") or "").strip(): (c.text or "").strip() for c in children(about, "CustomDatas", "CustomData")}
    return Content(
        title=text_at(about, "Title"), author=text_at(about, "Author"), date=text_at(about, "CreationDate")[:10],
        pages=len(found), text="\n".join(lines)[:_CHARACTERS], custom={k: v for k, v in custom.items() if k and v},
    )


def _page_files(package: Package, document: str) -> list[tuple[str, list[str]]]:
    """(Content.xml, those of its templates) of every page. A page whose file is missing is damage, and said."""
    root = package.xml(document)
    templates = {
        (t.get("ID") or "").strip(): package.resolve(document, t.get("BaseLoc"))
        for t in children(root, "CommonData", "TemplatePage")
    }
    out = []
    for n, page in enumerate(children(root, "Pages", "Page"), 1):
        file = package.resolve(document, page.get("BaseLoc"))
        if file is None:
            raise OFDError(f"OFD 已损坏：第 {n} 页的内容（{(page.get('BaseLoc') or '')[:120]}）不在文件里。")
        used = []
        if templates:
            used = [t for r in children(package.xml(file), "Template") if (t := templates.get((r.get("TemplateID") or "").strip()))]
        out.append((file, used))
    return out


def _pieces(page: Element) -> Iterator[_Piece]:
    """Pieces of text with their places in mm (11.2, 11.3)."""
    waiting = [(layer, 0) for layer in children(page, "Content", "Layer")][::-1]
    while waiting:
        element, depth = waiting.pop()
        if local(element) == "TextObject":
            yield from _codes(element)
        elif depth < _DEEP:
            waiting += [(child, depth + 1) for child in list(element)[::-1] if local(child) in ("PageBlock", "TextObject")]


def _codes(element: Element) -> Iterator[_Piece]:
    left, top, *_ = (*_floats(element.get("Boundary")), 0.0, 0.0)
    a, b, c, d, e, f = matrix if len(matrix := _floats(element.get("CTM"))) == 6 else [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]
    size = (_floats(element.get("Size")) or [3.0])[0]
    x = y = 0.0
    for code in children(element, "TextCode"):
        text = " ".join((code.text or "").split())
        # without X or Y, those of the code before hold (table 46)
        x, y = (_floats(code.get("X")) or [x])[0], (_floats(code.get("Y")) or [y])[0]
        along = sum(_deltas(code.get("DeltaX"), len(text))) + size * (1 if text[-1:] > "\u2e7f" else 0.5)
        if text:
            start = left + a * x + c * y + e
            yield _Piece(text, start, top + b * x + d * y + f, size * math.sqrt(abs(a * d - b * c) or 1.0),
                         start + along * (math.hypot(a, b) or 1.0))


def _lines(pieces: list[_Piece]) -> Iterator[str]:
    """What stands on one base line is one line, from left to right; a wide gap shows as a blank."""
    rows: list[list[_Piece]] = []
    for piece in sorted(pieces, key=lambda p: (p.y, p.x)):
        if rows and abs(piece.y - rows[-1][0].y) <= 0.4 * max(1.0, min(piece.size, rows[-1][0].size)):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    for row in rows:
        row.sort(key=lambda p: p.x)
        line = row[0].text
        for before, piece in zip(row, row[1:], strict=False):
            line += (" " if piece.x - before.end > 0.6 * max(1.0, piece.size) else "") + piece.text
        yield line


def _deltas(value: str | None, longest: int) -> list[float]:
    """DeltaX, with ``g n d`` for n times d (11.3)."""
    words, at = (value or "").split(), 0
    out: list[float] = []
    while at < len(words) and len(out) < longest:
        if words[at] == "g":
            many, step = _floats(" ".join(words[at + 1:at + 2])), _floats(" ".join(words[at + 2:at + 3]))
            if many and step:
                out += [step[0]] * max(0, min(int(many[0]), longest - len(out)))
            at += 3
        else:
            out += _floats(words[at])
            at += 1
    return out


def _floats(value: str | None) -> list[float]:
    """Numbers in a list; none of them if one is no number that a page can have."""
    try:
        found = [float(word) for word in (value or "").split()]
    except ValueError:
        return []
    return found if all(abs(n) < 1e6 for n in found) else []
