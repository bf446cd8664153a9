"""Destruction (销毁): only by an approved list, with two people present, content and key together, metadata kept."""

from __future__ import annotations

import datetime as dt
from typing import Any

from oa_kernel import audit, clock, db, files, notifications, permissions
from oa_kernel.errors import Conflict, Forbidden

from .. import rights
from ..models import TEXT, Item, Part
from ..models_use import Appraisal, AppraisalEntry, Borrowing
from . import filing, queries, sources
from .appraisal import SUBJECT, get, url
from .labels import labels

#: people who must be present (监销人)
WITNESSES = 2
#: for how long their word holds
_HOLDS = dt.timedelta(hours=24)


def witness(person: Any, appraisal_id: Any) -> Appraisal:
    """Somebody says that they are present (监销). Holds a day; neither the maker of the list nor twice the same.

    :raises Conflict: the list is not approved, or the person said so already. Forbidden: the person made the list.
    """
    permissions.require(person, rights.WITNESS)
    with db.transaction():
        row = _approved(person, appraisal_id)
        if person.id == row.made_by_id:
            raise Forbidden("编制清册的人不能监销", permission=rights.WITNESS)
        present = present_at(row)
        if any(one["id"] == person.id for one in present):
            raise Conflict("您已经确认到场", code="witnessed")
        present.append({"id": person.id, "name": person.name, "at": clock.now().isoformat()})
        Appraisal.update(witnesses=present, version=Appraisal.version + 1).where(Appraisal.id == row.id).execute()
        audit.record("archives.destruction_witnessed", SUBJECT, row.id, title=row.number, by=person,
                     after={"witnesses": [one["name"] for one in present]})
        if len(present_at(Appraisal.get_by_id(row.id))) == WITNESSES:
            notifications.send("archives.destruction", [row.made_by_id], f"监销人已到场：{row.number}", url=url(row.id),
                               body=f"{'、'.join(one['name'] for one in present)}，24 小时内执行销毁", subject=(SUBJECT, str(row.id)))
    return Appraisal.get_by_id(row.id)


def present_at(row: Appraisal) -> list[dict[str, Any]]:
    """Who is present now, by what they said within a day; of a list that was carried out, who was."""
    if row.state != "approved":
        return list(row.witnesses)
    since = clock.now() - _HOLDS
    return [one for one in row.witnesses if dt.datetime.fromisoformat(one["at"]) >= since]


def destroy(person: Any, appraisal_id: Any, number: str) -> dict[str, int]:
    """Destroys what the approved list says: ``{"destroyed", "files", "files_kept"}``.

    :param number: the list's number once more, typed: this cannot be undone.
    :raises Conflict: the list is not approved, too few are present, or a record is permanent or not kept any more:
        then nothing is destroyed.
    """
    permissions.require(person, rights.APPRAISE)
    with db.transaction():
        row = _approved(person, appraisal_id)
        if "".join(number.split()) != row.number:
            raise Conflict(f"请照抄清册编号“{row.number}”以确认销毁", code="not_confirmed")
        present = present_at(row)
        if any(one["id"] == person.id for one in present):
            raise Forbidden("监销人不能执行销毁", permission=rights.APPRAISE)
        if len(present) < WITNESSES:
            raise Conflict(f"须有 {WITNESSES} 名监销人在 24 小时内确认到场，现有 {len(present)} 名", code="witnesses_missing")
        listed = list(AppraisalEntry.select().where(AppraisalEntry.appraisal == row.id, AppraisalEntry.opinion == "destroy")
                      .order_by(AppraisalEntry.id))
        items = {i.id: i for i in db.lock_rows(Item.select().where(Item.id.in_([e.item_id for e in listed])).order_by(Item.id))}
        _may_go(row, listed, items)
        if not db.is_postgresql():
            db.database.execute_sql("PRAGMA secure_delete = ON")  # freed pages are written over
        done = {"destroyed": 0, "files": 0, "files_kept": 0}
        for entry in listed:
            erased, kept = _destroy(items[entry.item_id], entry, row, person)
            done = {"destroyed": done["destroyed"] + 1, "files": done["files"] + erased, "files_kept": done["files_kept"] + kept}
        Appraisal.update(state="done", executed_at=clock.now(), executed_by_name=person.name, witnesses=present,
                         version=Appraisal.version + 1).where(Appraisal.id == row.id).execute()
        audit.record("archives.destruction_done", SUBJECT, row.id, title=row.number, by=person, before={"state": "approved"},
                     after={**done, "witnesses": [one["name"] for one in present]})
    return done


