"""More of the demo organisation's documents: joint issue, a 命令, a 纪要, one replaced, one to be repealed, 签报."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from oa_kernel import identity, workflow
from oa_kernel.demo import ORGANISATION, DemoOrganisation, Story, acting

from .models import Outgoing
from .models_internal import InternalReport
from .services import drafts, internal, seals, standing

ORDERS = "云政办令"
_TOGETHER = ("云岭市财政局", "云岭市应急管理局")
_CHECK = """为做好冬季安全生产工作，决定联合开展安全生产专项检查。现将有关事项通知如下。
一、检查范围
市级机关办公区、下属单位和在建工程。
二、时间安排
（一）自查。12月1日至10日，各单位逐项排查。
（二）抽查。12月11日至20日，三部门组成联合检查组。
三、工作要求
各单位要建立问题清单，限期整改，重大隐患立即报告。"""
_ORDER = "《云岭市市级机关办公用房管理办法》已经2026年11月2日主任办公会议通过，现予公布，自2027年1月1日起施行。"
_MINUTES = """2026年11月10日，主任主持召开第10次主任办公会议，研究机关节能工作。现将会议议定事项纪要如下。
一、关于机关节能改造
会议议定，由行政处牵头，于12月底前完成办公楼照明改造。
二、关于公务用车管理
会议决定，公务用车统一由车队调度，每月公布使用情况。"""
_PARKING = """为规范办公区停车，现将有关事项通知如下。
一、停车区域
{area}
二、有关要求
车辆凭证停放，不得占用消防通道。"""


def series() -> Iterable[tuple[str, str, int]]:
    """机关代字 of these documents: code, title, first number."""
    return ((ORDERS, "市政府办公室令", 3),)


def stories(org: DemoOrganisation, down: str, minutes: str) -> Iterable[Story]:
    """One each."""
    yield _joint(org, down)
    yield _way(org, 16, "法制处", {"kind": "命令", "title": f"{ORGANISATION}令", "body": _ORDER, "series": ORDERS})
    yield _way(org, 14, "秘书一处", {
        "kind": "纪要", "title": "第10次主任办公会议纪要", "body": _MINUTES, "series": minutes, "cc": ["各处室"],
        "attendance": {"出席": ["高明德", "沈怀远", "周承业"], "请假": ["顾存礼"], "列席": ["林晓岚"]}})
    yield _replaced(org, down)
    yield _repeal(org)
    yield _report(org, 5, "行政处", "财务处", "关于追加冬季取暖维修经费的请示",
                  "因供热管网老化，拟追加维修经费3万元，从机关运行经费中列支。\n妥否，请批示。", "completed")
    yield _report(org, 1, "drafter", "信息处", "关于会议室视频设备检修的请示",
                  "年度工作总结会议将使用第二会议室，请安排检修视频设备。\n妥否，请批示。", "sent")


def _one_act(instance_id: Any, comment: str) -> None:
    task = workflow.Task.select().where(
        workflow.Task.instance_id == instance_id, workflow.Task.state == "open").order_by(workflow.Task.id).first()
    person = identity.get(task.assignee_id)
    with acting(person):
        workflow.act(task.id, "approve", person, comment=comment)


def _way(org: DemoOrganisation, day: int, department: str, fields: dict[str, Any], opinions: Iterable[str] = (
        "内容属实，拟同意。", "拟同意，请审定。", "同意印发。", "已编号、用印。")) -> Story:
    """The whole way until it is signed, within a few days."""
    person = org.members(department)[-1]
    yield org.at(day, "08:50")
    with acting(person):
        document = drafts.create(fields, person)
    yield org.at(day, "09:20")
    with acting(person):
        instance = drafts.submit(Outgoing.get_by_id(document.id), person)
    for n, opinion in enumerate(opinions):
        yield org.at(max(day - 1 - n // 2, 1), ("10:05", "15:35")[n % 2])
        _one_act(instance.id, opinion)


def _joint(org: DemoOrganisation, down: str) -> Story:
    """Issued together with two organisations that signed on paper; their seals are kept here."""
    office = org.person("office")
    yield org.at(13, "16:00")
    with acting(office):
        for name in _TOGETHER:
            seals.create(office, name=name, joint=True)
    yield from _way(org, 11, "督查处", {
        "kind": "通知", "title": f"{ORGANISATION}等三部门关于开展冬季安全生产联合检查的通知", "body": _CHECK, "series": down,
        "addressees": ["各处室", "各直属单位"], "joint": list(_TOGETHER), "consult": ["行政处"],
    }, ("内容属实，拟同意。", "会稿意见：检查安排与供暖检修错开。", "拟同意，请审定。", "同意联合印发。",
        "市财政局、市应急管理局已会签（纸质）。", "已编号、用印。"))


def _replaced(org: DemoOrganisation, down: str) -> Story:
    """A notice on parking that takes the place of the earlier one."""
    fields = {"kind": "通知", "title": f"{ORGANISATION}关于办公区停车安排的通知", "series": down, "addressees": ["各处室"]}
    yield from _way(org, 20, "车队", {**fields, "body": _PARKING.format(area="办公楼东侧停车场。")})
    old = Outgoing.get(Outgoing.title == fields["title"])
    yield from _way(org, 8, "车队", {
        **fields, "title": f"{ORGANISATION}关于调整办公区停车安排的通知", "replaces": [old.number],
        "body": _PARKING.format(area="办公楼东侧停车场和北门地下停车场。")})


def _repeal(org: DemoOrganisation) -> Story:
    """The office asks; the leader has not confirmed yet."""
    office = org.person("office")
    yield org.at(2, "09:40")
    document = Outgoing.get(Outgoing.title.contains("2026年督查工作情况"))
    with acting(office):
        standing.ask(document, office, change="repealed", reason="通报事项已全部整改，年度考核另行通报")


def _report(org: DemoOrganisation, day: int, sender: str, receiver: str, title: str, body: str, upto: str) -> Story:
    """From department to department."""
    person = org.people.get(sender) or org.members(sender)[-1]
    yield org.at(day, "09:10")
    with acting(person):
        report = internal.create({"kind": "request", "title": title, "body": body, "to": receiver}, person)
        instance = internal.submit(report, person)
    yield org.at(day, "10:20")
    _one_act(instance.id, "请支持。")
    if upto == "sent":
        return
    yield org.at(day, "14:30")
    _one_act(instance.id, "")
    yield org.at(day - 1, "10:00")
    _one_act(instance.id, "同意，按程序办理。")
    assert InternalReport.get_by_id(report.id).state == upto


__all__ = ["series", "stories"]
