"""The permission review, for the security administrator, who acts on it, and the audit administrator, who reads it."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import clock, identity, permissions, sheets

from ..access import Pages
from ..door import person
from ..downloads import send_written
from ..i18n import gettext as _
from ..rendering import redirect_back, render, with_query
from .admin_grants import revoked

pages = Pages("admin_review", __name__)

_OWN, _AUDIT = "/admin/review", "/admin/audit/review"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LIMIT = 20


@pages.get(_OWN, permission="kernel.permissions.review")
def index() -> Any:
    return _people(_OWN)


@pages.get(_AUDIT, permission="kernel.audit.read")
def for_auditors() -> Any:
    return _people(_AUDIT)


@pages.get(f"{_OWN}/unheld", permission="kernel.permissions.review")
def unheld() -> Any:
    return _unheld(_OWN)


@pages.get(f"{_AUDIT}/unheld", permission="kernel.audit.read")
def unheld_for_auditors() -> Any:
    return _unheld(_AUDIT)


@pages.get(f"{_OWN}/export.xlsx", permission="kernel.permissions.review")
def export() -> Any:
    return _export()


@pages.get(f"{_AUDIT}/export.xlsx", permission="kernel.audit.read")
def export_for_auditors() -> Any:
    return _export()


@pages.post(f"{_OWN}/grants/<int:grant_id>/revoke", permission="kernel.grants.manage")
def revoke(grant_id: int) -> Any:
    return revoked(grant_id, _("权限审查")) or redirect_back(_OWN)


def _people(here: str) -> Any:
    values, errors, wanted = _asked()
    page = None if errors else permissions.review(wanted, limit=_LIMIT, cursor=request.args.get("cursor"))
    people = page.items if page else []
    began = permissions.uses_recorded_since()
    grants = [way.grant for one in people for way in one.grants if way.grant is not None]
    return render(
        "oa/admin/review.html", 422 if errors else 200, people=people, values=values, errors=errors, here=here,
        days=wanted.limit_days, recorded_since=began, spoken_scope=permissions.spoken_scope,
        subjects=permissions.subject_titles(grants), roles=permissions.roles(), departments=identity.department_tree(),
        permissions=sorted(permissions.registered().values(), key=lambda p: p.name),
        export_url=with_query(f"{here}/export.xlsx", values), limited=any(values.values()),
        young=began is None or (clock.today() - began).days < wanted.limit_days,
        next_url=with_query(here, {**values, "cursor": page.next}) if page and page.next else "",
    )


def _unheld(here: str) -> Any:
    days = permissions.Wanted().limit_days
    return render("oa/admin/review_unheld.html", found=permissions.unheld(days), days=days, here=here,
                  recorded_since=permissions.uses_recorded_since())


def _export() -> Any:
    values, errors, wanted = _asked()
    count, sheet = 0, permissions.review_sheet(_)

    def write(target: Any) -> None:
        nonlocal count
        count = sheets.write(sheet, permissions.review_rows(wanted, _) if not errors else (), target)

    answer = send_written(write, _XLSX, f"{sheet.title}.xlsx")
    permissions.review_exported(count, wanted, by=person())
    return answer


def _asked() -> tuple[dict[str, str], dict[str, list[str]], permissions.Wanted]:
    args = request.args
    values = {name: args.get(name, "").strip()[:120] for name in ("person", "department", "permission", "role")}
    ticked = {name: args.get(name) == "1" for name in ("unused", "sensitive", "everyone")}
    errors: dict[str, list[str]] = {}
    who = identity.by_username(values["person"]) if values["person"] else None
    if values["person"] and who is None:
        errors["person"] = [_("没有用户名“%(u)s”", u=values["person"])]
    if not (values["department"].isdecimal() and len(values["department"]) < 19):
        values["department"] = ""
    wanted = permissions.Wanted(
        person=who.id if who else None, department=int(values["department"]) if values["department"] else None,
        permission=values["permission"], role=values["role"], **ticked,
    )
    return {**values, **{name: "1" if on else "" for name, on in ticked.items()}}, errors, wanted
