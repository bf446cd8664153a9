"""Departments and posts, by the system administrator."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import clock, identity
from oa_kernel.errors import Invalid, NotFound, OAError

from ..access import Pages
from ..door import person
from ..i18n import gettext as _
from ..rendering import flash, form_errors, redirect, render

pages = Pages("admin_departments", __name__)

_RIGHT = "kernel.departments.manage"
_HOME = "/admin/departments"
KINDS = {"head": "主要负责人", "deputy_head": "副职", "leader": "单位领导", "member": "一般职务"}


@pages.get("/admin/departments", permission=_RIGHT)
def index() -> Any:
    tree = identity.department_tree(active_only=request.args.get("closed") != "1")
    return render(
        "oa/admin/departments.html", tree=tree, deputies=identity.by_ids(d.deputy_id for d in tree if d.deputy_id),
        closed=request.args.get("closed") == "1",
    )


@pages.get("/admin/departments/new", permission=_RIGHT)
def new() -> Any:
    return _form(None, {"parent": request.args.get("parent", "")}, {})


@pages.post("/admin/departments/new", permission=_RIGHT)
def create() -> Any:
    try:
        made = identity.create_department(by=person(), **_sent())
    except Invalid as error:
        return _form(None, request.form, form_errors(error), 422)
    flash(_("已建立“%(n)s”", n=made.name))
    return redirect(f"{_HOME}/{made.id}")


@pages.get("/admin/departments/<int:department_id>", permission=_RIGHT)
def edit(department_id: int) -> Any:
    row = _found(department_id)
    return _form(row, _values(row), {})


def _values(row: Any) -> dict[str, Any]:
    deputy = identity.get(row.deputy_id) if row.deputy_id else None
    return {"name": row.name, "code": row.code, "sort": row.sort, "parent": str(row.parent_id or ""),
            "deputy": deputy.username if deputy else ""}


@pages.post("/admin/departments/<int:department_id>", permission=_RIGHT)
def save(department_id: int) -> Any:
    row = _found(department_id)
    try:
        identity.update_department(row, by=person(), **_sent())
    except OAError as error:
        return _form(_found(department_id), request.form, form_errors(error), 422)
    flash(_("已保存"))
    return redirect(f"{_HOME}/{department_id}")


@pages.post("/admin/departments/<int:department_id>/<any(close, open):what>", permission=_RIGHT)
def switch(department_id: int, what: str) -> Any:
    row = _found(department_id)
    try:
        identity.update_department(row, active=what == "open", by=person())
        flash(_("“%(n)s”已启用", n=row.name) if what == "open" else _("“%(n)s”已停用", n=row.name))
    except OAError as error:
        flash(error.message, "error")
    return redirect(f"{_HOME}/{department_id}")


@pages.post("/admin/departments/<int:department_id>/posts", permission=_RIGHT)
def create_post(department_id: int) -> Any:
    row = _found(department_id)
    form = request.form
    try:
        made = identity.create_post(
            row, form.get("title", ""), kind=form.get("kind", "member"), code=form.get("code", "").strip(), by=person()
        )
    except OAError as error:
        if error.status not in (409, 422):
            raise
        wrong = {f"post-{name}" if name else "": reasons for name, reasons in form_errors(error).items()}
        return _form(row, _values(row), {}, error.status, post=form, post_errors=wrong)
    flash(_("已建立职务“%(t)s”", t=made.title))
    return redirect(f"{_HOME}/{department_id}")


@pages.get("/admin/departments/<int:department_id>/posts/<int:post_id>", permission=_RIGHT)
def edit_post(department_id: int, post_id: int) -> Any:
    row = _post(department_id, post_id)
    return _post_form(row, {"title": row.title, "kind": row.kind, "code": row.code, "sort": row.sort}, {})


@pages.post("/admin/departments/<int:department_id>/posts/<int:post_id>", permission=_RIGHT)
def save_post(department_id: int, post_id: int) -> Any:
    row, form = _post(department_id, post_id), request.form
    sort = form.get("sort", "").strip() or "0"
    try:
        if not sort.lstrip("-").isdecimal() or len(sort) > 6:
            raise Invalid(_("职务有误"), errors={"sort": [_("次序要填整数")]})
        identity.update_post(row, title=form.get("title", ""), kind=form.get("kind", ""), code=form.get("code", ""),
                             sort=int(sort), by=person())
    except OAError as error:
        if error.status not in (409, 422):
            raise
        return _post_form(_post(department_id, post_id), form, form_errors(error), error.status)
    flash(_("已保存"))
    return redirect(f"{_HOME}/{department_id}/posts/{post_id}")


def _post(department_id: int, post_id: int) -> Any:
    """A post of a department, closed ones too."""
    found = next((p for p in identity.all_posts(_found(department_id), active_only=False) if p.id == post_id), None)
    if found is None:
        raise NotFound(_("没有这个职务"))
    return found


def _post_form(row: Any, values: Any, errors: dict[str, list[str]], status: int = 200) -> Any:
    holders = [h for h in identity.holders_in(row.department, clock.today()) if h.post_id == row.id]
    return render("oa/admin/post.html", status, post=row, values=values, errors=errors, kinds=KINDS, holders=holders)


@pages.post("/admin/departments/<int:department_id>/posts/<int:post_id>/<any(close, open):what>", permission=_RIGHT)
def switch_post(department_id: int, post_id: int, what: str) -> Any:
    _post(department_id, post_id)
    try:
        made = identity.update_post(post_id, active=what == "open", by=person())
        flash(_("“%(n)s”已启用", n=made.title) if what == "open" else _("“%(n)s”已停用", n=made.title))
    except OAError as error:
        flash(error.message, "error")
    return redirect(f"{_HOME}/{department_id}")


def _found(department_id: int) -> Any:
    found = identity.department(department_id)
    if found is None:
        raise NotFound(_("没有这个部门"))
    return found


def _sent() -> dict[str, Any]:
    """What the form says. Raises Invalid where a person, a parent or the order is none."""
    form = request.form
    errors: dict[str, list[str]] = {}
    deputy, sort, parent = form.get("deputy", "").strip(), form.get("sort", "").strip() or "0", form.get("parent", "")
    leader = identity.by_username(deputy) if deputy else None
    if deputy and (leader is None or not leader.active):
        errors["deputy"] = [_("没有在用的用户名“%(u)s”", u=deputy)]
    if not sort.lstrip("-").isdecimal() or len(sort) > 6:
        errors["sort"] = [_("次序要填整数")]
    above = identity.department(int(parent)) if parent.isdecimal() else None
    if parent and above is None:
        errors["parent"] = [_("没有这个部门")]
    if errors:
        raise Invalid(_("部门有误"), errors=errors)
    return {"name": form.get("name", ""), "code": form.get("code", "").strip()[:40], "sort": int(sort),
            "deputy": leader, "parent": above}


def _form(row: Any, values: Any, errors: dict[str, list[str]], status: int = 200, *, post: Any = None,
          post_errors: dict[str, list[str]] | None = None) -> Any:
    return render(
        "oa/admin/department.html", status, department=row, values=values, errors=errors, kinds=KINDS,
        post=post or {"kind": "member"}, post_errors=post_errors or {},
        departments=[d for d in identity.department_tree() if row is None or not d.path.startswith(row.path)],
        posts=identity.all_posts(row, active_only=False) if row is not None else [],
    )
