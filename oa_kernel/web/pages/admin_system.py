"""The system's state, by the system administrator: plugins, health, what could not be delivered."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import health as checks
from oa_kernel import outbox, runtime
from oa_kernel.errors import OAError

from ..access import Pages
from ..door import person
from ..i18n import gettext as _
from ..rendering import flash, redirect, render, with_query

pages = Pages("admin_system", __name__)

#: hook → what a plugin adds by it
ADDS = {
    "oa_navigation": "页面", "oa_widgets": "工作台卡片", "oa_workflows": "流程", "oa_permissions": "权限",
    "oa_roles": "角色", "oa_scheduled_tasks": "定时任务", "oa_notification_channels": "消息渠道",
    "oa_search_sources": "搜索来源", "oa_diagnostics": "诊断", "oa_verifiers": "验证",
}
STATES = {"ok": ("正常", "circle-check", "green"), "disabled": ("未启用", "circle-dashed", "secondary"),
          "broken": ("故障", "alert-triangle", "red")}


@pages.get("/admin/plugins", permission="kernel.plugins.view")
def plugins() -> Any:
    registry = runtime.current().plugins
    adds: dict[str, list[tuple[str, int]]] = {}
    for hook, title in ADDS.items():
        owners = [owner for owner, _item in registry.collect_with_owner(hook)]
        for owner in dict.fromkeys(owners):
            adds.setdefault(owner, []).append((title, owners.count(owner)))
    order = {"broken": 0, "ok": 1, "disabled": 2}
    states = sorted(registry.states.values(), key=lambda s: (order[s.state], s.name))
    return render("oa/admin/plugins.html", plugins=states, adds=adds, states=STATES)


@pages.get("/admin/health", permission="kernel.doctor.view")
def health() -> Any:
    return render("oa/admin/health.html", lines=checks.lines(), counts=outbox.counts())


@pages.get("/admin/dead-letters", permission="kernel.deadletters.manage")
def dead_letters() -> Any:
    waiting = request.args.get("show") == "waiting"
    page = (outbox.waiting if waiting else outbox.dead_letters)(cursor=request.args.get("cursor"))
    show = "waiting" if waiting else ""
    return render(
        "oa/admin/dead_letters.html", rows=page.items, waiting=waiting,
        next_url=with_query("/admin/dead-letters", {"show": show, "cursor": page.next}) if page.next else "",
    )


@pages.post("/admin/dead-letters/<int:row_id>/<any(retry, discard):what>", permission="kernel.deadletters.manage")
def dead_letter(row_id: int, what: str) -> Any:
    try:
        (outbox.retry if what == "retry" else outbox.discard)(row_id, by=person())
        flash(_("已重新送出，请稍后查看结果") if what == "retry" else _("已放弃这条消息"))
    except OAError as error:
        flash(error.message, "error")
    return redirect("/admin/dead-letters")
