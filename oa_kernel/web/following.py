"""What a case's page shows of how it went, and of what who manages workflows may do with it: the values of the parts
``oa/parts/case_course.html``, ``case_urge.html`` and ``case_manage.html``, which a plugin's page may include too."""

from __future__ import annotations

from typing import Any

from oa_kernel import clock, permissions, workflow

from .i18n import gettext as _

MANAGE = "kernel.workflow.manage"
#: act of who manages workflows → button, icon, what it does
MANAGING = {
    "suspend": ("暂停", "player-pause", "暂停期间没有人能办，也不计时，直到恢复。"),
    "resume": ("恢复", "player-play", "从停下的地方继续，期限按停的时间顺延。"),
    "jump": ("跳转", "route", "正在办理的全部结束，事项直接到所选的环节。"),
    "skip": ("跳过", "chevron-right", "所选的环节算作办完，不等办理人，也不产生编号等结果。"),
    "terminate": ("终止", "ban", "事项到此结束，已办的记录保留。"),
    "reopen": ("重新办理", "refresh", "已结束的事项回到所选的环节继续办理。"),
}
#: what ends a person's part in a step: the entries of a trail beside which their time stands
ENDS = frozenset(("submit", "approve", "reject", "return", "transfer", "pass", "skip"))


def case_following(instance: Any, person: Any) -> dict[str, Any]:
    """Values for the parts. Constant in statements.

    ``course`` how it went (``workflow.course``), ``deadlines`` of each step in words, ``spent`` a length of time in words,
    ``took`` task → its time, ``urge_again`` when one may urge again or None, ``managing`` the buttons
    ``[(act, word, icon)]``, ``manage_url``.
    """
    went = workflow.course(instance)
    definition = workflow.definition_of(instance)
    return {
        "course": went, "deadlines": {s.id: workflow.deadline_words(s) for s in definition.steps.values()},
        "spent": spent, "took": {task: held.time for task, held in went.by_task.items() if held.until is not None},
        "ends": ENDS, "urge_again": workflow.urge_again_at(instance), "managing": managing(instance, person),
        "manage_url": f"/cases/{instance.id}/manage", "now": clock.now(),
    }


def managing(instance: Any, person: Any) -> list[tuple[str, str, str]]:
    """(act, word, icon) of what somebody may do who manages workflows; empty for everybody else."""
    if not permissions.allows(person, MANAGE):
        return []
    acts = workflow.admin_actions(instance, person)
    if "cancel" in workflow.instance_actions(instance, person) or instance.state == "suspended":
        acts = [*acts, "terminate"]
    return [(a, MANAGING[a][0], MANAGING[a][1]) for a in MANAGING if a in acts]


def spent(seconds: float) -> str:
    """A length of time for people: minutes, hours, days, the largest two below a week."""
    minutes = int(seconds // 60)
    if minutes < 60:
        return _("%(n)s 分钟", n=max(0, minutes)) if minutes else _("不到 1 分钟")
    hours, rest = divmod(minutes, 60)
    if hours < 10 and rest:
        return _("%(n)s 小时 %(m)s 分钟", n=hours, m=rest)
    if hours < 48:
        return _("%(n)s 小时", n=hours)
    days, rest = divmod(hours, 24)
    return _("%(n)s 天 %(m)s 小时", n=days, m=rest) if days < 7 and rest else _("%(n)s 天", n=days)


__all__ = ["ENDS", "MANAGING", "case_following", "managing", "spent"]
