"""What is no ordinary workbook is refused before it is read: packed bombs, endless rows of cells, macros, links outward.

A workbook is a zip of XML. Everything is looked at as a stream, so that none of it has to fit into memory.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile, ZipFile, ZipInfo

from oa_kernel.errors import Invalid

#: bytes of all parts unpacked, and of those that are not worksheets (texts, styles: read whole into memory)
MAX_UNPACKED, MAX_BESIDE = 256 * 2**20, 64 * 2**20
#: parts in the zip; unpacked to packed bytes of a part over 1 MiB (an honest worksheet has 10 to 60)
MAX_PARTS, MAX_RATIO = 2_000, 250
#: cells in one row: what Excel itself can hold
MAX_CELLS = 16_384
_LARGE = 2**20
_PIECE = 256 * 2**10
_OLE = b"\xd0\xcf\x11\xe0"
#: part of a name in the zip → what it is called
_FORBIDDEN = (
    ("externallinks/", "引用了别的工作簿（外部链接）：请在 Excel 或 WPS 里断开链接后另存"),
    ("connections.xml", "带有外部数据连接：请删去连接后另存"),
    ("vbaproject", "带有宏：请另存为不含宏的 .xlsx"),
    ("macrosheets/", "带有宏：请另存为不含宏的 .xlsx"),
    ("embeddings/", "嵌有别的文件：请删去后另存"),
)


def check(source: str | Path | BinaryIO) -> dict[str, int]:
    """Looks a workbook through: worksheet's name in the zip → the last row that holds anything.

    :raises Invalid: with what is wrong and what to do about it.
    """
    _refuse_old(source)
    try:
        with ZipFile(source) as packed:
            infos = packed.infolist()
            _check_parts(infos)
            return {
                info.filename: _last_row(packed, info)
                for info in infos if info.filename.lower().startswith("xl/worksheets/") and info.filename.endswith(".xml")
            }
    except FileNotFoundError:
        raise Invalid(f"没有文件 {source}") from None
    except (BadZipFile, NotImplementedError, OSError, RuntimeError, EOFError) as error:
        raise Invalid("这不是 .xlsx 工作簿，或文件已损坏：请用 Excel 或 WPS 另存为 .xlsx 后再试") from error
    finally:
        if not isinstance(source, str | Path):
            source.seek(0)


def _refuse_old(source: Any) -> None:
    if isinstance(source, str | Path):
        path = Path(source)
        if not path.is_file():
            raise Invalid(f"没有文件 {source}")
        with path.open("rb") as stream:
            start = stream.read(4)
    else:
        source.seek(0)
        start = source.read(4)
        source.seek(0)
    if start == _OLE:
        raise Invalid("这个文件有密码，或是旧的 .xls 格式：请去掉密码、另存为 .xlsx 后再试")


def _check_parts(infos: list[ZipInfo]) -> None:
    if len(infos) > MAX_PARTS:
        raise Invalid(f"工作簿由 {len(infos)} 个部分组成，最多 {MAX_PARTS} 个：请把要导入的工作表复制到新的工作簿")
    unpacked = beside = 0
    for info in infos:
        name = info.filename.lower()
        for part, why in _FORBIDDEN:
            if part in name:
                raise Invalid(f"工作簿{why}")
        if info.file_size > _LARGE and info.file_size > MAX_RATIO * max(1, info.compress_size):
            raise Invalid("工作簿的压缩比异常，没有打开它：请把要导入的内容复制到新的工作簿")
        unpacked += info.file_size
        if not name.startswith("xl/worksheets/"):
            beside += info.file_size
    if unpacked > MAX_UNPACKED or beside > MAX_BESIDE:
        raise Invalid(f"工作簿展开后过大（{unpacked // 2**20} MB）：请删去图片和不用的工作表，或分成几个文件")


class _Rows:
    """Counts cells while the XML goes by."""

    def __init__(self) -> None:
        self.last = self.row = self.cells = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if name == "c":
            self.cells += 1
            if self.cells > MAX_CELLS:
                raise Invalid(f"第 {self.row} 行超过 {MAX_CELLS} 列：请把要导入的列复制到新的工作簿")
        elif name == "row":
            given = attributes.get("r", "")
            self.row = int(given) if given.isdecimal() and len(given) < 10 else self.row + 1
            self.cells = 0
        elif name in ("v", "is", "f"):
            self.last = max(self.last, self.row)

    @staticmethod
    def doctype(*_what: Any) -> None:
        raise Invalid("工作簿里有不该有的内容（DOCTYPE），没有打开它")


def _last_row(packed: ZipFile, info: ZipInfo) -> int:
    from xml.parsers import expat

    rows, parser = _Rows(), expat.ParserCreate()
    parser.StartElementHandler = rows.start
    parser.StartDoctypeDeclHandler = rows.doctype
    try:
        with packed.open(info) as stream:
            while piece := stream.read(_PIECE):
                parser.Parse(piece, False)
            parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise Invalid("工作表的内容已损坏：请用 Excel 或 WPS 另存为 .xlsx 后再试") from error
    return rows.last


__all__ = ["MAX_CELLS", "MAX_PARTS", "MAX_RATIO", "MAX_UNPACKED", "check"]
