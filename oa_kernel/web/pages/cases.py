"""Cases: what one started, and the page where a case without a plugin's own page is worked on."""

from __future__ import annotations

from typing import Any

from flask import g, request

from oa_kernel import clock, db, forms, workflow
from oa_kernel.errors import Conflict, Invalid, NotFound

from ..access import Pages
from ..door import person
from ..following import case_following, managing
from ..i18n import gettext as _
from ..navigate import next_task_url
from ..rendering import flash, form_errors, redirect, render, with_query
from ..shell import forget_counts
from ..uploads import Upload, read_form
from .choosing import several
from .todo import about, definition_titles, work_url

pages = Pages("cases", __name__)

#: state → word, icon, colour
STATES = {
    "running": ("办理中", "progress", "blue"), "completed": ("已办结", "circle-check", "green"),
    "rejected": ("未通过", "circle-x", "red"), "withdrawn": ("已撤回", "arrow-back-up", "secondary"),
    "cancelled": ("已取消", "ban", "secondary"), "suspended": ("已暂停", "clock-pause", "yellow"),
}
#: action → button, icon, done-word
ACTIONS = {
    "approve": ("同意", "check", "同意"), "return": ("退回", "arrow-back-up", "退回"),
    "reject": ("不同意", "x", "不同意"), "withdraw": ("撤回", "arrow-back", "撤回"),
    "transfer": ("转办", "arrow-forward-up", "转办"), "delegate": ("委托", "users", "委托"),
    "add_sign": ("加签", "user-plus", "加签"), "remove_sign": ("减签", "user-minus", "减签"),
    "circulate": ("传阅", "share", "传阅"), "read": ("已阅", "eye-check", "已阅"), "urge": ("催办", "bell-ringing", "催办"),
    "claim": ("签收", "hand-grab", "签收"), "release": ("放回", "arrow-back", "放回"), "save": ("暂存", "device-floppy", "暂存"),
    "start": ("发起", "send", "发起"), "submit": ("送审", "send", "送审"), "cancel": ("取消", "ban", "取消"),
    "retrieve": ("取回", "arrow-back", "取回"), "pass": ("超期自动通过", "clock-check", "超期自动通过"),
    "escalate": ("超期上报", "arrow-up", "超期上报"), "remind": ("提醒", "bell", "提醒"),
}


@pages.get("/cases", permission="kernel.instances.start")
def mine() -> Any:
    state = request.args.get("state", "")
    state = state if state in STATES else ""
    page = started_by(person(), state=state, cursor=request.args.get("cursor"))
    next_url = with_query("/cases", {"state": state, "cursor": page.next}) if page.next else ""
    return render("oa/cases.html", cases=page.items, states=STATES, state=state, next_url=next_url)


def started_by(who: Any, *, state: str = "", limit: int = 50, cursor: str | None = None) -> db.Page:
    """Cases somebody started, the last first, each with ``url``, ``kind`` and its state's words."""
    page = workflow.started_by(who, state=state, limit=limit, cursor=cursor)
    titles = definition_titles()
    for row in page.items:
        row.url = work_url(row.subject_kind, row.subject_id, row.id)
        row.kind = titles.get(row.definition_name, row.definition_name)
        row.state_word, row.state_icon, row.state_colour = STATES.get(row.state, (row.state, "circle", "secondary"))
    return page


@pages.get("/cases/start", permission="kernel.instances.start")
def choose() -> Any:
    """Kinds of cases one can start here; those a plugin starts from its own pages are left out."""
    startable = [d for d in workflow.definitions() if startable_here(d)]
    return render("oa/case_choose.html", definitions=sorted(startable, key=lambda d: d.title))


def startable_here(definition: Any) -> bool:
    """Whether a case of it can begin without a subject of a plugin."""
    source = str(getattr(definition, "source", ""))
    return not getattr(definition, "subject", "") and not source.startswith("plugin:")


@pages.get("/cases/start/<name>", permission="kernel.instances.start")
def start_form(name: str) -> Any:
    return _start(name, None, {})


@pages.post("/cases/start/<name>", permission="kernel.instances.start", uploads=True)
def start(name: str) -> Any:
    definition = _definition(name)
    form = definition_form(definition)
    upload, given = _sent()
    title = given.get("title", "").strip()
    errors: dict[str, list[str]] = {}
    if not title:
        errors["title"] = [_("请填写标题")]
    elif len(title) > 500:
        errors["title"] = [_("标题最多 500 个字")]
    values: dict[str, Any] = {}
    if form is not None:
        try:
            values = form.validate(given)
        except Invalid as error:
            errors.update(form_errors(error))
    if not errors:
        try:
            with db.transaction():
                made = workflow.start(definition.name, title, values, person(), urgency=given.get("urgency", "")[:20])
                attach_uploads(made.id, person(), upload)
        except (Invalid, Conflict) as error:
            errors = form_errors(error)
        else:
            forget_counts(person().id)
            flash(_("已发起“%(t)s”", t=title))
            return redirect(f"/cases/{made.id}")
    if upload.files:
        errors.setdefault("files", [_("附件请重新选择")])
    return _start(name, given, errors, 422)


