"""The designer of workflows: every change is an operation on the draft's text, by a script's request or a plain form.

The canvas, the forms and the YAML are three views of one text on the server; nothing lives in the browser alone.
Without a script the same forms work, one page a change.
"""

from __future__ import annotations

from typing import Any

from flask import jsonify, request

from oa_kernel import forms, identity, workflow
from oa_kernel.errors import Conflict, Invalid, OAError
from oa_kernel.workflow import drafts, editing, layout
from oa_kernel.workflow.definition import STEP_ACTIONS

from .. import stepform
from ..access import Pages
from ..door import person
from ..i18n import gettext as _
from ..rendering import form_errors, redirect, render, render_to_string, with_query

pages = Pages("admin_workflow_designer", __name__)

_RIGHT = "kernel.workflow.manage"
#: type of a step → word, icon
TYPES = {
    "task": ("办理", "user-check"), "fork": ("分支", "git-branch"), "join": ("汇合", "git-merge"), "subprocess": ("子流程", "sitemap"),
    "service": ("自动环节", "settings"), "timer": ("等候", "clock"), "notify": ("通知", "bell"),
}
#: what a new step of a type says besides its id and title
NEW: dict[str, dict[str, Any]] = {"task": {"people": {"head_of": "drafter"}}, "notify": {"people": "drafter", "message": "请知悉"},
                                  "timer": {"after": "1 days"}}
TABS = {"steps": "环节", "head": "流程", "fields": "表单", "rights": "字段权限", "yaml": "YAML", "trial": "试走"}


@pages.get("/admin/workflows/<name>/edit", permission=_RIGHT)
def edit(name: str) -> Any:
    draft = drafts.get(name, person())
    if request.args.get("part") == "panel":
        return render("oa/admin/workflow_panel.html", **_shown(draft))
    return _page(draft)


def _page(draft: drafts.Draft, errors: dict[str, list[str]] | None = None, typed: str | None = None, status: int = 200) -> Any:
    return render("oa/admin/workflow_edit.html", status, errors=errors or {}, **_shown(draft, typed))


def _shown(draft: drafts.Draft, typed: str | None = None) -> dict[str, Any]:
    """What the page and its panel show; ``typed``: a text that was not kept."""
    data = editing.read(draft.text)
    steps = editing.steps_of(data)
    tab = request.values.get("tab", "steps")
    chosen = request.values.get("step", "")
    step = next((s for s in steps if s["id"] == chosen), None)
    found = drafts.problems(draft)
    return {
        "draft": draft, "name": draft.name, "data": data or {}, "broken": data is None, "steps": steps, "step": step,
        "tab": tab if tab in TABS else "steps", "tabs": TABS, "types": TYPES, "problems": found, "graph": _graph(data, found),
        "ways": editing.ways, "shown_rule": stepform.shown_rule, "choices": stepform.choices(draft.name, data or {}),
        "text": draft.text if typed is None else typed, "here": f"/admin/workflows/{draft.name}/edit",
        "all_actions": STEP_ACTIONS, "field_types": stepform.FIELD_TYPES, "chosen_field": request.values.get("field", ""),
        "title": str((data or {}).get("title") or draft.name), "type_of": lambda s: str(s.get("type") or "task"),
    }


def _graph(data: Any, found: list[Any]) -> dict[str, Any]:
    drawn: dict[str, Any] = layout.graph(data)
    wrong = {p.step: p.level for p in sorted(found, key=lambda p: p.level, reverse=True) if p.step}
    for node in drawn["nodes"]:
        node["wrong"] = wrong.get(node["id"], "")
    return drawn


@pages.post("/admin/workflows/<name>/edit", permission=_RIGHT)
def change(name: str) -> Any:
    """``do``: what to do (see ``_operations``), ``version``: of the draft it is done to."""
    form = request.form
    version = int(form["version"]) if form.get("version", "").isdigit() else -1
    told = request.headers.get("Accept") == "application/json"
    chosen = form.get("step", "")
    try:
        if form.get("do") == "text":
            draft = drafts.save(name, form.get("text", ""), version, person())
        else:
            before = drafts.get(name, person())
            operations, chosen = _operations(form, editing.read(before.text) or {})
            draft = drafts.edit(name, operations, version, person())
    except (Invalid, Conflict) as error:
        if told:
            return jsonify({"message": error.message, "code": error.code, "errors": error.errors, **error.details}), error.status
        return _page(drafts.get(name, person()), form_errors(error), form.get("text") if form.get("do") == "text" else None,
                     error.status)
    if not told:
        tab = form.get("tab", "steps")
        return redirect(with_query(f"/admin/workflows/{name}/edit", {"tab": "" if tab == "steps" else tab, "step": chosen}))
    found, data = drafts.problems(draft), editing.read(draft.text)
    return jsonify({
        "version": draft.version, "text": draft.text, "step": chosen,
        "graph": _graph(data, found) if data is not None else None,  # the last drawing stays while the text cannot be read
        "problems": render_to_string("oa/admin/workflow_problems.html", problems=found, here=f"/admin/workflows/{name}/edit"),
    })


