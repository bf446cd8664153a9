"""Files of received documents: their text, and the fields that are proposed from it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from oa_kernel import files
from oa_kernel.errors import Invalid

from .. import settings
from ..text import guard, mail, ocr, received

#: bytes of a file whose text is read, and the pages of it
OPENED = 64 * 1024 * 1024
PAGES = 200
_LONGEST = 200_000
_IMAGES = ("png", "jpg", "jpeg", "tif", "tiff", "bmp")
#: a PDF with fewer characters than this on a page is a scan
_SCAN = 10
#: texts of scans by digest: they are shown first and registered a moment later
_recognised: OrderedDict[str, str] = OrderedDict()
_KEPT = 200


def text_of(file: Any) -> str:
    """The text of a stored file; empty where it has none, or nobody here can read it. Scans are read where the extra
    ``ocr`` is installed.

    :raises Invalid: a PDF or Word file that cannot be opened (damaged, encrypted, with macros), naming the file.
    """
    if file.size > OPENED:
        return ""
    extension = file.name.rpartition(".")[2].lower()
    if extension in _IMAGES:
        return _scan(file.sm3, lambda: ocr.of_image(files.read_bytes(file)))
    if extension not in ("pdf", "ofd", "docx", "txt", "eml", "md"):
        return ""
    data = files.read_bytes(file)
    if extension == "pdf":
        return _pdf(data, file.name, file.sm3)
    if extension == "ofd":
        return str(_ofd(data, file.name).text)
    if extension == "docx":
        return _word(data, file.name)
    if extension == "eml":
        found = mail.read(data)
        carried = [_carried(name, content) for name, content in found.attachments]
        return "\n".join(t for t in (found.subject, found.text, *carried) if t)[:_LONGEST]
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)[:_LONGEST]
        except UnicodeDecodeError:
            continue
    return ""


def reads_scans() -> bool:
    """Whether scans are read here: the extra is installed and not switched off."""
    return bool(settings.get("ocr")) and ocr.available()


def _scan(sm3: str, read: Callable[[], str]) -> str:
    if not reads_scans() or not sm3:
        return ""
    if sm3 not in _recognised:
        _recognised[sm3] = read()[:_LONGEST]
        while len(_recognised) > _KEPT:
            _recognised.popitem(last=False)
    return _recognised.get(sm3, "")


def _pdf(data: bytes, name: str, sm3: str) -> str:
    import pypdfium2

    problem = guard.pdf_problem(data)
    if problem:
        raise Invalid(f"{name} 没有打开：{problem}。请向来文单位索取原件", errors={"files": [f"{name}：{problem}"]}, code="bomb")
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        reason = "加了密码" if "assword" in str(error) else "已损坏"
        raise Invalid(f"{name} {reason}，打不开：请索取没有密码的完整文件", errors={"files": [f"{name} {reason}"]}) from error
    try:
        found: list[str] = []
        for n in range(min(len(document), PAGES)):
            page = document[n]
            found.append(page.get_textpage().get_text_range())
            page.close()
            if sum(map(len, found)) > _LONGEST:
                break
        text = "\n".join(found).replace("\r\n", "\n").replace("\ufffe", "")[:_LONGEST]
        if len("".join(text.split())) < _SCAN * max(1, len(found)):
            return _scan(sm3, lambda: ocr.of_pdf(document)) or text
        return text
    finally:
        document.close()


def _ofd(data: bytes, name: str) -> Any:
    from ..ofd import OFDError, read_ofd

    try:
        return read_ofd(data, pages=PAGES)
    except OFDError as error:
        raise Invalid(f"{name}：{error.message}", errors={"files": [f"{name}：{error.message}"]}, code="ofd") from error


def _word(data: bytes, name: str) -> str:
    from ..text import docx

    try:
        return docx.plain(data)[:_LONGEST]
    except Invalid as error:
        raise Invalid(f"{name}：{error.message}", errors={"files": [f"{name}：{error.message}"]}) from error


def _carried(name: str, data: bytes) -> str:
    """The text of what an e-mail carries; scans in it are read once they are files of their own."""
    extension = name.rpartition(".")[2].lower()
    if extension == "pdf":
        return _pdf(data, name, "")
    if extension == "ofd":
        return str(_ofd(data, name).text)
    if extension == "docx":
        return _word(data, name)
    return ""


def enclosed(file: Any) -> list[tuple[str, bytes]]:
    """(name, content) of what an e-mail carries; nothing for any other file."""
    if not file.name.lower().endswith(".eml") or file.size > OPENED:
        return []
    return mail.read(files.read_bytes(file)).attachments


def propose(file: Any) -> dict[str, Any]:
    """Fields of an incoming document as its file says them, with ``text``; what is not found is left out."""
    if file.name.lower().endswith(".ofd") and file.size <= OPENED:
        content = _ofd(files.read_bytes(file), file.name)
        return {**_described(content), **received.propose(content.text), "text": content.text}
    text = text_of(file)
    if file.name.lower().endswith(".eml") and text:
        return {**_mailed(mail.read(files.read_bytes(file))), "text": text}
    return {**received.propose(text), "text": text}


def _mailed(found: mail.Mail) -> dict[str, Any]:
    """The document is what the e-mail carries; what that does not say, the e-mail may."""
    said = received.propose(f"{found.subject}\n{found.text}")
    for name, content in found.attachments:
        document = received.propose(_carried(name, content))
        if "title" in document:
            return {**{k: v for k, v in said.items() if k not in ("sender", "addressees")}, **document}
    return said


def _described(content: Any) -> dict[str, Any]:
    """What an OFD's own metadata say (DocInfo); what stands on its pages goes before them."""
    found = {"number": content.custom.get("文号", ""), "title": content.title, "sender": content.custom.get("发文机关", "")}
    if found["title"]:
        found["kind"] = next((k for k in sorted(received.KINDS, key=len, reverse=True) if found["title"].endswith(k)), "")
    return {name: value for name, value in found.items() if value}


def seal_of(file: Any) -> dict[str, Any] | None:
    """What the seal in a PDF or OFD says; None where there is none."""
    extension = file.name.rpartition(".")[2].lower()
    if extension not in ("pdf", "ofd") or file.size > OPENED:
        return None
    from . import verification

    answer = verification.check(files.read_bytes(file), roots=None)
    return {name: answer[name] for name in ("ok", "summary", "details")} if answer["sealed"] else None
