"""The demo organisation's documents: in every state, made by the right people through the services.

Nobody of 业务处 has anything to do with the documents of ``drafter``.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

from oa_kernel import db, files, identity, outbox, workflow
from oa_kernel.demo import ORGANISATION, DemoOrganisation, Story, acting, play

from . import demo_incoming, demo_more
from . import demo_texts as texts
from .models import Dispatch, Outgoing
from .services import addressbook, annotations, dispatches, drafts, numbers, seals

DOWN, UP, LETTERS, MINUTES = "云政办发", "云政办", "云政办函", "云政办纪要"
#: what each reviewer says, in the order of the default workflow
_OPINIONS = ("内容属实，拟同意，请领导审核。", "拟同意，请审定。", "同意印发。", "已编号、用印。")
_SENT_UP = ("draft", "head", "deputy", "leader", "office", "signed")


def build(org: DemoOrganisation) -> None:
    """Adds series, seal, address book and documents."""
    org.settings["documents"] = {"series": DOWN, "signer_title": "主任"}
    play([_foundations(org)])
    play([*_stories(org), *demo_incoming.stories(org), *demo_more.stories(org, DOWN, MINUTES)])
    dispatches.mark_overdue()


def _foundations(org: DemoOrganisation) -> Story:
    """What must be there before the first document."""
    office = org.person("office")
    yield org.founded()
    with db.transaction():
        org.grant("leader", "documents_signer")
        org.grant("office", "documents_office")
        with acting(office):
            for code, title, first in ((DOWN, "市政府办公室发文", 37), (UP, "市政府办公室上行文", 12),
                                       (LETTERS, "市政府办公室函", 21), (MINUTES, "主任办公会议纪要", 10), *demo_more.series()):
                numbers.create_series(code, office, title=title, begin_at=first)
            for entry in texts.ORGANISATIONS:
                addressbook.save(entry, office)
            seals.create(office)
    yield org.at(9, "16:30")
    with acting(office):
        year = org.at(9, "16:30").year
        following = numbers.numbering.next_number(numbers.key(DOWN, year))
        numbers.reserve(DOWN, year, office, seq=following + 20, note="年度工作总结会议通知")
        numbers.reserve(DOWN, year, office, seq=following + 21, note="春节值班安排")


def _stories(org: DemoOrganisation) -> Iterable[Story]:
    yield _training(org)
    yield _duty(org)
    yield _heating(org)
    yield _praise(org)
    yield _passwords(org)
    yield _minutes(org)
    yield _opening_hours(org)
    for begin, upto, who, fields in (
        (12, "signed", "drafter", _of("批复", "关于同意举办2026年业务技能竞赛的批复", texts.REPLY, ["第一建设技术中心"])),
        (4, "office", "drafter", _of("通知", "关于开展2026年度机关固定资产清查工作的通知", texts.ASSETS, ["各处室"],
                                     cc=["云岭市财政局"])),
        (3, "leader", "drafter", _of("函", "关于商请协助开展业务系统数据对接的函", texts.LETTER, ["云岭市大数据管理局"],
                                     series=LETTERS)),
        (3, "deputy", "drafter", _of("请示", "关于改造机关档案库房的请示", texts.REQUEST, ["云岭市人民政府"], series=UP,
                                     note="联系人：林晓岚，电话：0000-00000000")),
        (1, "head", "drafter", _of("报告", "关于2026年电子公文应用情况的报告", texts.REPORT, ["云岭市人民政府"], series=UP)),
        (2, "leader", "秘书一处", _of("函", "关于商请配合开展基层减负调研的函", texts.SURVEY, ["青禾县人民政府"],
                                 series=LETTERS, urgency="加急")),
        (1, "deputy", "文电处", _of("通知", "关于修订机关公文处理细则征求意见的通知", texts.OPINIONS, ["各处室"])),
        (2, "head", "档案处", _of("通知", "关于做好2026年度文书归档工作的通知", texts.CATALOGUE, ["各处室"])),
    ):
        yield _one(org, begin, upto, who, fields)
    yield _draft(org)


def _of(kind: str, title: str, body: str, addressees: list[str], **more: Any) -> dict[str, Any]:
    """A document's fields; the issuer stands before the title as on the page."""
    named = title if kind == "纪要" else ORGANISATION + title
    return {"kind": kind, "title": named, "body": body, "addressees": addressees, "series": DOWN, **more}


# what people do, one step each


def _person(org: DemoOrganisation, who: str) -> Any:
    """One of the named people, or the last officer of a department."""
    return org.people[who] if who in org.people else org.members(who)[-1]


def _new(person: Any, fields: dict[str, Any], attachments: Iterable[tuple[str, list[str]]] = ()) -> Outgoing:
    with acting(person):
        stored = [files.store_bytes(_docx(lines), name, person).id for name, lines in attachments]
        return drafts.create({**fields, "attachments": stored}, person)


def _submit(document: Outgoing, person: Any) -> Outgoing:
    with acting(person):
        drafts.submit(Outgoing.get_by_id(document.id), person)
    return Outgoing.get_by_id(document.id)


