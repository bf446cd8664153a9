"""Writing a year's package: records in batches, each package through a digest to its place, then what belongs to all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from oa_kernel import clock, db
from oa_kernel.crypto import SM3, CryptoError
from oa_kernel.errors import Invalid, NotFound

from .. import __version__, package, settings
from ..models import RETENTIONS, Check, Item, Part
from ..models_keeping import HandedOver, Handover
from ..places import Place, digest_of
from ..yearly import catalogue, folder

#: records whose rows are read at once, and after which the register notes what was written
BATCH = 100
_LISTED = 200
_SCHEMAS = Path(__file__).parents[1] / "data" / "schema"

#: what is told after a batch: records done, bytes, and rows of ``HandedOver`` that are new
Beat = Callable[[int, int, list[dict[str, Any]]], Any]


def write(row: Handover, records: Any, place: Place, beat: Beat, moving: Callable[[], Any]) -> str:
    """Writes what is missing of a year's package; the manifest's SM3.

    :param records: query over Item of those that belong to it.
    :param beat: writes down what each batch did. :param moving: is called with every piece; it raises where somebody else went on.
    """
    done = size = last = 0
    while items := list(records.where(Item.id > last, Item.id <= row.last_item_id).order_by(Item.id).limit(BATCH)):
        more, fresh = _batch(row, items, place, moving)
        done, size, last = done + len(items), size + more, items[-1].id
        beat(done, size, fresh)
    head = {
        "format": folder.FORMAT, "version": folder.VERSION, "fonds": row.fonds, "fonds_name": settings.fonds_name(),
        "year": row.year, "count": done, "bytes": size, "created_at": clock.local(clock.now()).isoformat(timespec="seconds"),
        "software": f"oa-archives {__version__}",
    }
    return _finish(row, head, place, moving)


def _batch(row: Handover, items: list[Item], place: Place, moving: Callable[[], Any]) -> tuple[int, list[dict[str, Any]]]:
    """Four queries for all of them; the bytes of their packages, and rows for those that were written now."""
    ids = [i.id for i in items]
    known = {k.item_id: k for k in HandedOver.select().where(HandedOver.handover == row.id, HandedOver.item_id << ids)}
    parts: dict[int, list[Part]] = {}
    for part in Part.select().where(Part.item << ids).order_by(Part.item, Part.position):
        parts.setdefault(part.item_id, []).append(part)
    results = _last_checks(ids)
    fresh, size = [], 0
    for item in items:
        moving()
        before = known.get(item.id)
        if before is not None and digest_of(place, before.name) == (before.size, before.sm3):
            size += before.size
            continue
        name = folder.package_path(item.retention, item.class_code, item.archival_number + package.suffix_of(row.form))
        with place.writing(name) as file:
            sink = _Digesting(file, moving)
            try:
                package.write(item, parts.get(item.id, []), results.get(item.id, ()), sink, row.form)
            except (NotFound, CryptoError) as error:
                why = getattr(error, "message", "") or error
                raise Invalid(f"{item.archival_number} 打不了包：{why} 恢复之后接着做", code="record_damaged") from error
        fresh.append({"handover": row.id, "item_id": item.id, "name": name, "size": sink.size, "sm3": sink.digest.hexdigest()})
        size += sink.size
    return size, fresh


def _last_checks(ids: list[int]) -> dict[int, list[Check]]:
    """The results of each record's last check."""
    newest = Check.select(Check.item, db.fn.MAX(Check.at).alias("at")).where(Check.item << ids).group_by(Check.item).alias("newest")
    query = Check.select().join(newest, on=(Check.item == newest.c.item_id) & (Check.at == newest.c.at)).order_by(Check.id)
    found: dict[int, list[Check]] = {}
    for one in query:
        found.setdefault(one.item_id, []).append(one)
    return found


