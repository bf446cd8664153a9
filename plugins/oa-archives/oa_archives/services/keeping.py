"""Checks while records are kept: a damaged file is found and named, by hand or on a schedule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from oa_kernel import audit, clock, db, files, notifications, permissions

from .. import checks, rights
from ..models import Item
from . import destruction, filing, queries

#: records checked each night
EACH_NIGHT = 200


def check(item: Item, by: Any) -> bool:
    """Makes the four checks of a kept record and keeps what they found; whether all hold.

    ``by`` None is the system's schedule.

    :raises Conflict: its content was destroyed.
    """
    if by is not None:
        permissions.require(by, rights.FILE)
    return put(item, examine(item), by, "keeping")


def examine(item: Item) -> list[checks.Result]:
    """What the four checks say of a record now; reads every file of it, writes nothing.

    :raises Conflict: its content was destroyed.
    """
    destruction.require_content(item)
    rows = queries.parts(item)
    found = []
    for part in rows:
        one = checks.inspect(part.role, part.name, files.get(part.file_id))
        one.seal = filing.seal_of(one)
        found.append(one)
    facts = {name: getattr(item, name) for name in (
        "title", "number", "kind", "creator", "date", "secrecy_level", "year", "retention", "class_code", "fonds", "seq",
        "archival_number")}
    subject = checks.Subject(facts=facts, parts=found, expected={p.file_id: p.sm3 for p in rows},
                             has_case=any(p.role == "handling" for p in rows))
    return checks.run(subject)


def put(item: Item, results: Sequence[checks.Result], by: Any, stage: str) -> bool:
    """Keeps what the checks found at a stage (``keeping``, ``transfer``); whether all hold."""
    failed = [r for r in results if r.result == checks.FAILED]
    with db.transaction():
        filing.keep(item, stage, results)
        Item.update(checked_at=clock.now(), sound=not failed).where(Item.id == item.id).execute()
        audit.record("archives.checked", filing.SUBJECT, item.id, title=f"{item.archival_number} {item.title}", by=by,
                     after={"failed": [f"{r.code} {r.evidence}"[:200] for r in failed]})
    return not failed


def nightly() -> int:
    """Checks the records whose last check is oldest; how many. A damaged one is told to the archivists."""
    oldest = list(Item.select().where(Item.state == "kept").order_by(Item.checked_at, Item.id).limit(EACH_NIGHT))
    for item in oldest:
        if not check(item, None):
            notifications.send("archives.damaged", permissions.people_with(rights.FILE), f"档案检测不通过：{item.archival_number}",
                               body=f"《{item.title}》，{clock.today()} 的检测不通过，请查看检测结果并从备份恢复",
                               url=f"/archives/{item.id}", subject=(filing.SUBJECT, item.id))
    return len(oldest)
