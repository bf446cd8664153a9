"""Reading what was borrowed: every page carries the reader's name and the time; the file itself only where that was granted."""

from __future__ import annotations

import io
import threading
from functools import lru_cache
from typing import Any

from oa_kernel import audit, clock, db, files
from oa_kernel.errors import Conflict, Forbidden, NotFound

from .. import paper
from ..checks.inspect import OPENED
from ..models import Item, Part
from ..models_use import Borrowing
from . import borrowing, queries, uses

_TEXT = frozenset(("txt", "md", "csv", "xml", "json", "eml"))
_PICTURES = frozenset(("png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff"))
#: pixels across a page on the screen, and at most down it
_WIDE, _HIGH = 1240, 4000
_LONGEST_TEXT = 200_000
#: PDFium is not for several threads at once
_lock = threading.Lock()


def parts(item: Item) -> list[Any]:
    """The record's files, each with ``shown``: whether its pages can be read here."""
    found = queries.parts(item)
    for part in found:
        part.shown = _kind(part) != "" and part.size <= OPENED
    return found


def _kind(part: Any) -> str:
    extension = part.name.rpartition(".")[2].lower()
    if part.mime == "application/pdf" or extension == "pdf":
        return "pdf"
    return "text" if extension in _TEXT else "picture" if extension in _PICTURES else ""


def _part(person: Any, borrowing_id: Any, position: int) -> tuple[Borrowing, Item, Part]:
    row, item = borrowing.current(person, borrowing_id)
    part = next((p for p in parts(item) if p.position == position), None)
    if part is None:
        raise NotFound("没有这个文件")
    return row, item, part


def mark_of(person: Any, row: Borrowing) -> str:
    """The watermark: who reads what is lent, and when."""
    return f"{person.name} {row.department_name} {clock.local(clock.now()):%Y-%m-%d %H:%M} 借阅 {row.id} 号".replace("  ", " ")


def page_count(person: Any, borrowing_id: Any, position: int) -> tuple[Borrowing, Item, Part, int]:
    """The borrowing, record and file, and how many pages it has on the screen.

    :raises NotFound: the term is over. Conflict: this kind of file cannot be shown.
    """
    row, item, part = _part(person, borrowing_id, position)
    if not part.shown:
        raise Conflict("这种格式不能在线阅读；确有需要请在借阅时申请下载", code="not_shown")
    count = 1
    if _kind(part) != "picture":
        with _lock:
            document = _document(part)
            count = len(document)
            document.close()
    return row, item, part, count


def page_image(person: Any, borrowing_id: Any, position: int, page: int) -> bytes:
    """A page as PNG with the watermark in its pixels; the reading is noted as a use. Pages count from 1."""
    from PIL import Image, UnidentifiedImageError

    row, item, part = _part(person, borrowing_id, position)
    if not part.shown:
        raise Conflict("这种格式不能在线阅读；确有需要请在借阅时申请下载", code="not_shown")
    if _kind(part) == "picture":
        if page != 1:
            raise NotFound("没有这一页")
        try:
            picture = Image.open(io.BytesIO(files.read_bytes(files.get(part.file_id))))  # type: ignore[arg-type]
            picture.thumbnail((_WIDE, _HIGH))
            picture = picture.convert("RGB")
        except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
            raise Conflict("这张图片打不开", code="not_shown") from error
    else:
        picture = _rendered(part, page)
    uses.note(item, person, "read", row.purpose)
    return _stamped(picture, mark_of(person, row))


def _document(part: Part) -> Any:
    """The file as an open PDFium document; inside the lock."""
    import pypdfium2

    row = files.get(part.file_id)
    data = files.read_bytes(row)  # type: ignore[arg-type]
    if _kind(part) == "text":
        text = data.decode("utf-8", "replace")[:_LONGEST_TEXT]
        data = paper.pdf("text.typ", {"title": part.name, "lines": text.splitlines()})
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise Conflict("这个 PDF 打不开", code="not_shown") from error


