"""Reading a package whose files are inside its XML: piece by piece, within bounds, never by a path it names.

:func:`scan` gives the decoded content as it passes; when it has ended the description is read and every file was measured
against what the description says of it. The signature is over bytes, so that no form of canonical XML is needed.
"""

from __future__ import annotations

import binascii
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from xml.parsers import expat

from oa_kernel.crypto import SM3, CryptoError, sm3_hex
from oa_kernel.crypto import verify as sm2_verify

from . import eep, signed_by
from .embedded import ALGORITHM, CLOSE, OPEN
from .paths import safe

#: bytes of all that is not Base64, number of elements, files
_LARGEST_FRAME = 16 * 1024 * 1024
_MOST_ELEMENTS = 200_000
_MOST_FILES = 10_000
_PIECE = 1024 * 1024
_DATA, _SIGNED = "编码数据", "被签名对象"
_ROOT = ["封装包格式描述", "版本", _SIGNED, "电子签名块"]


class Wrong(Exception):
    """What is wrong, in words; the rest of the package was not read."""


@dataclass
class Content:
    """A file's Base64 as it passes."""

    path: str
    size: int
    sm3: str
    seen: int = 0
    left: bytes = b""
    ended: bool = False

    def __post_init__(self) -> None:
        self.digest = SM3()

    def decode(self, text: str) -> bytes:
        """The bytes of some more characters; refuses more than the description says there is."""
        data = self.left + "".join(text.split()).encode("utf-8", "replace")
        whole = len(data) - len(data) % 4
        self.left = data[whole:]
        if not whole:
            return b""
        try:
            if self.ended:
                raise ValueError("填充之后还有数据")
            found = binascii.a2b_base64(data[:whole], strict_mode=True)
        except ValueError as error:
            raise Wrong(f"{self.path} 的编码数据不是 Base64：{error}") from error
        self.ended = data[whole - 1 : whole] == b"="
        self.seen += len(found)
        if self.seen > self.size:
            raise Wrong(f"{self.path} 的编码数据超过清单所记的 {self.size} 字节")
        self.digest.update(found)
        return found

    def finish(self) -> None:
        """Compares with the description."""
        if self.left:
            raise Wrong(f"{self.path} 的编码数据不完整")
        if self.seen != self.size:
            raise Wrong(f"{self.path} 的字节数与清单不符：清单 {self.size}，实际 {self.seen}")
        if self.digest.hexdigest() != self.sm3:
            raise Wrong(f"{self.path} 的摘要与清单不符：内容被改动过")


class Reader:
    """What expat tells, kept within bounds: the description as a tree, the files as pieces."""

    def __init__(self) -> None:
        self.root: ET.Element | None = None
        #: decoded and not yet taken: (number of the file, bytes)
        self.pieces: list[tuple[int, bytes]] = []
        self.signed: list[int] = []
        self._stack: list[ET.Element] = []
        self._text: list[str] = []
        self._elements = self._bytes = self._files = 0
        self._content: Content | None = None
        self._paths: set[str] = set()
        self.parser = parser = expat.ParserCreate("utf-8")
        parser.buffer_text, parser.buffer_size = True, 256 * 1024
        parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = self._start, self._end, self._data
        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = parser.ExternalEntityRefHandler = self._declared
        parser.CommentHandler = parser.ProcessingInstructionHandler = self._extra

    def _declared(self, *_: Any) -> None:
        raise Wrong("封装包里有文档类型或实体声明，不读")

    def _extra(self, *_: Any) -> None:
        raise Wrong("封装包里有注释或处理指令，不读")

    def _count(self, size: int) -> None:
        self._bytes += size
        if self._bytes > _LARGEST_FRAME or self._elements > _MOST_ELEMENTS:
            raise Wrong(f"封装包的著录部分过大（超过 {_LARGEST_FRAME // 1024 // 1024} MiB 或 {_MOST_ELEMENTS} 个元素）")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        self._count(len(name) + sum(len(k) + len(v) for k, v in attributes.items()))
        if self._content is not None or len(self._stack) > 40:
            raise Wrong(f"封装包的结构不对：{name} 不应在这里")
        self._settle()
        made = ET.Element(name, attributes)
        if self._stack:
            self._stack[-1].append(made)
        elif self.root is None:
            self.root = made
        if name == _SIGNED:
            self.signed.append(self.parser.CurrentByteIndex)
        if name == _DATA:
            self._content = self._begin()
        self._stack.append(made)

    def _begin(self) -> Content:
        """What the description says of the file whose content comes: it stands before it."""
        parent = self._stack[-1] if self._stack else ET.Element("")
        said = {one.tag: one.text or "" for one in parent.iter()}
        path = said.get("计算机文件名") or said.get("路径", "")
        size = said.get("计算机文件大小") or said.get("字节数", "")
        if not safe(path):
            raise Wrong(f"封装包里有指向包外的路径：{path}")
        if not (size.isascii() and size.isdigit() and len(size) < 16):
            raise Wrong(f"{path} 没有写明字节数")
        if path in self._paths:
            raise Wrong(f"封装包里有同名的文件：{path}")
        self._paths.add(path)
        if len(self._paths) > _MOST_FILES:
            raise Wrong(f"封装包里的文件超过 {_MOST_FILES} 个")
        self.pieces.append((self._files, b""))
        return Content(path, int(size), said.get("SM3", ""))

    def _end(self, name: str) -> None:
        if self._content is not None:
            self._content.finish()
            self._content, self._files = None, self._files + 1
        self._settle()
        self._stack.pop()
        if name == _SIGNED:
            self.signed.append(self.parser.CurrentByteIndex + len(CLOSE))

    def _data(self, text: str) -> None:
        if self._content is not None:
            if found := self._content.decode(text):
                self.pieces.append((self._files, found))
            return
        self._count(len(text))
        self._text.append(text)

    def _settle(self) -> None:
        """Text that has passed belongs to the open element; what stands between elements is layout."""
        text, self._text = "".join(self._text), []
        if not self._stack or not text:
            return
        if len(self._stack[-1]) == 0:
            self._stack[-1].text = (self._stack[-1].text or "") + text
        elif text.strip():
            raise Wrong(f"封装包的结构不对：{self._stack[-1].tag} 里的元素之间有文字")