def _act(document: Outgoing, action: str = "approve", comment: str = "", **more: Any) -> Any:
    """The open task's person does it; who that was."""
    task = (
        workflow.Task.select().where(workflow.Task.instance_id == document.instance_id, workflow.Task.state == "open")
        .order_by(workflow.Task.id).first()
    )
    person = identity.get(task.assignee_id)
    with acting(person):
        workflow.act(task.id, action, person, comment=comment, **more)
    return person


def _dispatch(document: Outgoing, office: Any, *recipients: dict[str, Any]) -> dict[str, Dispatch]:
    with acting(office):
        made = dispatches.dispatch(Outgoing.get_by_id(document.id), recipients, office)
    outbox.drain()
    return {item.recipient_name: Dispatch.get_by_id(item.id) for item in made}


def _signed_for(document: Outgoing, item: Dispatch, person: Any) -> None:
    with acting(person):
        dispatches.opened(document, person)
        dispatches.sign_for(document, Dispatch.get_by_id(item.id), person)


def _department(name: str) -> dict[str, Any]:
    return {"kind": "department", "name": name, "channel": "system"}


def _outside(name: str, channel: str) -> dict[str, Any]:
    return {"kind": "organisation", "name": name, "channel": channel}


def _docx(lines: list[str]) -> bytes:
    import docx

    document, out = docx.Document(), io.BytesIO()
    for line in lines:
        document.add_paragraph(line)
    document.save(out)
    return out.getvalue()