def _start(name: str, values: Any, errors: dict[str, list[str]], status: int = 200) -> Any:
    definition = _definition(name)
    form = definition_form(definition)
    return render(
        "oa/case_start.html", status, definition=definition, values=values or {}, errors=errors,
        fields=form.fields(values, errors) if form is not None else [], diagram=workflow.diagram(definition, say=_),
    )


def _sent() -> tuple[Upload, Any]:
    """What the form held, and its fields; of a field that got files the value is their names."""
    upload = read_form()
    for name, stored in upload.files.items():
        upload.fields[name] = "、".join(f.name for f in stored)
    return upload, upload.fields


def attach_uploads(instance_id: int, who: Any, upload: Upload) -> None:
    """The files of a form become the case's: those of a field as its answer, the others beside them."""
    for name, stored in upload.files.items():
        workflow.attach_files(instance_id, [f.id for f in stored], who, field="" if name == "files" else name)


def _with_files(form: Any, schema: Any, kept: Any) -> Any:
    """The form where a file field that got no new file keeps what it had."""
    form = form.copy()
    for name, rule in schema.items():
        if (rule.get("type") == "file" or rule.get("widget") == "file") and not form.get(name):
            form[name] = kept.get(name) or ""
    return form


def _definition(name: str) -> Any:
    try:
        return workflow.definition(name)
    except NotFound:
        raise NotFound(_("没有这个流程，或它已停用")) from None


def definition_form(definition: Any) -> Any:
    """The form of a definition: its own schema, or one registered by name; None where it has none."""
    form = getattr(definition, "form", None)
    if not form:
        return None
    return forms.get(form) if isinstance(form, str) else forms.load(form)


@pages.get("/cases/<int:instance_id>", signed_in=True)
def view(instance_id: int) -> Any:
    return _view(instance_id, {}, {})


def _view(instance_id: int, typed: Any, errors: dict[str, list[str]], status: int = 200) -> Any:
    who = person()
    view = workflow.instance_view(instance_id, who)
    case = workflow.get_instance(instance_id, who)
    if case.drafter_id != who.id:
        g.oa_place = "/todo"  # not among what one has started
    task = workflow.open_task(instance_id, who)
    definition = workflow.definition_of(case)
    form = definition_form(definition)
    step = definition.steps.get(task.step) if task is not None else None
    fields = []
    if form is not None:
        modes = {name: workflow.field_right(definition, step, name) for name in form.schema}
        if task is None or not any(m in ("edit", "required") for m in modes.values()):
            modes = {name: "hidden" if modes[name] == "hidden" else "read" for name in form.schema}
        # what was hidden from them at all their steps stays so once they have nothing to do any more
        modes |= {name: "hidden" for name in form.schema if name in case.form and name not in view["form"]}
        fields = form.fields({**case.form, **({k: typed[k] for k in form.schema if k in typed})}, errors, modes)
    actions = workflow.task_actions(task, who) if task is not None else []
    part = request.args.get("part", "") if request.args.get("part") in PARTS else "act"
    return render(
        "oa/case.html", status, case=case, view=view, task=task, actions=actions, words=ACTIONS, states=STATES,
        fields=fields, errors=errors, typed=typed, definition=definition, part=part,
        attached=workflow.attachments(case, who), came_back=_came_back(view, task),
        first=_at_first_step(definition, task), about=about(case.subject_kind, case.subject_id),
        preview=workflow.next_steps_preview(task, who) if task is not None and "approve" in actions else [],
        phrases=workflow.phrases(who) if task is not None and actions and part == "act" else [],
        targets=workflow.return_targets(task) if task is not None and "return" in actions else [],
        own=[a for a in workflow.instance_actions(case, who) if a != "cancel" or case.drafter_id == who.id],
        asks_people=bool({"transfer", "delegate", "add_sign", "circulate"} & set(actions)), **_part(case, part, who),
    )


def _at_first_step(definition: Any, task: Any) -> bool:
    """Whether approving the task sends off what the drafter wrote."""
    return task is not None and task.kind in ("work", "draft") and task.step == definition.first.id


