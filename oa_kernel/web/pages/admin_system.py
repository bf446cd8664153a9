"""The system's state, by the system administrator: health, what could not be delivered."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import health as checks
from oa_kernel import outbox, workflow
from oa_kernel.errors import OAError

from ..access import Pages
from ..door import person
from ..i18n import gettext as _
from ..rendering import flash, redirect, render, with_query

pages = Pages("admin_system", __name__)


@pages.get("/admin/health", permission="kernel.doctor.view")
def health() -> Any:
    return render("oa/admin/health.html", lines=checks.lines(), counts=outbox.counts(),
                  failed_services=workflow.failed_service_count())


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
