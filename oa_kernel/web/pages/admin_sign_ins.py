"""The sign-in log, for the security and the audit administrator; each by a permission of their own."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import request

from oa_kernel import identity

from ..access import Pages
from ..i18n import gettext as _
from ..rendering import render, with_query

pages = Pages("admin_sign_ins", __name__)


@pages.get("/admin/sign-ins", permission="kernel.sign_ins.read")
def index() -> Any:
    return _log("/admin/sign-ins")


@pages.get("/admin/audit/sign-ins", permission="kernel.audit.read")
def for_auditors() -> Any:
    return _log("/admin/audit/sign-ins")


def _log(here: str) -> Any:
    values = {name: request.args.get(name, "").strip()[:80] for name in ("person", "result", "since", "until")}
    errors: dict[str, list[str]] = {}
    who = identity.by_username(values["person"]) if values["person"] else None
    if values["person"] and who is None:
        errors["person"] = [_("没有用户名“%(u)s”", u=values["person"])]
    if values["result"] not in ("failed", *identity.SIGN_IN_RESULTS):
        values["result"] = ""
    since, until = _day(values, "since", errors), _day(values, "until", errors)
    page = None if errors else identity.sign_ins(
        person_id=who.id if who else None, result=values["result"], since=since, until=until,
        cursor=request.args.get("cursor"),
    )
    rows = page.items if page else []
    return render(
        "oa/admin/sign_ins.html", 422 if errors else 200, rows=rows, values=values, errors=errors, here=here,
        results=identity.SIGN_IN_RESULTS, people=identity.by_ids(r.person_id for r in rows if r.person_id),
        next_url=with_query(here, {**values, "cursor": page.next}) if page and page.next else "",
    )


def _day(values: dict[str, str], name: str, errors: dict[str, list[str]]) -> dt.date | None:
    try:
        return dt.date.fromisoformat(values[name]) if values[name] else None
    except ValueError:
        errors[name] = [_("日期要写作 2026-12-31")]
        return None