def _up(org: DemoOrganisation, document: Outgoing, day: int, upto: str, times: str = "09:30 10:40 14:20 15:50") -> Story:
    """From the first reviewer until it lies before ``upto``, one or two steps a working day."""
    steps = _SENT_UP.index(upto) - 1
    for n, (comment, time) in enumerate(zip(_OPINIONS, times.split(), strict=True)):
        if n >= steps:
            return
        yield org.at(max(day - (n + 1) // 2, 1), time)
        _act(document, comment=comment)


# the stories


def _one(org: DemoOrganisation, begin: int, upto: str, who: str, fields: dict[str, Any]) -> Story:
    """Drafted, submitted, and on its way as far as ``upto``."""
    person = _person(org, who)
    yield org.at(begin, "08:45")
    document = _new(person, fields)
    yield org.at(begin, "09:15")
    document = _submit(document, person)
    yield from _up(org, document, begin, upto)


def _training(org: DemoOrganisation) -> Story:
    """The whole way, with an attachment: everybody signed for it, and it is finished."""
    drafter, office = org.person("drafter"), org.person("office")
    yield org.at(24, "09:05")
    document = _new(
        drafter, _of("通知", "关于举办公文处理培训班的通知", texts.TRAINING, ["各处室", "各直属单位"], cc=["云岭市人民政府"]),
        [("公文处理培训班报名表.docx", ["公文处理培训班报名表", "单位：", "姓名：", "职务：", "联系电话："])],
    )
    yield org.at(24, "09:40")
    document = _submit(document, drafter)
    yield from _up(org, document, 24, "signed", "10:05 11:20 14:30 16:10")
    receivers = ("秘书一处", "秘书二处", "信息处", "财务处")
    yield org.at(21, "09:00")
    sent = _dispatch(document, office, *map(_department, receivers))
    for n, name in enumerate(receivers):
        yield org.at(21 - n // 2, ("10:10", "15:25")[n % 2])
        _signed_for(document, sent[name], org.members(name)[-1])
    yield org.at(18, "16:40")
    with acting(office):
        dispatches.finish(Outgoing.get_by_id(document.id), office)


def _duty(org: DemoOrganisation) -> Story:
    """Dispatched, with a receipt in every state."""
    drafter, office = org.person("drafter"), org.person("office")
    yield org.at(11, "08:50")
    document = _new(drafter, _of("通知", "关于做好2027年元旦期间值班和安全工作的通知", texts.DUTY, ["各处室", "各直属单位"],
                                 urgency="加急"))
    yield org.at(11, "09:10")
    document = _submit(document, drafter)
    yield from _up(org, document, 11, "signed")
    yield org.at(8, "09:00")
    sent = _dispatch(
        document, office, *map(_department, ("秘书一处", "行政处", "车队")),
        _outside("云岭市应急管理局", "email"), _outside("青禾县人民政府", "email"), _outside("石桥镇人民政府", "email"),
        _outside("第一建设技术中心", "hand"), _outside("云岭市档案馆", "hand"),
    )
    yield org.at(8, "10:15")
    _signed_for(document, sent["秘书一处"], org.members("秘书一处")[0])
    yield org.at(7, "09:30")
    dispatches.sign_by_token(dispatches.receipt_token(sent["云岭市应急管理局"]), "韩守正")
    yield org.at(6, "15:00")
    with acting(office):
        dispatches.enter_receipt(document, sent["云岭市档案馆"], office, signed_by="曾立群")
    yield org.at(2, "09:20")
    with acting(office):
        dispatches.urge(document, Dispatch.get_by_id(sent["行政处"].id), office)
    yield org.at(1, "16:20")
    later = _dispatch(document, office, *map(_department, ("后勤服务中心", "运维中心", "机要室")))
    yield org.at(1, "16:55")
    reader = org.members("后勤服务中心")[-1]
    with acting(reader):
        dispatches.opened(document, reader)
    yield org.at(1, "17:05")
    _signed_for(document, later["机要室"], org.members("机要室")[0])


def _heating(org: DemoOrganisation) -> Story:
    """Of another department, dispatched to all; 业务处 has not signed for it yet."""
    person, office = _person(org, "行政处"), org.person("office")
    yield from _one(org, 15, "signed", "行政处", _of("通知", "关于做好冬季办公区供暖工作的通知", texts.HEATING, ["各处室"]))
    document = Outgoing.get(Outgoing.drafter_id == person.id)
    yield org.at(1, "10:30")
    sent = _dispatch(document, office, *map(_department, ("业务处", "法制处", "文电处", "财务处")))
    yield org.at(1, "11:10")
    _signed_for(document, sent["财务处"], org.members("财务处")[0])


def _praise(org: DemoOrganisation) -> Story:
    """Signed for by everybody it went to."""
    person, office = _person(org, "督查处"), org.person("office")
    yield from _one(org, 18, "signed", "督查处", _of("通报", "关于2026年督查工作情况的通报", texts.PRAISE, ["各处室"]))
    document = Outgoing.get(Outgoing.drafter_id == person.id)
    yield org.at(14, "09:10")
    sent = _dispatch(document, office, *map(_department, ("业务处", "秘书一处")))
    yield org.at(14, "10:30")
    _signed_for(document, sent["业务处"], org.person("officer"))
    yield org.at(13, "14:10")
    _signed_for(document, sent["秘书一处"], org.members("秘书一处")[0])


def _passwords(org: DemoOrganisation) -> Story:
    """Internal; numbered, then voided with its reason."""
    office = org.person("office")
    person = _person(org, "信息处")
    fields = _of("通知", "关于清理办公系统账号的通知", texts.PASSWORDS, ["各处室"], secrecy="内部")
    yield from _one(org, 17, "signed", "信息处", fields)
    yield org.at(13, "10:00")
    with acting(office):
        drafts.void(Outgoing.get(Outgoing.drafter_id == person.id), "与信息化处发文内容重复，合并后另行印发", office)


def _minutes(org: DemoOrganisation) -> Story:
    """Annotated and returned to its drafter, who answered one of the remarks."""
    drafter, head = org.person("drafter"), org.person("head")
    fields = _of("纪要", "第11次主任办公会议纪要", texts.MINUTES, [], series=MINUTES, cc=["各处室"],
                 attendance={"出席": ["高明德", "沈怀远", "周承业"], "列席": ["林晓岚"]})
    yield org.at(5, "14:00")
    document = _new(drafter, fields)
    yield org.at(5, "15:10")
    document = _submit(document, drafter)
    yield org.at(4, "09:00")
    with acting(head):
        first = annotations.add(document, head, quote="于11月底前完成全部办公区域安全检查",
                                text="行政处应列为责任单位，时限请与行政处核实。")
        annotations.add(document, head, quote="会议原则同意改造方案", text="经费数额是否写入纪要，请商财务处。")
    yield org.at(4, "09:10")
    _act(document, "return", "批注两处，请修改后再报。", target="draft")
    document = Outgoing.get_by_id(document.id)
    yield org.at(3, "10:20")
    with acting(drafter):
        document = drafts.update(
            document, {"body": texts.MINUTES.replace("由综合处牵头，于", "由综合处牵头、行政处配合，于")}, drafter,
        )
        annotations.reply(document, first.id, drafter, "已与行政处核实，增加行政处配合，时限不变。")
        annotations.resolve(document, first.id, drafter)


def _opening_hours(org: DemoOrganisation) -> Story:
    """Rejected by the leader: the wording is the drafter's again."""
    yield from _one(org, 10, "leader", "秘书二处", _of("通告", "关于调整政务服务大厅开放时间的通告", texts.WITHDRAWN, []))
    person = _person(org, "秘书二处")
    document = Outgoing.get(Outgoing.drafter_id == person.id)
    yield org.at(8, "15:40")
    _act(document, "reject", "服务大厅由政务服务局管理，不以办公室名义发文。")


def _draft(org: DemoOrganisation) -> Story:
    """Begun yesterday afternoon, not finished."""
    drafter = org.person("drafter")
    yield org.at(1, "16:45")
    _new(drafter, _of("通知", "关于召开年度工作总结会议的通知",
                      "经市政府领导同意，定于近期召开年度工作总结会议。现将有关事项通知如下。\n一、会议时间\n……\n二、参加人员\n各处室主要负责人。",
                      ["各处室"]))


__all__ = ["build"]
