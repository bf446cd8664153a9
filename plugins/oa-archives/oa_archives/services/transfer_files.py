"""What a transfer hands over: the list (移交清单) as .xlsx and PDF, and one zip with a package of every record."""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Iterator
from typing import Any

from oa_kernel import audit, clock, db, permissions
from oa_kernel.crypto import SM3, sm3_hex
from oa_kernel.errors import Conflict

from .. import package, paper, rights, settings, tables
from ..models import RETENTIONS, Item
from ..models_use import Transfer, TransferEntry
from . import packages, queries, transfer

HEADERS = ("序号", "档号", "题名", "文号", "责任者", "日期", "保管期限", "页数", "检测")
_IN_MEMORY = 8 * 1024 * 1024
_PIECE = 256 * 1024


def _rows(person: Any, row: Transfer) -> Iterator[tuple[Any, ...]]:
    cursor = None
    while True:
        page = transfer.entries(person, row, limit=200, cursor=cursor)
        for e in page.items:
            state = "未检测" if e.checked_at is None else "通过" if e.sound else "不通过"
            yield (e.position, e.archival_number, e.title, e.number, e.creator, e.date.isoformat() if e.date else "",
                   RETENTIONS[e.retention], e.pages, state)
        cursor = page.next
        if cursor is None:
            return


def _facts(row: Transfer) -> list[tuple[str, str]]:
    return [
        ("清单编号", row.number), ("全宗", f"{settings.get('fonds')} {settings.fonds_name()}"),
        ("年度", f"{row.first_year}—{row.last_year}"), ("保管期限", transfer.retentions_of(row)),
        ("数量", f"{row.count} 件，{row.pages} 页，{row.size} 字节"), ("移交单位", settings.fonds_name()), ("接收单位", row.receiver),
        ("回执", f"{row.receipt_number} {row.receipt_on or ''}".strip() or "—"),
    ]


def spreadsheet(person: Any, row: Transfer) -> bytes:
    """移交清单 as .xlsx."""
    permissions.require(person, rights.TRANSFER)
    return tables.workbook([("移交清单", HEADERS, _rows(person, row)), ("说明", ("项目", "内容"), _facts(row))])


def pdf(person: Any, row: Transfer) -> bytes:
    """移交清单 as PDF/A-2b, to be sealed by both sides."""
    permissions.require(person, rights.TRANSFER)
    return paper.pdf("transfer.typ", {
        "title": "档案移交清单", "facts": [list(f) for f in _facts(row)], "headers": list(HEADERS), "giver": settings.fonds_name(),
        "receiver": row.receiver, "rows": [[str(v) for v in r] for r in _rows(person, row)],
    })


def bundle(person: Any, row: Transfer) -> Any:
    """The whole transfer as an open zip file at its beginning, flat in memory: ``记录/档号.zip`` of every record, the list in both
    forms, and ``manifest.json`` (SM3 of each) under an SM2 signature.

    :raises Conflict: the four checks were not all made and passed, or a record is above the own clearance.
    """
    for right in (rights.TRANSFER, rights.EXPORT):
        permissions.require(person, right)
    if row.state not in ("checked", "transferred"):
        raise Conflict("四性检测没有全部通过，还不能打包移交", code="not_checked")
    entries = TransferEntry.select(TransferEntry, Item).join(Item).where(
        TransferEntry.transfer == row.id, permissions.secrecy_condition(person, Item.secrecy_level))
    if entries.count() != row.count:
        raise Conflict("有的档案密级高于您的许可，不能由您打包", code="secret")
    out = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  (the caller closes it)
    listed: dict[str, str] = {}
    form = package.form_of("")
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for entry in entries.order_by(TransferEntry.position).iterator():
            name = f"记录/{package.name_of(entry.item, form)}"
            listed[name] = _record(archive, name, entry.item, form)
        for name, data in (("移交清单.xlsx", spreadsheet(person, row)), ("移交清单.pdf", pdf(person, row))):
            archive.writestr(name, data)
            listed[name] = sm3_hex(data)
        manifest = json.dumps({"kind": "oa-archives-transfer", "number": row.number, "receiver": row.receiver, "count": row.count,
                               "made_at": clock.local(clock.now()).isoformat(timespec="seconds"), "sm3": listed},
                              ensure_ascii=False, indent=1).encode()
        archive.writestr("manifest.json", manifest)
        archive.writestr("manifest.json.sig", json.dumps(package.sign(manifest), ensure_ascii=False, indent=1))
    with db.transaction():
        audit.record("archives.transfer_packaged", transfer.SUBJECT, row.id, title=row.number, by=person, after={"count": row.count})
    out.seek(0)
    return out


def _record(archive: zipfile.ZipFile, name: str, item: Item, form: str) -> str:
    """One record's package into the zip; its SM3."""
    digest = SM3()
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as one:
        package.write(item, queries.parts(item), queries.checks_of(item), one, form)
        one.seek(0)
        with archive.open(name, "w", force_zip64=True) as target:
            while piece := one.read(_PIECE):
                digest.update(piece)
                target.write(piece)
    return digest.hexdigest()


def response(person: Any, row: Transfer) -> Any:
    """The whole transfer as a download."""
    return packages.as_download(bundle(person, row), f"{row.number}.zip")