def _approved(person: Any, appraisal_id: Any) -> Appraisal:
    row = db.lock_rows(Appraisal.select().where(Appraisal.id == get(person, appraisal_id).id)).get()
    if row.state != "approved":
        raise Conflict("清册没有批准，或者已经执行，不能销毁", code="not_approved")
    return row


def _may_go(row: Appraisal, listed: list[AppraisalEntry], items: dict[int, Item]) -> None:
    """Every record as it is now, not as the list remembers it."""
    for entry in listed:
        item = items[entry.item_id]
        if item.retention == "Y":
            raise Conflict(f"{item.archival_number} 是永久档案，不得销毁；没有销毁任何档案", code="permanent")
        if item.state != "kept" or item.appraisal_id != row.id:
            raise Conflict(f"{item.archival_number} 已不在保管，或不在这份清册上；没有销毁任何档案", code="not_kept")
        if item.digest != entry.digest:
            raise Conflict(f"{item.archival_number} 与编制清册时不同；没有销毁任何档案", code="changed")


def _destroy(item: Item, entry: AppraisalEntry, row: Appraisal, by: Any) -> tuple[int, int]:
    parts = list(Part.select().where(Part.item == item.id).order_by(Part.position))
    found = [file for part in parts if (file := files.get(part.file_id)) is not None]
    result = files.erase(found, f"{row.number} {item.archival_number}", by,
                         of=[(filing.SUBJECT, item.id), (item.source_kind, item.source_id)])
    now = clock.now()
    Borrowing.update(state="ended", ended_at=now).where(Borrowing.item == item.id, Borrowing.state == "lent").execute()
    source = sources.all_sources().get(item.source_kind)
    if source is not None and source.erased is not None:
        source.erased(item.source_id, row.number, by)
    for file in result.kept:  # something else has the same content: it goes on having it, this record does not
        files.detach(file, filing.SUBJECT, item.id)
    note = f"内容已销毁；{len(result.kept)} 个文件的内容为其他事项共有，仍保留在该处" if result.kept else "内容连同密钥已销毁"
    words, marks = filing.indexed(item), labels(item)
    item.state = "destroyed"
    TEXT.put(item.id, {**words, "text": ""}, old=words, labels=labels(item), old_labels=marks)
    Item.update(state="destroyed", text="", ended_at=now).where(Item.id == item.id).execute()
    AppraisalEntry.update(done_at=now, note=note).where(AppraisalEntry.id == entry.id).execute()
    audit.record("archives.destroyed", queries.SUBJECT, item.id, title=f"{item.archival_number} {item.title}", by=by,
                 before={"state": "kept", "digest": item.digest}, after={"state": "destroyed", "list": row.number, "note": note})
    return len(result.erased), len(result.kept)


def told(item: Item) -> str:
    """In words by which list a record was destroyed, and when; empty for one that was not."""
    if item.state != "destroyed":
        return ""
    row = Appraisal.get_or_none(Appraisal.id == item.appraisal_id)
    by = f"按“{row.number}”" if row is not None else "按批准的清册"
    when = f"于 {clock.local(item.ended_at).date()} " if item.ended_at else ""
    return f"{item.archival_number} 的内容{when}{by}销毁，只保留著录项"


def require_content(item: Item) -> None:
    """Raises Conflict, saying by which list, for a record whose content was destroyed."""
    if words := told(item):
        raise Conflict(words, code="destroyed")
