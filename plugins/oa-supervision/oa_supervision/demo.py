"""What supervision adds to the demo organisation: items that go well, are due soon, are late, and are closed."""

from __future__ import annotations

from typing import Any

from oa_kernel import clock
from oa_kernel.demo import DemoOrganisation, Story, acting, play

from .models import Item
from .services import items, lights, urging

_SAID = {
    "progress": "已按计划推进，主要工作完成过半。", "problems": "个别单位材料报送不及时。",
    "suggestions": "建议以督查处名义再催报一次。",
}
#: days ago, working days until due, lead, assisting, title, what happened
_ITEMS: tuple[tuple[int, int, str, tuple[str, ...], str, str], ...] = (
    (16, 8, "综合处", ("文电处",), "主任办公会议定：公文处理细则修订稿报审", "closed"),
    (14, 7, "信息化处", (), "政务信息系统账号清理", "late"),
    (10, 12, "行政处", ("财务处",), "冬季办公区供暖设施检修", "going"),
    (6, 20, "人事处", (), "年度考核方案拟定", "going"),
    (5, 7, "督查处", ("法制处",), "重点工作任务台账更新", "soon"),
    (3, 30, "档案处", ("信息化处",), "机关档案库房改造", "new"),
)


def build(org: DemoOrganisation) -> None:
    """The officers of 督查处 supervise; the leader reads."""
    supervisor = org.members("督查处")[-1]
    with clock.freeze(org.founded()):
        org.grant(supervisor.username, "supervision_supervisor")
        org.grant("leader", "supervision_leader")
    play([_one(org, supervisor, *row) for row in _ITEMS])
    urging.daily()


def _one(org: DemoOrganisation, supervisor: Any, day: int, until: int, lead: str, assisting: tuple[str, ...], title: str,
         what: str) -> Story:
    began = org.at(day, "09:40")
    yield began
    due = lights.add_working_days(began.date(), until)
    with acting(supervisor):
        item = items.create({
            "title": title, "requirement": "请主办处室牵头，按期办结并反馈。", "due_on": due.isoformat(), "department": lead,
            "assisting": list(assisting), "stages": [{"title": "提出方案", "due_on": ""}, {"title": "组织实施", "due_on": ""}],
        }, supervisor)
    if what == "new":
        return
    yield org.at(max(1, day - 4), "15:10")
    head = org.members(lead)[0]
    with acting(head):
        items.finish_stage(Item.get_by_id(item.id), 1, head)
        items.feed_back(Item.get_by_id(item.id), {**_SAID, "finished": what == "closed"}, head)
    if what == "closed":
        yield org.at(max(1, day - 5), "16:30")
        with acting(supervisor):
            items.close(Item.get_by_id(item.id), supervisor, "已落实，予以销号。")
