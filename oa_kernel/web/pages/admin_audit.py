"""The record of who did what, by the audit administrator: read, verified, proven; never changed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import json, request

from oa_kernel import audit, identity
from oa_kernel.errors import OAError

from ..access import Pages
from ..downloads import send_bytes
from ..i18n import gettext as _
from ..rendering import render, with_query

pages = Pages("admin_audit", __name__)

_RIGHT = "kernel.audit.read"
_FILTERS = ("person", "action", "kind", "object", "since", "until")


@pages.get("/admin/audit", permission=_RIGHT)
def index() -> Any:
    values = {name: request.args.get(name, "").strip()[:120] for name in _FILTERS}
    errors: dict[str, list[str]] = {}
    who = identity.by_username(values["person"]) if values["person"] else None
    if values["person"] and who is None:
        errors["person"] = [_("没有用户名“%(u)s”", u=values["person"])]
    since, until = _day(values, "since", errors), _day(values, "until", errors)
    page = None if errors else audit.events(
        person_id=who.id if who else None, action=values["action"], kind=values["kind"], object_id=values["object"],
        since=since, until=until, cursor=request.args.get("cursor"),
    )
    return render(
        "oa/admin/audit.html", 422 if errors else 200, events=page.items if page else [], values=values, errors=errors,
        head=audit.head(), filtered=any(values.values()),
        next_url=with_query("/admin/audit", {**values, "cursor": page.next}) if page and page.next else "",
    )


@pages.get("/admin/audit/<int:event_id>", permission=_RIGHT)
def view(event_id: int) -> Any:
    event = audit.event(event_id)
    fields = sorted({*(event.before or {}), *(event.after or {})})
    proof, reason = None, ""
    try:
        proof = audit.proof(event_id)
    except OAError as error:
        reason = error.message
    return render("oa/admin/audit_event.html", event=event, fields=fields, proof=proof, reason=reason)


@pages.get("/admin/audit/<int:event_id>/proof", permission=_RIGHT)
def proof(event_id: int) -> Any:
    body = json.dumps(audit.proof(event_id), ensure_ascii=False, indent=1).encode()
    return send_bytes(body, "application/json", f"audit-{event_id}.json")


@pages.post("/admin/audit/verify", permission=_RIGHT)
def verify() -> Any:
    """A POST because it reads the whole record: no link, no prefetch may set it off."""
    return render("oa/admin/audit_verify.html", result=audit.verify())


def _day(values: dict[str, str], name: str, errors: dict[str, list[str]]) -> dt.date | None:
    try:
        return dt.date.fromisoformat(values[name]) if values[name] else None
    except ValueError:
        errors[name] = [_("日期要写作 2026-12-31")]
        return None