def _operations(form: Any, data: dict[str, Any]) -> tuple[list[dict[str, Any]], str]:
    """What a form asks for, and the step that is shown afterwards."""
    do, ident = form.get("do", ""), form.get("step", "")
    steps = editing.steps_of(data)
    step = next((s for s in steps if s["id"] == ident), {})
    if do == "step":
        operations: list[dict[str, Any]] = [{"op": "step", "id": ident, "values": stepform.step_values(form, step)}]
        new = form.get("id", ident).strip()
        if new != ident:
            operations.append({"op": "rename", "id": ident, "to": new})
        return operations, new
    if do == "add":
        kind = form.get("type", "task")
        made = _free(kind, steps)
        title = form.get("new_title", "").strip() or _(TYPES.get(kind, ("",))[0])
        own = NEW.get(kind, {})
        new_step = {"id": made, "title": title, **({"type": kind} if kind != "task" else {}), **own}
        return [{"op": "add", "step": new_step, **({"from": ident} if step else {})}], made
    if do == "remove":
        return [{"op": "remove", "id": ident}], ""
    if do in ("up", "down"):
        order = [s["id"] for s in steps]
        at = order.index(ident) if ident in order else 0
        before = order[at - 1] if do == "up" and at else order[at + 2] if do == "down" and at + 2 < len(order) else None
        if do == "up" and not at:
            return [], ident
        return [{"op": "move", "id": ident, "before": before}], ident
    if do in ("connect", "disconnect"):
        return [{"op": do, "from": ident, "to": form.get("to", "")}], ident
    if do == "head":
        return [{"op": "head", "values": stepform.head_values(form, data)}], ""
    if do == "field":
        return _field(form, data), ""
    if do == "rights":
        return _rights(form, steps), ""
    raise Invalid(_("不认识的操作"))


def _free(kind: str, steps: list[dict[str, Any]]) -> str:
    """An id nobody has: ``task1``, ``fork1`` …"""
    used = {s["id"] for s in steps}
    stem = "step" if kind == "task" else kind
    return next(f"{stem}{n}" for n in range(1, len(used) + 2) if f"{stem}{n}" not in used)


def _field(form: Any, data: dict[str, Any]) -> list[dict[str, Any]]:
    old, new = form.get("field", ""), form.get("field.name", "").strip()
    if form.get("gone"):
        return [{"op": "field", "name": old, "rule": None}]
    if not new or not new.isidentifier():
        raise Invalid(_("字段名用字母、汉字、数字和下划线，不以数字开头"), errors={"field.name": [_("字段名写法有误")]})
    known = data.get("form") if isinstance(data.get("form"), dict) else {}
    rule = stepform.field_rule(form, known.get(old) if isinstance(known.get(old), dict) else None)
    if not old and new in known:
        raise Invalid(_("字段“%(n)s”已经有了", n=new), errors={"field.name": [_("已经有了")]})
    return [{"op": "field", "name": old or new, "rename": new, "rule": rule}]


def _rights(form: Any, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The matrix of fields and steps: names are ``right:STEP:FIELD``."""
    out: list[dict[str, Any]] = []
    for step in steps:
        sent = {k.split(":", 2)[2]: v for k, v in form.items() if k.startswith(f"right:{step['id']}:")}
        old = step["fields"] if isinstance(step.get("fields"), dict) else {}
        new = {**{k: v for k, v in old.items() if k not in sent}, **{k: v for k, v in sent.items() if v}}
        if sent and new != old:
            out.append({"op": "step", "id": step["id"], "values": {"fields": new or None}})
    return out


@pages.post("/admin/workflows/<name>/trial", permission=_RIGHT)
def trial(name: str) -> Any:
    """Who would get it, as a part of the page (a script) or the whole page."""
    draft = drafts.get(name, person())
    rows: list[dict[str, Any]] = []
    errors: dict[str, list[str]] = {}
    data = editing.read(draft.text) or {}
    drafter = identity.by_username(request.form.get("drafter", "").partition("（")[0].strip())
    if drafter is None or not drafter.active:
        errors = {"drafter": [_("没有这个用户，或已停用")]}
    else:
        try:
            rows = workflow.simulate_text(draft.text, drafter, _values(data))
        except OAError as error:
            errors = form_errors(error)
    values = {**_shown(draft), "tab": "trial", "rows": rows, "trial_errors": errors, "tried": request.form}
    if request.headers.get("HX-Request") == "true":
        return render("oa/admin/workflow_panel.html", **values)
    return render("oa/admin/workflow_edit.html", 422 if errors else 200, errors={}, **values)


def _values(data: dict[str, Any]) -> dict[str, Any]:
    """The form's values as typed, each in its field's type; what is left out is not filled in."""
    out: dict[str, Any] = {}
    fields = data.get("form")
    schema: dict[str, Any] = fields if isinstance(fields, dict) else \
        dict(forms.get(fields).schema) if isinstance(fields, str) else {}
    for name, rule in schema.items():
        said = request.form.get(f"value:{name}", "").strip()
        kind = rule.get("type", "string") if isinstance(rule, dict) else "string"
        if not said:
            continue
        if kind in ("integer", "number", "float"):
            out[name] = stepform.number(said)
            if isinstance(out[name], str):
                raise Invalid(_("“%(n)s”应是数字", n=name), errors={f"value:{name}": [_("应是数字")]})
        elif kind in ("list", "people"):
            out[name] = stepform.words(said)
        elif kind == "boolean":
            out[name] = said in ("true", "1", "是")
        else:
            out[name] = said
    return out
