"""Opening an OFD package that somebody sent (GB/T 33190-2016, clause 6): a ZIP of XML, with limits on all of it.

Nothing is unpacked to disk. A path that leads out of the package, an encrypted entry, a name that occurs twice, XML with
a document type or entities, and whatever is larger than the limits, is refused with a message that names it.
"""

from __future__ import annotations

import io
import posixpath
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from oa_kernel.errors import Invalid

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

#: entries of a package; bytes of one, of one that is XML, and of all together, unpacked
ENTRIES, PART, XML, TOTAL = 5_000, 64 << 20, 16 << 20, 256 << 20
#: elements of one XML file
ELEMENTS: Final = 400_000
_OUTSIDE = re.compile(r"^/|^[A-Za-z]:|(^|/)\.\.(/|$)")


class OFDError(Invalid):
    """A file is no OFD package, is damaged, or is more than may be opened (422)."""

    code, title = "ofd", "OFD 文件有误"


class Package:
    """A package's files by name; read one by one, on demand."""

    def __init__(self, data: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            infos = self._zip.infolist()
        except (zipfile.BadZipFile, struct.error, ValueError, OSError, NotImplementedError) as exc:
            raise OFDError("这不是 OFD 文件，或文件不完整（压缩结构读不出来）。请索取完整的原件。") from exc
        self._data = data
        if len(infos) > ENTRIES:
            raise OFDError(f"OFD 里有 {len(infos)} 个文件，超过上限 {ENTRIES} 个，不予打开。")
        if (total := sum(info.file_size for info in infos)) > TOTAL:
            raise OFDError(f"OFD 解压后有 {total >> 20} MB，超过上限 {TOTAL >> 20} MB（可能是压缩炸弹），不予打开。")
        self._infos: dict[str, zipfile.ZipInfo] = {}
        for info in infos:
            name = info.filename.replace("\\", "/")
            if _OUTSIDE.search(name):
                raise OFDError(f"OFD 里的路径“{name[:120]}”指到文件之外，不予打开。")
            if info.is_dir():
                continue
            if name in self._infos:
                raise OFDError(f"OFD 里有两个同名的文件“{name[:120]}”，无法确认哪一个有效，不予打开。")
            if info.flag_bits & 1:
                raise OFDError(f"OFD 里的“{name[:120]}”加了密码，打不开。请索取没有密码的文件。")
            self._infos[name] = info
        self._folded = {name.casefold(): name for name in self._infos}
        if self.find("OFD.xml") is None:
            raise OFDError("这不是 OFD 文件：缺少 OFD.xml。")

    @property
    def names(self) -> list[str]:
        """Every file's name, in the order of the package."""
        return list(self._infos)

    def find(self, name: str) -> str | None:
        """The name as it is written in the package, whatever its case; None if there is no such file."""
        return name if name in self._infos else self._folded.get(name.casefold())

    def read(self, name: str, limit: int = PART) -> bytes:
        """A file's bytes. Raises OFDError when it is missing, damaged or too large."""
        info = self._infos.get(name)
        if info is None:
            raise OFDError(f"OFD 里缺少文件“{name[:120]}”。")
        if info.file_size > limit:
            raise OFDError(f"OFD 里的“{name}”解压后有 {info.file_size >> 20} MB，超过上限 {limit >> 20} MB，不予打开。")
        try:
            with self._zip.open(info) as stream:
                # the size that the directory claims is not believed
                data = stream.read(info.file_size + 1)
        except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, NotImplementedError) as exc:
            raise OFDError(f"OFD 里的“{name}”已损坏，读不出来。") from exc
        if len(data) != info.file_size:
            raise OFDError(f"OFD 里的“{name}”已损坏：长度与目录所记的不同。")
        return data

    def xml(self, name: str) -> Element:
        """A file's root element. Document types and entities are refused, as are more elements than a page can need."""
        from xml.etree.ElementTree import ParseError

        from defusedxml import DefusedXmlException
        from defusedxml.ElementTree import fromstring

        data = self.read(name, XML)
        if data.count(b"<") > 2 * ELEMENTS:
            raise OFDError(f"OFD 里的“{name}”有太多图元，超过上限 {ELEMENTS} 个，不予打开。")
        try:
            return fromstring(data, forbid_dtd=True)  # type: ignore[no-any-return]
        except DefusedXmlException as exc:
            raise OFDError(f"OFD 里的“{name}”含有文档类型或实体声明（可能是实体膨胀攻击），不予打开。") from exc
        except (ParseError, ValueError, LookupError, UnicodeError) as exc:
            raise OFDError(f"OFD 里的“{name}”不是有效的 XML，已损坏或被改动。") from exc

    def resolve(self, base: str, location: str | None) -> str | None:
        """The file that ``location`` (ST_Loc), written in the file ``base``, leads to; None if there is none.

        :raises OFDError: the path leads out of the package.
        """
        place = (location or "").strip().replace("\\", "/")
        if not place:
            return None
        joined = place.lstrip("/") if place.startswith("/") else posixpath.join(posixpath.dirname(base), place)
        path = posixpath.normpath(joined)
        if _OUTSIDE.search(path):
            raise OFDError(f"OFD 里“{base}”所引的路径“{place[:120]}”指到文件之外，不予打开。")
        # some write paths from the root without a slash
        return self.find(path) or self.find(posixpath.normpath(place))

    def strays(self) -> bool:
        """Are there bytes in the ZIP that belong to no file? Another program could take them for one."""
        end = 0
        for info in sorted(self._zip.infolist(), key=lambda one: one.header_offset):
            if info.header_offset != end:
                return True
            name, extra = struct.unpack_from("<HH", self._data, end + 26)
            end += 30 + name + extra + info.compress_size
            if info.flag_bits & 8:
                end += 16 if self._data[end:end + 4] == b"PK\x07\x08" else 12
        return end != self._zip.start_dir or self._data[-22:-18] != b"PK\x05\x06"


def local(element: Element) -> str:
    """An element's name without its namespace: files in use have several, or none."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def children(element: Element | None, *path: str) -> Iterator[Element]:
    """Descendants along a path of local names."""
    found = [element] if element is not None else []
    for name in path:
        found = [child for one in found for child in one if local(child) == name]
    yield from found


def text_at(element: Element | None, *path: str) -> str:
    """Text of the first descendant along a path, without blanks around; empty if there is none."""
    one = next(children(element, *path), None)
    return (one.text or "").strip() if one is not None else ""