def scan(path: Path, reader: Reader, digest: SM3 | None = None) -> Iterator[tuple[int, bytes]]:
    """(number of the file, piece) of every file in turn, each beginning with an empty one; then ``reader`` holds the rest.

    :param digest: is given the package's own bytes on the way.
    :raises Wrong: for anything that does not fit.
    """
    fed = 0
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                fed += len(piece)
                if digest is not None:
                    digest.update(piece)
                reader.parser.Parse(piece, False)
                yield from _taken(reader)
                if fed - reader.parser.CurrentByteIndex > _LARGEST_FRAME:
                    raise Wrong("封装包里有过长的标签")
            reader.parser.Parse(b"", True)
            yield from _taken(reader)
    except expat.ExpatError as error:
        raise Wrong(f"封装包损坏：{error}") from error


def _taken(reader: Reader) -> list[tuple[int, bytes]]:
    pieces, reader.pieces = reader.pieces, []
    return pieces


def read(path: Path) -> tuple[eep.Described, dict[str, str]]:
    """The description, and ``{fingerprint, signed_at}``, after every file and the signature were checked.

    :raises Wrong: it is not whole, or not genuine.
    """
    reader = Reader()
    for _ in scan(path, reader):
        pass
    root = _root(reader)
    signature = _signature(path, root, reader.signed)
    return _described(root), signature


def describe(path: Path) -> tuple[eep.Described, str]:
    """The description, and the SM3 of the whole package: for one whose signature was checked when it had the same SM3. One pass.

    :raises Wrong: it is not whole.
    """
    reader, digest = Reader(), SM3()
    for _ in scan(path, reader, digest):
        pass
    return _described(_root(reader)), digest.hexdigest()


def _root(reader: Reader) -> ET.Element:
    root = reader.root
    if root is None or [one.tag for one in root] != _ROOT or len(reader.signed) != 2:
        raise Wrong(f"封装包的结构不对：应依次有 {'、'.join(_ROOT)}")
    return root


def _described(root: ET.Element) -> eep.Described:
    try:
        described = eep.from_tree(root)
    except KeyError as error:
        raise Wrong(f"封装包缺少 {error}") from error
    except (ValueError, TypeError) as error:
        raise Wrong(f"封装包：{error}") from error
    inside = len(list(root.iter(_DATA)))
    if not described.parts or inside != len(described.listed):
        raise Wrong(f"清单里有 {len(described.listed)} 个文件，封装包里有 {inside} 个")
    return described


def _signature(path: Path, root: ET.Element, signed: list[int]) -> dict[str, Any]:
    given = {one.tag: one.text or "" for one in root.iterfind("电子签名块/电子签名/*")}
    try:
        public, value = bytes.fromhex(given["公钥"]), bytes.fromhex(given["签名结果"])
        if given["签名算法标识"] != ALGORITHM:
            raise Wrong(f"不认得的签名算法：{given['签名算法标识'][:60]}")
        genuine = sm2_verify(public, _signed_digest(path, *signed), value)
    except KeyError as error:
        raise Wrong(f"电子签名块缺少 {error}") from error
    except (ValueError, CryptoError) as error:
        raise Wrong(f"电子签名块损坏：{error}") from error
    if not genuine:
        raise Wrong("被签名对象与签名不符：著录项、文件清单或文件内容被改动过")
    signed_at = given.get("签名时间", "")
    try:
        owner = signed_by.told(root.findtext("电子签名块/电子签名/证书块/证书") or "", public, signed_at)
    except signed_by.Wrong as error:
        raise Wrong(str(error)) from error
    return {"fingerprint": sm3_hex(public), "signed_at": signed_at, **owner}


def _signed_digest(path: Path, start: int, end: int) -> bytes:
    digest = SM3()
    with path.open("rb") as file:
        file.seek(start)
        if file.read(len(OPEN)) != OPEN:
            raise Wrong("封装包的结构不对：被签名对象不应有属性")
        digest.update(OPEN)
        left = end - start - len(OPEN)
        while left > 0 and (piece := file.read(min(left, _PIECE))):
            digest.update(piece)
            left -= len(piece)
    return digest.digest()


class Stream:
    """A file of the package for whoever reads with ``read(size)``; what is left of it is passed over by the next."""

    def __init__(self, pieces: Iterator[tuple[int, bytes]]) -> None:
        self._pieces, self._left = pieces, b""

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes; nothing at the end."""
        while not self._left or size < 0:
            more = next(self._pieces, None)
            if more is None:
                break
            self._left += more[1]
        size = len(self._left) if size < 0 else size
        found, self._left = self._left[:size], self._left[size:]
        return found


def contents(path: Path) -> Iterator[Stream]:
    """The files in their order, the text for searching last; each is to be read before the next is asked for."""
    for _, pieces in itertools.groupby(scan(path, Reader()), key=lambda piece: piece[0]):
        yield Stream(pieces)


__all__ = ["Reader", "Stream", "Wrong", "contents", "describe", "read", "scan"]