def _rendered(part: Part, page: int) -> Any:
    with _lock:
        document = _document(part)
        try:
            if not 1 <= page <= len(document):
                raise NotFound("没有这一页")
            one = document[page - 1]
            width, height = one.get_size()
            scale = min(_WIDE / max(width, 1), _HIGH / max(height, 1))
            return one.render(scale=scale).to_pil().convert("RGB")
        finally:
            document.close()


def _stamped(picture: Any, text: str) -> bytes:
    """PNG with the words across it, again and again."""
    from PIL import Image, ImageDraw

    size = max(18, picture.width // 50)
    font = _font(size)
    left, top, right, bottom = font.getbbox(text)
    tile = Image.new("RGBA", (int(right - left) + 4 * size, int(bottom - top) + 2 * size))
    ImageDraw.Draw(tile).text((2 * size, size - top), text, font=font, fill=(90, 90, 90, 160))
    tile = tile.rotate(24, expand=True)
    layer = Image.new("RGBA", picture.size)
    step = max(tile.height * 2 // 3, 1)
    for n, y in enumerate(range(-tile.height // 2, picture.height, step)):
        for x in range(-(n % 2) * tile.width // 2, picture.width, tile.width):
            layer.paste(tile, (x, y), tile)
    out = io.BytesIO()
    Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB").save(out, "PNG", compress_level=3)
    return out.getvalue()


@lru_cache(maxsize=4)
def _font(size: int) -> Any:
    import pylopdf_fonts_zh_cn
    from PIL import ImageFont

    return ImageFont.truetype(str(pylopdf_fonts_zh_cn.serif_path()), size)


def download(person: Any, borrowing_id: Any, position: int) -> tuple[bytes, str, str]:
    """The file to take along: bytes, media type, name. A PDF and a text carry the watermark on every page.

    :raises Forbidden: downloading was not granted. NotFound: the term is over.
    """
    row, item, part = _part(person, borrowing_id, position)
    if not row.download:
        raise Forbidden("这次借阅没有批准下载", permission="archives.borrowing.download")
    file = files.get(part.file_id)
    data = files.read_bytes(file)  # type: ignore[arg-type]
    kind, mime, name = _kind(part), part.mime or "application/octet-stream", part.name
    if kind == "text":
        data = paper.pdf("text.typ", {"title": part.name, "lines": data.decode("utf-8", "replace")[:_LONGEST_TEXT].splitlines()})
        name = f"{part.name}.pdf"
    if kind in ("pdf", "text"):
        data, mime = marked(data, mark_of(person, row)), "application/pdf"
    elif kind == "picture":
        data, mime, name = page_image(person, borrowing_id, position, 1), "image/png", f"{part.name}.png"
    with db.transaction():
        uses.note(item, person, "download", row.purpose)
        audit.record("archives.borrowing_downloaded", borrowing.SUBJECT, row.id, title=f"{item.archival_number} {item.title}",
                     by=person, after={"file": part.name, "sm3": part.sm3})
    return data, mime, name


def marked(data: bytes, text: str) -> bytes:
    """The PDF with the words across every page.

    :raises Conflict: it cannot be opened.
    """
    from pypdf import PdfReader, PdfWriter, Transformation
    from pypdf.errors import PyPdfError

    overlays: dict[tuple[int, int], Any] = {}
    try:
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
        for page in writer.pages:
            box = page.mediabox
            size = (min(max(int(box.width), 72), 5000), min(max(int(box.height), 72), 5000))
            if size not in overlays:
                made = paper.pdf("watermark.typ", {"width": size[0], "height": size[1], "text": text})
                overlays[size] = PdfReader(io.BytesIO(made)).pages[0]
            page.merge_transformed_page(overlays[size], Transformation().translate(float(box.left), float(box.bottom)))
        out = io.BytesIO()
        writer.write(out)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError, IndexError) as error:
        raise Conflict("这个 PDF 打不开，不能加水印", code="not_shown") from error
    return out.getvalue()
