"""One's own phrases for opinions."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import runtime, workflow
from oa_kernel.errors import Invalid

from ..access import Pages
from ..door import person
from ..i18n import gettext as _
from ..rendering import flash, form_errors, redirect, redirect_back, render

pages = Pages("opinions", __name__)


@pages.get("/profile/phrases", permission="kernel.tasks.own")
def index() -> Any:
    return _page("", {})


def _page(typed: str, errors: dict[str, list[str]], status: int = 200) -> Any:
    return render("oa/profile_phrases.html", status, tab="phrases", kept=workflow.kept_phrases(person()), typed=typed, errors=errors,
                  common=runtime.current().config["organisation"]["phrases"])


@pages.post("/profile/phrases", permission="kernel.tasks.own")
def change() -> Any:
    """Keeps ``text``, or with ``forget`` takes it away."""
    text = request.form.get("text", "")
    if request.form.get("forget"):
        workflow.forget_phrase(person(), text)
        flash(_("已删除常用语“%(t)s”", t=text))
        return redirect_back("/profile/phrases")
    try:
        workflow.keep_phrase(person(), text)
    except Invalid as error:
        return _page(text, form_errors(error), 422)
    flash(_("已保存常用语"))
    return redirect("/profile/phrases") if request.form.get("here") else redirect_back("/profile/phrases")
