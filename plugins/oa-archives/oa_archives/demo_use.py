"""What the demo organisation does with its records: two borrowings, one open record, one appraisal list before its decider."""

from __future__ import annotations

import datetime as dt
from typing import Any

from oa_kernel import clock, db, files, numbering, workflow
from oa_kernel.demo import acting
from oa_kernel.errors import OAError

from . import checks, paper, settings
from .archival_number import ArchivalNumber
from .models import TEXT, Item, Part
from .services import access, appraisal, appraisal_case, borrowing, filing, keeping, terms
from .services.labels import labels

#: year, title, text: ten-year records of the time before this system
_EARLIER = (
    (2012, "关于举办机关公文处理培训班的通知", "定于六月上旬举办公文处理培训班，各处派一名同志参加。"),
    (2013, "关于国庆节放假期间值班安排的通知", "国庆节期间各处安排专人值班，值班表报综合处。"),
    (2014, "关于更换机关饮用水设备的函", "现有饮用水设备已到使用年限，拟予更换，请核定。"),
    (1998, "关于印发机关档案工作办法的通知", "机关档案工作办法已经办公会议通过，现予印发。"),
)
_OFFICE = "档案处"


def build(org: Any) -> None:
    """After some of what is finished was filed."""
    archivist = org.person("archivist")
    org.grant("leader", "archives_decider")
    for name in ("督查处", "综合处"):
        org.grant(org.members(name)[-1].username, "archives_witness")
    with acting(archivist):
        old = [_earlier(org, archivist, *row) for row in _EARLIER]
        access.decide(archivist, [old[-1].id], open_from=clock.today(), reason="形成满二十五年，经审核向本机关开放")
    borrower = org.person("drafter")
    with clock.freeze(org.at(12, "10:05")):
        _borrow(borrower, archivist, old[0], 3, "查培训班的开支标准")
    terms.daily()
    for item in Item.select().where(Item.year > 2020, Item.secrecy_level == 0).order_by(Item.id).limit(20):
        if _borrow(borrower, archivist, item, 14, "起草同类文件时参考"):
            break
    with acting(archivist):
        row = appraisal.create(archivist, "2012 至 2014 年度 10 年期档案鉴定", everything=True)
        entries = list(appraisal.entries(archivist, row).items)
        row = appraisal.judge(archivist, row.id, row.version, [
            {"entry": entries[-1].id, "opinion": "keep", "keep_until": clock.today().year + 10, "reason": "设备仍在使用，延长十年"}])
        case = appraisal_case.submit(archivist, row.id, row.version)
    _approve(case.id, org.members(_OFFICE)[0])


def _earlier(org: Any, by: Any, year: int, title: str, text: str) -> Item:
    """A record taken over from the time before: numbered, checked and searched like any other."""
    department = org.departments[_OFFICE]
    retention = "Y" if year < 2000 else "D10"
    with db.transaction():
        draft = ArchivalNumber(str(settings.get("fonds")), str(settings.get("category")), year, retention, "DAC", 0)
        seq = numbering.take(draft.series, filing.SUBJECT, f"archives.earlier:{year}", by)
        number = ArchivalNumber(draft.fonds, draft.category, year, retention, "DAC", seq)
        file = files.store_bytes(paper.pdf("text.typ", {"title": title, "lines": [text, settings.fonds_name()]}), "正文.pdf", by)
        facts = {"title": title, "kind": "通知", "creator": settings.fonds_name(), "date": dt.date(year, 6, 1), "year": year,
                 "retention": retention, "class_code": "DAC", "fonds": number.fonds, "category": number.category,
                 "department_id": department.id, "department_name": department.name, "archival_number": str(number)}
        item = Item.create(**facts, seq=seq, text=text, pages=1, size=file.size, source_kind="archives.earlier", source_id=str(year),
                           filed_at=clock.now(), checked_at=clock.now(), filed_by_id=by.id, filed_by_name=by.name,
                           digest=checks.manifest_digest(facts, [("text", file.name, file.sm3)]))
        Part.create(item=item, position=1, role="text", name=file.name, file_id=file.id, mime=file.mime, size=file.size, sm3=file.sm3,
                    pages=1)
        files.attach(file, filing.SUBJECT, item.id, role="text", position=1)
        TEXT.put(item.id, filing.indexed(item), labels=labels(item))
    keeping.check(item, by)
    return item


def _borrow(borrower: Any, archivist: Any, item: Item, days: int, reason: str) -> bool:
    """Whether it was lent: what the borrower may read anyway is not."""
    try:
        with acting(borrower):
            row = borrowing.ask(borrower, {"number": item.archival_number, "purpose": "work", "reason": reason, "days": days})
    except OAError:
        return False
    for _ in range(3):
        for task in list(workflow.Task.select().where(workflow.Task.instance_id == row.instance_id, workflow.Task.state == "open")):
            _act(task)
    return True


def _approve(case_id: int, person: Any) -> None:
    for task in list(workflow.Task.select().where(workflow.Task.instance_id == case_id, workflow.Task.state == "open",
                                                  workflow.Task.assignee_id == person.id)):
        _act(task)


def _act(task: Any) -> None:
    from oa_kernel import identity

    person = identity.by_ids([task.assignee_id])[task.assignee_id]
    try:
        with acting(person):
            workflow.act(task.id, "approve", by=person, comment="同意")
    except OAError:
        return  # another of the candidates did it
