"""The formal version as an OFD package (GB/T 33190-2016), out of the PDF that the typesetter made.

One document (Doc_0), its fonts and pictures as resources, one Content.xml a page. Deterministic: the same PDF and the
same information give the same bytes on the same machine.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from oa_documents.ofd.content import NAMESPACE, content_xml, numbers
from oa_documents.ofd.drawing import Picture, read_pages
from oa_documents.ofd.fonts import Font, fonts_of
from oa_kernel import crypto

_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_ZIP_DATE: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Information:
    """DocInfo (7.4). ``custom``: name → value of CustomData, such as 文号."""

    title: str
    author: str = ""
    subject: str = ""
    date: dt.date | None = None
    creator: str = "OA"
    version: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)


def write(pdf: bytes, information: Information) -> dict[str, bytes]:
    """The package's files by path, without signature, for :func:`.sign.sign` and :func:`pack`.

    The page's ID in the document is ``page number + 1``, counted from 0: the layout of IDs is fixed so that a stamp can
    point at its page.
    """
    pages = read_pages(pdf)
    fonts = fonts_of(pages)
    ids = _Ids(len(pages) + 2)
    colours = ids.take()
    embedded: dict[int, tuple[int, Font]] = {key: (ids.take(), font) for key, font in fonts.items()}
    pictures: dict[bytes, tuple[int, str]] = {}

    def picture(one: Picture) -> int:
        return pictures.setdefault(one.data, (ids.take(), one.extension))[0]

    files: dict[str, bytes] = {}
    for n, page in enumerate(pages):
        files[f"Doc_0/Pages/Page_{n}/Content.xml"] = content_xml(page, embedded, picture, ids.take).encode()
    for own, font in embedded.values():
        files[f"Doc_0/Res/font_{own}.{font.extension}"] = font.data
    for data, (own, extension) in pictures.items():
        files[f"Doc_0/Res/image_{own}.{extension}"] = data
    files["Doc_0/PublicRes.xml"] = _public(colours, embedded).encode()
    if pictures:
        files["Doc_0/DocumentRes.xml"] = _document_resources(pictures).encode()
    size = (pages[0].width, pages[0].height) if pages else (210.0, 297.0)
    files["Doc_0/Document.xml"] = _document(len(pages), size, colours, bool(pictures), ids.highest).encode()
    identity = crypto.sm3_hex(pdf)[:32]
    return {"OFD.xml": _entry(information, identity).encode(), **dict(sorted(files.items()))}


def page_id(index: int) -> int:
    """ID of the page with this index, counted from 0."""
    return index + 1


def pack(files: Mapping[str, bytes]) -> bytes:
    """The files as one ZIP (clause 6): OFD.xml first, no dates, names in ASCII or UTF-8."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            package.writestr(entry, data)
    return out.getvalue()


class _Ids:
    """IDs are unique in the document (ST_ID); the first ones are the pages'."""

    def __init__(self, after: int) -> None:
        self.highest = after

    def take(self) -> int:
        self.highest += 1
        return self.highest


def _entry(information: Information, identity: str) -> str:
    """OFD.xml (7.4)."""
    one = information
    date = f"<ofd:CreationDate>{one.date.isoformat()}</ofd:CreationDate>" if one.date else ""
    custom = "".join(f"<ofd:CustomData Name={quoteattr(k)}>{escape(v)}</ofd:CustomData>" for k, v in one.custom.items() if v)
    return (
        f'{_HEAD}<ofd:OFD xmlns:ofd="{NAMESPACE}" Version="1.0" DocType="OFD"><ofd:DocBody><ofd:DocInfo>'
        f"<ofd:DocID>{identity}</ofd:DocID><ofd:Title>{escape(one.title)}</ofd:Title>{_optional('Author', one.author)}"
        f"{_optional('Subject', one.subject)}{date}<ofd:DocUsage>Normal</ofd:DocUsage>{_optional('Creator', one.creator)}"
        f"{_optional('CreatorVersion', one.version)}"
        + (f"<ofd:CustomDatas>{custom}</ofd:CustomDatas>" if custom else "")
        + "</ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>\n"
    )


def _optional(name: str, value: str) -> str:
    return f"<ofd:{name}>{escape(value)}</ofd:{name}>" if value else ""


def _document(pages: int, size: tuple[float, float], colours: int, pictures: bool, highest: int) -> str:
    """Document.xml (7.5): the page area, where resources and pages are."""
    resources = "<ofd:DocumentRes>DocumentRes.xml</ofd:DocumentRes>" if pictures else ""
    listed = "".join(f'<ofd:Page ID="{page_id(n)}" BaseLoc="Pages/Page_{n}/Content.xml"/>' for n in range(pages))
    return (
        f'{_HEAD}<ofd:Document xmlns:ofd="{NAMESPACE}"><ofd:CommonData><ofd:MaxUnitID>{highest}</ofd:MaxUnitID>'
        f"<ofd:PageArea><ofd:PhysicalBox>{numbers(0, 0, *size)}</ofd:PhysicalBox></ofd:PageArea>"
        f"<ofd:PublicRes>PublicRes.xml</ofd:PublicRes>{resources}<ofd:DefaultCS>{colours}</ofd:DefaultCS></ofd:CommonData>"
        f"<ofd:Pages>{listed}</ofd:Pages></ofd:Document>\n"
    )


def _public(colours: int, fonts: Mapping[int, tuple[int, Font]]) -> str:
    """PublicRes.xml (7.9): the colour space and the fonts."""
    listed = "".join(
        f"<ofd:Font ID=\"{own}\" FontName={quoteattr(font.name)} FamilyName={quoteattr(font.name)}>"
        f"<ofd:FontFile>font_{own}.{font.extension}</ofd:FontFile></ofd:Font>"
        for own, font in fonts.values()
    )
    return (
        f'{_HEAD}<ofd:Res xmlns:ofd="{NAMESPACE}" BaseLoc="Res"><ofd:ColorSpaces><ofd:ColorSpace ID="{colours}" Type="RGB" '
        f'BitsPerComponent="8"/></ofd:ColorSpaces><ofd:Fonts>{listed}</ofd:Fonts></ofd:Res>\n'
    )


def _document_resources(pictures: Mapping[bytes, tuple[int, str]]) -> str:
    """DocumentRes.xml (7.9): the pictures."""
    listed = "".join(
        f'<ofd:MultiMedia ID="{own}" Type="Image" Format="{"JPEG" if extension == "jpg" else extension.upper()}">'
        f"<ofd:MediaFile>image_{own}.{extension}</ofd:MediaFile></ofd:MultiMedia>"
        for own, extension in pictures.values()
    )
    return (
        f'{_HEAD}<ofd:Res xmlns:ofd="{NAMESPACE}" BaseLoc="Res"><ofd:MultiMedias>{listed}</ofd:MultiMedias></ofd:Res>\n'
    )
