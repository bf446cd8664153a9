"""The one blueprint of the plugin, and what its pages share."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import web

pages = web.Pages("documents", __name__)

STATE_WORDS = {
    "draft": ("草稿", "pencil", "secondary"),
    "reviewing": ("审核中", "progress", "blue"),
    "signed": ("已成文", "rubber-stamp", "green"),
    "dispatched": ("已分发", "send", "green"),
    "archived": ("已归档", "archive", "secondary"),
    "voided": ("已作废", "ban", "red"),
}

#: what became of its force
STANDING_WORDS = {
    "withdrawn": ("已撤销", "circle-x", "red"),
    "repealed": ("已废止", "circle-minus", "red"),
    "replaced": ("已被代替", "switch-horizontal", "orange"),
}

#: what somebody asks for
ASKING_WORDS = {
    "withdrawn": ("撤销", "circle-x", "red"),
    "repealed": ("废止", "circle-minus", "red"),
    "replaced": ("代替", "switch-horizontal", "orange"),
}

DISPATCH_WORDS = {
    "sent": ("已发出", "send", "blue"),
    "delivered": ("已送达", "mail-opened", "blue"),
    "signed_for": ("已签收", "check", "green"),
    "overdue": ("逾期未签收", "alert-triangle", "orange"),
    "failed": ("发送失败", "x", "red"),
    "refused": ("被退文", "arrow-back-up", "red"),
    "recalled": ("已撤回", "arrow-back-up", "secondary"),
}


def standing_words(document: Any) -> str:
    """What became of its force, in the reader's language; empty for what is in force."""
    day = document.standing_on
    if not document.standing or (day is None and document.standing != "withdrawn"):
        return ""
    if document.standing == "withdrawn":
        return web.gettext("已撤销，自始无效")
    date = {"y": day.year, "m": day.month, "d": day.day}
    if document.standing == "repealed":
        return web.gettext("自%(y)s年%(m)s月%(d)s日起废止", **date)
    return web.gettext("自%(y)s年%(m)s月%(d)s日起由%(n)s代替", n=document.replaced_by_number, **date)


def kind_word(name: str) -> str:
    """A 文种 in the reader's language. Its texts have ids of their own: 通知 on a button is to notify, as a kind it is a notice."""
    said = web.gettext(f"文种·{name}")
    return name if said.startswith("文种·") else said


def filters(*names: str) -> dict[str, str]:
    """Filters of a list from the query string."""
    return {name: request.args.get(name, "").strip() for name in names}


def render(template: str, _status: int = 200, **values: Any) -> Any:
    """A page with the words of states at hand."""
    return web.render(
        f"oa_documents/{template}", _status, state_words=STATE_WORDS, dispatch_words=DISPATCH_WORDS,
        standing_words=STANDING_WORDS, asking_words=ASKING_WORDS, standing_of=standing_words,
        kind_word=kind_word, **values
    )