def _came_back(view: dict[str, Any], task: Any) -> dict[str, Any] | None:
    """The entry of the record that sent the case back to this task."""
    if task is None:
        return None
    here = [t for t in view["trail"] if task.step in (t["step"], t["details"].get("target"))
            and t["action"] not in ("save", "read", "urge", "remind", "circulate")]
    last = here[-1] if here else None
    return last if last and last["action"] == "return" and last["details"].get("target") == task.step else None


PARTS = ("act", "flow", "files", "trail")


def _part(case: Any, part: str, who: Any) -> dict[str, Any]:
    """What is needed for the open part only."""
    if part == "act":
        definition = workflow.definition_of(case)
        return {"urge_again": workflow.urge_again_at(case), "managing": managing(case, who), "now": clock.now(),
                "deadlines": {s.id: workflow.deadline_words(s) for s in definition.steps.values()},
                "manage_url": f"/cases/{case.id}/manage"}
    if part in ("flow", "trail"):
        found = case_following(case, who)
        return {**found, "diagram": workflow.diagram(case, went=found["course"], say=_) if part == "flow" else ""}
    return {"attaching": workflow.may_attach(case, who)}


@pages.post("/cases/<int:instance_id>/act", permission="kernel.tasks.own", uploads=True)
def act(instance_id: int) -> Any:
    """One action on the task of the person: ``action``, ``comment``, ``to``, ``target``, ``resume``, ``version``."""
    upload, form = _sent()
    who = person()
    action = form.get("action", "")
    task_id = form.get("task", "")
    if not task_id.isdigit() or action not in ACTIONS:
        raise Invalid(_("请选择一个动作"))
    case = workflow.get_instance(instance_id, who)
    task = workflow.open_task(instance_id, who)
    definition = workflow.definition_of(case)
    said = "submit" if action == "approve" and _at_first_step(definition, task) else action
    try:
        with db.transaction():
            attach_uploads(instance_id, who, upload)
            workflow.act(int(task_id), action, who, **_options(form, _edited(case, definition, task, form)))
    except Invalid as error:
        return _view(instance_id, form, form_errors(error), 422)
    except Conflict as error:
        flash(error.message, "warning")
        return redirect(f"/cases/{instance_id}")
    forget_counts(who.id)
    workflow.remember_phrase(who, _opinion(form))
    flash(_("%(a)s：已办", a=_(ACTIONS[said][2])))
    if action in ("save", "claim", "release", "circulate", "urge"):
        return redirect(f"/cases/{instance_id}")
    return redirect(next_task_url(who, after=int(task_id)))


def _opinion(form: Any) -> str:
    """What is said: without a script the phrase that was chosen comes by itself."""
    return str(form.get("phrase", "") + form.get("comment", "")).strip()


def _options(form: Any, changed: dict[str, Any]) -> dict[str, Any]:
    version = form.get("version", "")
    options: dict[str, Any] = {"comment": _opinion(form),
                               "version": int(version) if version.isdigit() else None}
    if any(form.getlist("to")):
        options["to"] = [p.id for p in several("、".join(form.getlist("to")), "to")]
    for name in ("target", "resume", "place"):
        if form.get(name):
            options[name] = form[name]
    if changed:
        options["form"] = changed
    return options


def _edited(case: Any, definition: Any, task: Any, form: Any) -> dict[str, Any]:
    """The fields this step lets one edit, as they were sent."""
    schema = definition_form(definition)
    if task is None or schema is None or task.step not in definition.steps:
        return {}
    rights = {name: workflow.field_right(definition, definition.steps[task.step], name) for name in schema.schema}
    editable = {n: {**r, "required": True} if rights[n] == "required" else r
                for n, r in schema.schema.items() if rights[n] in ("edit", "required")}
    return forms.load(editable).validate(_with_files(form, editable, case.form)) if editable else {}


@pages.post("/cases/<int:instance_id>/<any(withdraw, urge, cancel, retrieve):what>", signed_in=True)
def own_action(instance_id: int, what: str) -> Any:
    """What the drafter, or who acted last, may do with the whole case."""
    run = {"withdraw": workflow.withdraw, "urge": workflow.urge, "cancel": workflow.cancel,
           "retrieve": workflow.retrieve}[what]
    try:
        run(instance_id, person(), comment=request.form.get("comment", "").strip())
    except (Conflict, Invalid) as error:
        flash(error.message, "warning")
    else:
        forget_counts(person().id)
        flash(_("%(a)s：已办", a=_(ACTIONS[what][2])))
    return redirect(f"/cases/{instance_id}")
