"""What a file of a record is really like: read once, by its content and not by its name."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, field
from typing import Any

from oa_kernel import files
from oa_kernel.crypto import SM3, CryptoError
from oa_kernel.errors import OAError

#: larger files are hashed, but not opened
OPENED = 64 * 1024 * 1024
#: pages whose text is read
_TEXT_PAGES = 50
_OFFICE = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "pptx": "ppt/presentation.xml"}
#: names in a PDF that let it act
_PDF_ACTS = {"/JavaScript": "脚本", "/JS": "脚本", "/Launch": "启动程序", "/RichMedia": "富媒体"}


@dataclass
class Inspected:
    """A part as it was found."""

    role: str
    name: str
    file: Any
    sm3: str = ""
    size: int = 0
    pages: int = 0
    text: str = ""
    #: why it cannot be opened; empty: it can, or nobody here can tell
    broken: str = ""
    encrypted: bool = False
    #: what could act in it: macros, scripts
    active: list[str] = field(default_factory=list)
    #: whether its content was opened, not only hashed
    opened: bool = False
    #: what the seal in it says, where there is one (see :mod:`.rules`)
    seal: dict[str, Any] | None = None

    @property
    def extension(self) -> str:
        """In lower case, without the dot."""
        return self.name.rpartition(".")[2].lower() if "." in self.name else ""


def inspect(role: str, name: str, file: Any) -> Inspected:
    """Reads a stored file from end to end; ``file`` None is one that the files room does not know any more."""
    found = Inspected(role, name, file)
    if file is None:
        found.broken = "文件的登记已不存在"
        return found
    digest, kept, whole = SM3(), bytearray(), file.size <= OPENED
    try:
        for piece in files.open(file):
            digest.update(piece)
            found.size += len(piece)
            if whole:
                kept += piece
    except (OAError, CryptoError, OSError) as error:
        found.broken = f"读不出来：{error}"
        return found
    found.sm3 = digest.hexdigest()
    if whole:
        _open(found, bytes(kept))
    return found


def _open(found: Inspected, data: bytes) -> None:
    if data[:1024].lstrip()[:5] == b"%PDF-":
        _pdf(found, data)
    elif found.extension in _OFFICE or found.extension in ("ofd", "docm", "xlsm", "zip"):
        _package(found, data)
    elif found.extension in ("txt", "md", "csv", "xml", "json", "eml"):
        found.opened = True
        try:
            found.text = data.decode("utf-8")
        except UnicodeDecodeError:
            try:
                found.text = data.decode("gb18030")
            except UnicodeDecodeError:
                found.broken = "不是 UTF-8 或 GB 18030 编码的文本"
    elif found.extension in ("png", "jpg", "jpeg", "gif", "bmp", "tif", "tiff"):
        found.pages = 1
        found.opened = True
        if not _is_picture(data):
            found.broken = "不是图片"


def _pdf(found: Inspected, data: bytes) -> None:
    import logging

    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.ERROR)
    found.opened = True
    try:
        reader = PdfReader(io.BytesIO(data))
        found.encrypted = bool(reader.is_encrypted)
        if found.encrypted:
            found.broken = "加了密，没有口令打不开"
            return
        found.pages = len(reader.pages)
        found.text = "\n".join(page.extract_text() for page in reader.pages[:_TEXT_PAGES])
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError, IndexError) as error:
        found.broken = f"PDF 打不开：{type(error).__name__}"
        return
    found.active = sorted({word for name, word in _PDF_ACTS.items() if re.search(re.escape(name).encode() + rb"[\s/<(\[]", data)})


def _package(found: Inspected, data: bytes) -> None:
    found.opened = True
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if any(i.flag_bits & 1 for i in archive.infolist()):
                found.encrypted, found.broken = True, "压缩包加了密"
                return
    except (zipfile.BadZipFile, ValueError, OSError):
        found.encrypted = data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        found.broken = "加了密，没有口令打不开" if found.encrypted else "压缩结构损坏，打不开"
        return
    wanted = _OFFICE.get(found.extension)
    if wanted and wanted not in names:
        found.broken = f"缺少 {wanted}，打不开"
    if any(n.lower().endswith("vbaproject.bin") for n in names):
        found.active.append("宏")


def _is_picture(data: bytes) -> bool:
    return data.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*", b"BM"))
