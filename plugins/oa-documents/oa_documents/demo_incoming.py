"""The demo organisation's incoming documents: registered, proposed, instructed, handled, completed, answered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from oa_kernel import clock, db, files, identity, workflow
from oa_kernel.demo import DemoOrganisation, Story, acting

from .models_incoming import Incoming
from .services import incoming

#: days ago, how far, lead department, urgency, nature, sender, number, title, body
_RECEIVED: tuple[tuple[Any, ...], ...] = (
    (15, "completed", "财务处", "", "action", "云岭市财政局", "云财〔{year}〕87号",
     "云岭市财政局关于报送下一年度部门预算草案的通知",
     "市直各部门：\n请各部门于本月底前报送下一年度部门预算草案。\n一、编制范围\n本级及所属单位的全部收支。\n二、报送方式\n纸质件与电子件各一份。"),
    (11, "completed", "信息化处", "加急", "action", "云岭市大数据管理局", "云数函〔{year}〕33号",
     "云岭市大数据管理局关于商请提供政务数据目录的函",
     "市人民政府办公室：\n为完善全市政务数据目录，商请贵办提供所掌握的数据资源清单。\n盼予函复。"),
    (8, "handle", "督查处", "特急", "action", "云岭市应急管理局", "云应急〔{year}〕112号",
     "云岭市应急管理局关于开展冬季安全生产大检查的请示",
     "市人民政府办公室：\n拟于近期组织全市冬季安全生产大检查。\n一、检查重点\n危险化学品、建筑施工、人员密集场所。\n妥否，请批示。"),
    (6, "handle", "综合处", "", "action", "青禾县人民政府", "青政〔{year}〕45号",
     "青禾县人民政府关于解决县级公文交换专线经费的请示",
     "市人民政府办公室：\n因县级公文交换专线建设需要，恳请解决经费30万元。\n妥否，请批示。"),
    (4, "instruct", "人事处", "", "action", "云岭市人力资源和社会保障局", "云人社〔{year}〕60号",
     "云岭市人力资源和社会保障局关于组织年度考核工作的通知",
     "市直各单位：\n现将年度考核工作有关事项通知如下。\n一、考核对象\n机关在编在岗人员。"),
    (3, "propose", "", "加急", "action", "云岭市气象局", "云气函〔{year}〕19号",
     "云岭市气象局关于近期寒潮天气的情况报告",
     "市人民政府办公室：\n预计未来一周我市将出现强降温天气，最低气温零下六度。"),
    (2, "handle", "秘书一处", "", "reading", "省人民政府办公厅", "省办发电〔{year}〕41号",
     "省人民政府办公厅关于印发政务信息工作要点的通知",
     "各市人民政府办公室：\n现将政务信息工作要点印发给你们，请参照执行。"),
    (1, "registered", "", "", "action", "云岭市审计局", "云审〔{year}〕28号",
     "云岭市审计局关于开展预算执行情况审计的通知",
     "市人民政府办公室：\n根据年度审计项目计划，我局将对你办预算执行情况进行审计。"),
)


def stories(org: DemoOrganisation) -> Iterable[Story]:
    """One each."""
    for row in _RECEIVED:
        yield _one(org, *row)
    yield _answered(org)


def _one(org: DemoOrganisation, day: int, upto: str, lead: str, urgency: str, nature: str, sender: str, number: str, title: str,
         body: str) -> Story:
    office = org.person("office")
    yield org.at(day, "09:05")
    document = _register(org, office, sender, number, title, body, urgency=urgency, nature=nature)
    if upto == "registered":
        return
    yield org.at(day, "09:20")
    with acting(office):
        incoming.route(document, office, {"department": lead, "nature": nature, "opinion": f"拟请{lead or '有关处室'}阅办"})
    if upto == "propose":
        return
    if nature == "action":
        yield org.at(day, "10:30")
        _act(document, "拟请主办处室提出意见，请批示。", form={"lead": lead})
        if upto == "instruct":
            return
        yield org.at(day, "15:40")
        _act(document, f"请{lead}牵头办理，按时反馈。")
    if upto == "handle":
        return
    yield org.at(max(day - 3, 1), "11:00")
    _act(document, "已按要求办理，材料已报送。")
    yield org.at(max(day - 3, 1), "16:20")
    _act(document, "办结，转归档。")


def _answered(org: DemoOrganisation) -> Story:
    """青禾县的请示 has a draft of its answer."""
    yield org.at(2, "10:10")
    document = Incoming.get(Incoming.sender == "青禾县人民政府")
    with acting(org.person("drafter")) as drafter:
        incoming.answer(document, drafter)


def _register(org: DemoOrganisation, office: Any, sender: str, number: str, title: str, body: str, **fields: Any) -> Incoming:
    text = f"{number.format(year=clock.today().year)}\n{title}\n{body}\n{sender}\n"
    with db.transaction(), acting(office):
        file = files.store_bytes(text.encode(), f"{title[:40]}.txt", office)
        kind = next(k for k in ("通知", "函", "请示", "报告") if title.endswith(k))
        return incoming.register(
            {"title": title, "sender": sender, "number": number.format(year=clock.today().year), "kind": kind, "files": [file.id],
             "received_on": clock.today(), **fields}, office)


def _act(document: Incoming, comment: str, **more: Any) -> None:
    case = Incoming.get_by_id(document.id).instance_id
    task = workflow.Task.select().where(
        workflow.Task.instance_id == case, workflow.Task.state == "open").order_by(workflow.Task.id).first()
    person = identity.get(task.assignee_id)
    with acting(person):
        workflow.act(task.id, "approve", person, comment=comment, **more)
