"""People, by the system administrator: made, changed, given posts, disabled, given a one-time password."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

from flask import request

from oa_kernel import identity, permissions
from oa_kernel.errors import Invalid, NotFound, OAError

from ..access import Pages
from ..door import person
from ..i18n import gettext as _
from ..rendering import flash, form_errors, redirect, render, with_query
from .admin_approvals import waits

pages = Pages("admin_people", __name__)

_RIGHT = "kernel.people.manage"
_FIELDS = ("username", "name", "email", "phone", "mobile")
#: no look-alikes: it is read from paper and typed
_LETTERS = "abcdefghjkmnpqrstuvwxyz"
_CAPITALS = "ABCDEFGHJKMNPQRSTUVWXYZ"
_DIGITS = "23456789"


def one_time_password() -> str:
    """A first password: 14 characters, about 78 bits, three classes."""
    parts = [secrets.choice(_CAPITALS), secrets.choice(_DIGITS), secrets.choice(_LETTERS)]
    parts += [secrets.choice(_LETTERS + _CAPITALS + _DIGITS) for _i in range(11)]
    secrets.SystemRandom().shuffle(parts)
    text = "".join(parts)
    return f"{text[:5]}-{text[5:10]}-{text[10:]}"


@pages.get("/admin/people", permission=_RIGHT)
def index() -> Any:
    args = request.args
    q = args.get("q", "").strip()[:80]
    department = int(args["department"]) if args.get("department", "").isdigit() else None
    if department is not None and identity.department(department) is None:
        department = None
    state = args.get("state", "")
    page = identity.list_people(
        q=q, department=department, active={"all": None, "disabled": False}.get(state, True),
        cursor=args.get("cursor"), limit=50,
    )
    base = {"q": q, "department": department or "", "state": state}
    return render(
        "oa/admin/people.html", people=page.items, held=identity.holdings_of([p.id for p in page.items]), q=q,
        department=department, state=state, departments=identity.department_tree(),
        next_url=with_query("/admin/people", {**base, "cursor": page.next}) if page.next else "",
    )


@pages.get("/admin/people/new", permission=_RIGHT)
def new() -> Any:
    return _new({}, {})


@pages.post("/admin/people/new", permission=_RIGHT)
def create() -> Any:
    form = request.form
    password = one_time_password()
    try:
        made = identity.create_person(
            form.get("username", ""), form.get("name", ""), _department(form.get("department", "")),
            email=form.get("email", ""), phone=form.get("phone", ""), mobile=form.get("mobile", ""),
            password=password, by=person(),
        )
    except Invalid as error:
        return _new(form, form_errors(error), 422)
    return render("oa/admin/one_time_password.html", someone=made, password=password, new=True)


def _new(values: Any, errors: dict[str, list[str]], status: int = 200) -> Any:
    return render("oa/admin/person_new.html", status, values=values, errors=errors,
                  departments=identity.department_tree())


def _department(text: str) -> int | None:
    return int(text) if text.isdigit() else None


@pages.get("/admin/people/<int:person_id>", permission=_RIGHT)
def edit(person_id: int) -> Any:
    return _edit(person_id, None, {})


@pages.post("/admin/people/<int:person_id>", permission=_RIGHT)
def save(person_id: int) -> Any:
    found = _found(person_id)
    form = request.form
    try:
        identity.update_person(
            found, **{name: form.get(name, "") for name in _FIELDS}, department=_department(form.get("department", "")),
            by=person(),
        )
    except Invalid as error:
        return _edit(person_id, form, form_errors(error), 422)
    flash(_("已保存"))
    return redirect(f"/admin/people/{person_id}")


def _edit(person_id: int, values: Any, errors: dict[str, list[str]], status: int = 200, *, given: Any = None,
          given_errors: dict[str, list[str]] | None = None) -> Any:
    found = _found(person_id)
    shown = values if values is not None else {
        **{name: getattr(found, name) for name in _FIELDS}, "department": str(found.department_id or ""),
    }
    return render(
        "oa/admin/person.html", status, someone=found, values=shown, errors=errors,
        departments=identity.department_tree(), held=identity.holdings(found), posts=posts_by_department(),
        given=given or {}, given_errors=given_errors or {}, history=identity.history_of(found),
    )


def posts_by_department() -> list[tuple[Any, list[Any]]]:
    """Active posts in use, by department, for a select; one query."""
    found: dict[int, tuple[Any, list[Any]]] = {}
    for post in identity.all_posts():
        found.setdefault(post.department_id, (post.department, []))[1].append(post)
    return list(found.values())


def _found(person_id: int) -> Any:
    found = identity.get(person_id)
    if found is None:
        raise NotFound(_("没有这个人员"))
    return found


@pages.post("/admin/people/<int:person_id>/posts", permission=_RIGHT)
def assign(person_id: int) -> Any:
    form = request.form
    try:
        post = form.get("post", "")
        if not post.isdecimal():
            raise Invalid(_("请选择职务"), errors={"post": [_("请选择职务")]})
        identity.assign(
            _found(person_id), int(post), main=form.get("main") == "1", acting=form.get("acting") == "1",
            since=day("since"), until=day("until"), by=person(),
        )
    except OAError as error:
        if error.status not in (404, 409, 422):
            raise
        return _edit(person_id, None, {}, error.status, given=form, given_errors=form_errors(error))
    flash(_("已任命"))
    return redirect(f"/admin/people/{person_id}")


def day(field: str) -> dt.date | None:
    """A date of the form, or None where it is empty. Raises Invalid where it is none."""
    text = request.form.get(field, "").strip()
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(_("日期写作 2026-11-24"), errors={field: [_("日期写作 2026-11-24")]}) from None


@pages.post("/admin/people/<int:person_id>/posts/<int:holding>/end", permission=_RIGHT)
def end_post(person_id: int, holding: int) -> Any:
    if holding not in [h.id for h in identity.history_of(_found(person_id))]:
        raise NotFound(_("没有这条任职记录"))
    identity.end_assignment(holding, by=person())
    flash(_("已免去"))
    return redirect(f"/admin/people/{person_id}")


@pages.post("/admin/people/<int:person_id>/<any(disable, enable):what>", permission=_RIGHT)
def switch(person_id: int, what: str) -> Any:
    found = _found(person_id)
    try:
        (identity.disable_person if what == "disable" else identity.enable_person)(found, by=person())
        flash(_("%(n)s的账户已停用，登录和令牌全部失效", n=found.name) if what == "disable"
              else _("%(n)s的账户已启用", n=found.name))
    except OAError as error:
        flash(error.message, "error")
    return redirect(f"/admin/people/{person_id}")


@pages.post("/admin/people/<int:person_id>/password", permission=_RIGHT)
def reset_password(person_id: int) -> Any:
    found = _found(person_id)
    if permissions.administrations(found) and permissions.needs_second_person("accounts.password"):
        try:
            return waits(permissions.submit("accounts.password", {"person": found.id}, by=person()).change)
        except OAError as error:
            flash(error.message, "error")
            return redirect(f"/admin/people/{person_id}")
    password = one_time_password()
    identity.set_password(found, password, by=person(), must_change=True)
    return render("oa/admin/one_time_password.html", someone=found, password=password, new=False)


@pages.post("/admin/people/<int:person_id>/second-factor", permission=_RIGHT)
def remove_second_factor(person_id: int) -> Any:
    found = _found(person_id)
    if permissions.administrations(found) and permissions.needs_second_person("accounts.second_factor"):
        try:
            return waits(permissions.submit("accounts.second_factor", {"person": found.id}, by=person()).change)
        except OAError as error:
            flash(error.message, "error")
            return redirect(f"/admin/people/{person_id}")
    identity.remove_totp(found, by=person())
    flash(_("%(n)s的动态口令已解除，下次登录可重新绑定", n=found.name))
    return redirect(f"/admin/people/{person_id}")