def _finish(row: Handover, head: dict[str, Any], place: Place, moving: Callable[[], Any]) -> str:
    """Catalogue, schemas, what to read first; the manifest over all of it, and its signature last."""
    others = []
    writers: list[tuple[str, Callable[[Any], Any]]] = [
        (folder.README, lambda out: out.write(_readme(head).encode("utf-8-sig"))),
        (folder.CATALOGUE_CSV, lambda out: catalogue.write_csv(_rows(row), out)),
        (folder.CATALOGUE_XML, lambda out: catalogue.write_xml(_rows(row), head, out)),
        *((f"{folder.SCHEMAS}/{path.name}", lambda out, path=path: out.write(path.read_bytes()))
          for path in sorted(_SCHEMAS.glob("*.xsd"))),
    ]
    for name, fill in writers:
        with place.writing(name) as file:
            sink = _Digesting(file, moving)
            fill(sink)
        others.append({"path": name, "size": sink.size, "sm3": sink.digest.hexdigest()})
    with place.writing(folder.MANIFEST) as file:
        sink = _Digesting(file, moving)
        sink.write(folder.line(head))
        for other in others:
            sink.write(folder.line(other))
        for one in _rows(row):
            sink.write(folder.line({"path": one["包"], "size": one["字节数"], "sm3": one["SM3"], "archival_number": one["档号"]}))
    sm3 = sink.digest.hexdigest()
    said = folder.statement(sm3, sink.size, head)
    with place.writing(folder.SIGNATURE) as file:
        file.write(json.dumps({"statement": said, **package.sign(said.encode())}, ensure_ascii=False, indent=1).encode())
    return sm3


def _rows(row: Handover) -> Iterator[dict[str, Any]]:
    """The catalogue's rows in the order of 档号: sorted once, read a batch at a time."""
    ids = [i for (i,) in Item.select(Item.id).join(HandedOver, on=(HandedOver.item_id == Item.id)).where(
        HandedOver.handover == row.id).order_by(Item.retention, Item.class_code, Item.seq, Item.id).tuples()]
    query = Item.select(*(getattr(Item, n) for n in _SHOWN), HandedOver.name, HandedOver.size.alias("bytes"), HandedOver.sm3).join(
        HandedOver, on=(HandedOver.item_id == Item.id)).where(HandedOver.handover == row.id)
    for first in range(0, len(ids), _LISTED):
        wanted = ids[first : first + _LISTED]
        found = {item.id: item for item in query.where(Item.id << wanted).objects()}
        for n, item in enumerate((found[i] for i in wanted), first + 1):
            yield {
                "序号": n, "档号": item.archival_number, "文号": item.number, "责任者": item.creator, "题名": item.title,
                "日期": f"{item.date:%Y%m%d}" if item.date else "", "密级": item.secrecy, "页数": item.pages, "备注": "",
                "年度": item.year, "保管期限": RETENTIONS[item.retention], "机构或问题": item.class_code, "文种": item.kind,
                "关键词": "；".join(item.keywords), "包": item.name, "字节数": item.bytes, "SM3": item.sm3,
            }


_SHOWN = ("id", "archival_number", "number", "creator", "title", "date", "secrecy", "pages", "year", "retention", "class_code", "kind",
          "keywords", "seq")


def _readme(head: dict[str, Any]) -> str:
    return (
        f"{head['fonds_name']}（全宗 {head['fonds']}）{head['year']} 年度归档电子文件，{head['count']} 件\r\n\r\n"
        f"{folder.CATALOGUE_CSV}、{folder.CATALOGUE_XML}：归档文件目录，一行一件，“包”是它的路径。\r\n"
        "packages：一件一个包。zip 的内有 eep.xml（著录项、文件清单、四性检测结果）、它的签名和各个文件；eep 的是 DA/T 48 封装包，"
        "一个 XML，文件以 Base64 在“编码数据”里，签名在“电子签名块”里。\r\n"
        f"{folder.SCHEMAS}：两种 XML 的结构（XML Schema）。\r\n"
        f"{folder.MANIFEST}：首行是本数据包，其后一行一个文件，有路径、字节数和 SM3；{folder.SIGNATURE} 是对它的 SM2 签名。\r\n\r\n"
        "核验：oa verify 本文件夹。没有本软件时：计算 manifest.jsonl 的 SM3，与 .sig 里 statement 所写的比对，\r\n"
        "用 public_key 核对 signature，再逐个文件计算 SM3 与清单比对。公钥指纹请与立档单位公布的核对。\r\n"
        "导入：oa archives import 本文件夹。\r\n"
    )


class _Digesting:
    """A file that is only written to, and digested on the way; it cannot be rewound, and zipfile knows how to do without."""

    def __init__(self, file: Any, moving: Callable[[], Any]) -> None:
        self._file, self._moving, self.digest, self.size = file, moving, SM3(), 0

    def write(self, data: Any) -> int:
        self._moving()
        self._file.write(data)
        self.digest.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back here."""
