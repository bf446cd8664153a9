"""What who manages workflows does with a case: each act on a page that says what it does and asks for the reason."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import workflow
from oa_kernel.errors import Conflict, Invalid, NotFound, OAError

from ..access import Pages
from ..door import person
from ..following import MANAGE, MANAGING, managing
from ..i18n import gettext as _
from ..rendering import flash, form_errors, redirect, render, safe_target
from ..shell import forget_counts
from .choosing import several

pages = Pages("case_manage", __name__)

_RULE = "/cases/<int:instance_id>/manage/<any(suspend, resume, jump, skip, terminate, reopen):act>"


@pages.get(_RULE, permission=MANAGE)
def form(instance_id: int, act: str) -> Any:
    case = workflow.get_instance(instance_id, person())
    if act not in [a for a, _word, _icon in managing(case, person())]:
        flash(_("事项现在的状态不能“%(a)s”", a=_(MANAGING[act][0])), "warning")
        return redirect(f"/cases/{instance_id}")
    return _form(case, act, {}, {})


def _form(case: Any, act: str, typed: Any, errors: dict[str, list[str]], status: int = 200) -> Any:
    definition = workflow.definition_of(case)
    went = workflow.course(case)
    word, icon, explained = MANAGING[act]
    steps = _steps(definition, act, went)
    chosen = steps[0][0] if steps and act == "skip" else ""
    return render(
        "oa/case_manage.html", status, case=case, definition=definition, act=act, word=word, icon=icon, explained=explained,
        steps=steps, chosen=chosen, typed=typed, errors=errors, diagram=workflow.diagram(case, went=went, say=_),
        back=safe_target(request.values.get("next"), f"/cases/{case.id}"),
    )


def _steps(definition: Any, act: str, went: Any) -> list[tuple[str, str]]:
    """(step, title) one may choose from; empty where none is asked for."""
    if act == "skip":
        return [(p.step, p.title) for p in went.passages if p.state == "current"]
    if act == "jump":
        named = [(s.id, s.title) for s in definition.steps.values() if s.type != "join"]
        return [("", _("请选择")), *named, ("end", _("结束（办结）"))]
    if act == "reopen":
        return [("", _("最后办理的环节")), *((s.id, s.title) for s in definition.steps.values() if s.type == "task")]
    return []


@pages.post(_RULE, permission=MANAGE)
def do(instance_id: int, act: str) -> Any:
    who, sent = person(), request.form
    comment, target = sent.get("comment", "").strip()[:2000], sent.get("target", "")
    try:
        if act == "jump":
            to = [p.id for p in several(sent.get("to", ""), "to")]
            workflow.jump(instance_id, target, who, comment, to=to)
        elif act == "skip":
            workflow.skip(instance_id, target, who, comment)
        elif act == "reopen":
            workflow.reopen(instance_id, who, comment, target)
        elif act == "terminate":
            if not comment:
                raise Invalid(_("终止要写明理由"), errors={"comment": [_("终止要写明理由")]})
            workflow.cancel(instance_id, who, comment)
        else:
            {"suspend": workflow.suspend, "resume": workflow.resume}[act](instance_id, who, comment)
    except NotFound:
        raise
    except Conflict as error:
        flash(error.message, "warning")
        return redirect(f"/cases/{instance_id}")
    except OAError as error:
        if error.status != 422:
            raise
        return _form(workflow.get_instance(instance_id, who), act, sent, form_errors(error), 422)
    forget_counts(who.id)
    flash(_("%(a)s：已办", a=_(MANAGING[act][0])))
    return redirect(safe_target(sent.get("next"), f"/cases/{instance_id}"))
