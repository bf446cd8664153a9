"""The notification centre."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import notifications

from ..access import Pages
from ..door import person
from ..i18n import gettext as _
from ..rendering import flash, is_htmx, redirect, render, safe_target, with_query
from ..shell import forget_counts

pages = Pages("notices", __name__)


@pages.get("/notifications", permission="kernel.notifications.own")
def index() -> Any:
    which = "all" if request.args.get("show") == "all" else "unread"
    page = notifications.list_for(
        person(), unread=True if which == "unread" else None, cursor=request.args.get("cursor"), limit=50
    )
    kinds = {name: kind.title for name, kind in notifications.kinds().items()}
    next_url = with_query("/notifications", {"show": "all" if which == "all" else "", "cursor": page.next}) \
        if page.next else ""
    template = "oa/notification_rows.html" if is_htmx() and request.args.get("cursor") else "oa/notifications.html"
    return render(template, messages=page.items, which=which, kinds=kinds, next_url=next_url)


@pages.post("/notifications/<int:message_id>/open", permission="kernel.notifications.own")
def open_message(message_id: int) -> Any:
    """Marks it as read and goes where it points."""
    message = notifications.get(person(), message_id)
    notifications.mark_read(person(), message_id)
    forget_counts(person().id)
    return redirect(safe_target(message.url, "/notifications"))


@pages.post("/notifications/<int:message_id>/read", permission="kernel.notifications.own")
def mark(message_id: int) -> Any:
    notifications.mark_read(person(), message_id)
    forget_counts(person().id)
    if is_htmx():
        return ""
    return redirect("/notifications")


@pages.post("/notifications/read-all", permission="kernel.notifications.own")
def mark_all() -> Any:
    count = notifications.mark_read(person())
    forget_counts(person().id)
    flash(_("%(n)s 条消息已标为已读", n=count) if count else _("没有未读消息"))
    return redirect("/notifications")
