"""Workflow definitions, by who manages them: which there are, their versions, what is different, begun and put into force."""

from __future__ import annotations

from typing import Any

from flask import request
from werkzeug.wrappers import Response

from oa_kernel import workflow
from oa_kernel.errors import Conflict, Invalid, NotFound, OAError
from oa_kernel.workflow import comparing, drafts

from ..access import Pages
from ..door import person
from ..i18n import gettext as _
from ..rendering import flash, form_errors, redirect, render

pages = Pages("admin_workflows", __name__)

_RIGHT = "kernel.workflow.manage"
CHANGES = {"added": ("新增", "circle-plus", "green"), "removed": ("删去", "circle-minus", "red"),
           "changed": ("修改", "pencil", "blue"), "moved": ("移动", "switch-horizontal", "secondary")}


def source_words(source: str) -> str:
    """Where a definition comes from, in words."""
    if source.startswith("plugin:"):
        return _("插件 %(n)s", n=source.removeprefix("plugin:"))
    return {"folder": _("本单位的文件"), "published": _("本单位发布")}.get(source, source)


@pages.get("/admin/workflows", permission=_RIGHT)
def index() -> Any:
    alive, begun = drafts.alive_counts(), drafts.listing()
    rows = workflow.definitions()
    known = {d.name for d in rows}
    return render("oa/admin/workflows.html", definitions=rows, alive=alive, drafts=begun, source=source_words,
                  only_drafts=[d for d in begun.values() if d.name not in known])


@pages.get("/admin/workflows/new", permission=_RIGHT)
def new() -> Any:
    source = request.args.get("copy", "")
    title = next((d.title for d in workflow.definitions() if d.name == source), "")
    values = {"copy_of": source if title else "", "title": _("%(t)s（副本）", t=title) if title else ""}
    return _new(values, {})


@pages.post("/admin/workflows/new", permission=_RIGHT)
def create() -> Any:
    form = request.form
    try:
        made = drafts.begin(form.get("name", ""), form.get("title", ""), person(), copy_of=form.get("copy_of", ""))
    except Invalid as error:
        return _new(form, form_errors(error), 422)
    return redirect(f"/admin/workflows/{made.name}/edit")


def _new(values: Any, errors: dict[str, list[str]], status: int = 200) -> Any:
    return render("oa/admin/workflow_new.html", status, values=values, errors=errors, definitions=workflow.definitions())


@pages.get("/admin/workflows/<name>", permission=_RIGHT)
def view(name: str) -> Any:
    found = drafts.versions(name)
    draft = drafts.get(name, person())
    current = next((v["row"] for v in found if v["row"].current), None)
    return render("oa/admin/workflow.html", name=name, versions=found, draft=draft, current=current, source=source_words,
                  diagram=workflow.diagram(workflow.definition(name), say=_) if current is not None else "")


@pages.get("/admin/workflows/<name>/versions/<int:row_id>.yaml", permission=_RIGHT)
def text(name: str, row_id: int) -> Any:
    answer = Response(drafts.version_text(name, row_id), mimetype="text/plain")
    answer.headers["Content-Disposition"] = f'inline; filename="{name}.yaml"'
    return answer


@pages.get("/admin/workflows/<name>/compare", permission=_RIGHT)
def compare(name: str) -> Any:
    """``from`` and ``to``: ids of versions, or ``draft``."""
    found = drafts.versions(name)
    ids = [str(v["row"].id) for v in found]
    draft = drafts.get(name, person())
    options = ([("draft", _("草稿（第 %(n)s 稿）", n=draft.version))] if draft.version else []) + [
        (i, _("第 %(n)s 版", n=v["row"].version) + f" · {v['row'].published_at:%Y-%m-%d}") for i, v in zip(ids, found, strict=True)]
    known = [value for value, _word in options]
    to = request.args.get("to", known[0] if known else "")
    before = request.args.get("from", known[1] if len(known) > 1 else to)
    if to not in known or before not in known:
        raise NotFound(_("没有这个版本"))
    old, new = (draft.text if one == "draft" else drafts.version_text(name, int(one)) for one in (before, to))
    return render("oa/admin/workflow_compare.html", name=name, options=options, before=before, to=to,
                  changes=comparing.stepwise(old, new), lines=comparing.lines(old, new), kinds=CHANGES)


@pages.get("/admin/workflows/<name>/publish", permission=_RIGHT)
def confirm(name: str) -> Any:
    return _confirm(name, {})


def _confirm(name: str, errors: dict[str, list[str]], status: int = 200) -> Any:
    draft = drafts.get(name, person())
    if not draft.version:
        flash(_("没有未发布的改动"), "info")
        return redirect(f"/admin/workflows/{name}")
    found = drafts.versions(name)
    current = next((v["row"] for v in found if v["row"].current), None)
    problems = drafts.problems(draft)
    wrong = any(p.level == "error" for p in problems)
    old = drafts.version_text(name, current.id) if current is not None else ""
    new = draft.text if wrong else drafts.to_publish(draft)
    return render(
        "oa/admin/workflow_publish.html", status, name=name, draft=draft, current=current, problems=problems, wrong=wrong,
        changes=comparing.stepwise(old, new), lines=comparing.lines(old, new), kinds=CHANGES, errors=errors,
        source=source_words, alive=sum(v["alive"] for v in found), next_version=None if wrong else _version(new))


def _version(text: str) -> int:
    from oa_kernel.workflow import editing

    return int((editing.read(text) or {}).get("version", 1))


@pages.post("/admin/workflows/<name>/publish", permission=_RIGHT)
def publish(name: str) -> Any:
    version = request.form.get("version", "")
    try:
        made = drafts.publish(name, int(version) if version.isdigit() else 0, person())
    except (Invalid, Conflict) as error:
        return _confirm(name, form_errors(error), error.status)
    flash(_("已发布“%(t)s”第 %(n)s 版，新发起的事项按它办理", t=made.title, n=made.version))
    return redirect(f"/admin/workflows/{name}")


@pages.post("/admin/workflows/<name>/discard", permission=_RIGHT)
def discard(name: str) -> Any:
    try:
        drafts.discard(name, person())
        flash(_("草稿已放弃"))
    except OAError as error:
        flash(error.message, "error")
    known = any(d.name == name for d in workflow.definitions())
    return redirect(f"/admin/workflows/{name}" if known else "/admin/workflows")
