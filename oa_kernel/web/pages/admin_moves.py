"""Somebody moves, by the system administrator: chosen, looked at, done, and told what changed."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import identity, permissions
from oa_kernel.errors import Invalid, NotFound, OAError

from .. import moving
from ..access import Pages
from ..door import person
from ..i18n import gettext as _
from ..rendering import form_errors, render
from .admin_people import day, posts_by_department

pages = Pages("admin_moves", __name__)

_RIGHT = moving.MANAGE


@pages.get("/admin/people/<int:person_id>/move", permission=_RIGHT)
def choose(person_id: int) -> Any:
    found = _found(person_id)
    return _form(found, {"department": str(found.department_id or "")}, {})


@pages.post("/admin/people/<int:person_id>/move", permission=_RIGHT)
def move(person_id: int) -> Any:
    """``step``: ``preview`` or ``do`` (with ``version``: the person's as the preview showed it), else back to the form."""
    found = _found(person_id)
    form = request.form
    if form.get("step") not in ("preview", "do"):
        return _form(found, form, {})
    try:
        plan = _plan()
        if form["step"] == "do":
            version = form.get("version", "")
            outcome = moving.move(found, plan, version=int(version) if version.isdecimal() else -1, by=person())
            return render("oa/admin/moved.html", someone=identity.get(person_id), outcome=outcome, moved=outcome.moved,
                          roles=permissions.roles(), done=True)
        outcome = moving.preview(found, plan, by=person())
    except OAError as error:
        if error.status not in (404, 409, 422):
            raise
        return _form(found, form, form_errors(error), error.status)
    sent = [(name, value) for name, value in form.items(multi=True) if name not in ("_csrf", "step", "version")]
    return render("oa/admin/moved.html", someone=found, outcome=outcome, moved=outcome.moved, roles=permissions.roles(),
                  done=False, sent=sent, version=outcome.moved.person.version)


def _plan() -> moving.Plan:
    form = request.form
    errors: dict[str, list[str]] = {}
    department = form.get("department", "")
    if not department.isdecimal():
        errors["department"] = [_("请选择新的部门")]
    to = form.get("to", "").strip()
    successor = identity.by_username(to) if to else None
    if to and successor is None:
        errors["to"] = [_("没有在用的用户名“%(u)s”", u=to)]
    if errors:
        raise Invalid(_("调动有误"), errors=errors)
    return moving.Plan(
        department=int(department), posts=[int(p) for p in form.getlist("posts") if p.isdecimal()],
        keep=[int(p) for p in form.getlist("keep") if p.isdecimal()], on=day("on"), successor=successor,
        reason=form.get("reason", "").strip()[:500],
    )


def _found(person_id: int) -> Any:
    found = identity.get(person_id)
    if found is None or not found.active:
        raise NotFound(_("没有这个人员，或账户已停用"))
    return found


def _form(found: Any, values: Any, errors: dict[str, list[str]], status: int = 200) -> Any:
    many = values.getlist if hasattr(values, "getlist") else lambda _name: []
    return render(
        "oa/admin/move.html", status, someone=found, values=values, errors=errors, chosen=many("posts"),
        kept=many("keep"), held=identity.holdings(found), departments=identity.department_tree(),
        posts=posts_by_department(), open_work=moving.open_work(found, person()),
    )
