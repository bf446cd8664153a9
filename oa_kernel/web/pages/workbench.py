"""The first page: three figures that are links, and cards one arranges oneself (without JavaScript too)."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from typing import Any

from flask import request
from markupsafe import Markup

from oa_kernel import builtin, identity, permissions
from oa_kernel.errors import BadRequest

from .. import cards
from ..access import Pages
from ..door import person
from ..rendering import flash, is_htmx, redirect, render
from ..shell import unread

log = logging.getLogger("oa.web")
pages = Pages("workbench", __name__)

WIDTHS = (4, 6, 8, 12)


@dataclass
class Card:
    """A widget as this person has it."""

    name: str
    title: str
    icon: str
    width: int
    hidden: bool
    body: Any = ""


@pages.get("/", signed_in=True)
def index() -> Any:
    who = person()
    arranging = request.args.get("arrange") == "1"
    shown = arranged(who)
    for card in shown:
        if not card.hidden:
            card.body = _body(card.name, who)
    figures = None
    if permissions.allows(who, "kernel.tasks.own"):
        figures = (cards.todo_count(who), cards.due_soon_count(who), unread(who.id))
    return render("oa/workbench.html", cards=shown, arranging=arranging, figures=figures, widths=WIDTHS)


@pages.post("/workbench/arrange", signed_in=True)
def arrange() -> Any:
    """One change (``card`` and ``do``), or a whole new order (``order``: names with commas, by dragging)."""
    who = person()
    now = arranged(who)
    if request.form.get("do") == "reset":
        identity.set_preferences(who, {"widgets": None})
        flash("已恢复默认布局")
        return redirect("/?arrange=1")
    if order := request.form.get("order"):
        wanted = order.split(",")
        now.sort(key=lambda c: wanted.index(c.name) if c.name in wanted else len(wanted))
    else:
        _change(now, request.form.get("card", ""), request.form.get("do", ""))
    identity.set_preferences(
        who, {"widgets": [{"name": c.name, "width": c.width, "hidden": c.hidden} for c in now]}
    )
    if is_htmx() and request.form.get("order"):
        return "", 204
    return redirect("/?arrange=1")


def arranged(who: Any) -> list[Card]:
    """All cards this person may have, in their own order; new ones come last, shown where they are a default."""
    known = {
        w.name: w for w in sorted(builtin.collect("oa_widgets"), key=lambda w: w.order)
        if not w.permission or permissions.allows(who, w.permission)
    }
    saved = (who.preferences or {}).get("widgets")
    out = []
    for entry in saved if isinstance(saved, list) else []:
        widget = known.pop(entry.get("name"), None) if isinstance(entry, dict) else None
        if widget is not None:
            width = entry.get("width") if entry.get("width") in WIDTHS else widget.width
            out.append(Card(widget.name, widget.title, widget.icon, width, bool(entry.get("hidden"))))
    return out + [Card(w.name, w.title, w.icon, w.width, not w.default) for w in known.values()]


def _change(now: list[Card], name: str, do: str) -> None:
    at = next((i for i, c in enumerate(now) if c.name == name), None)
    if at is None:
        raise BadRequest("没有这张卡片，请刷新页面")
    card = now[at]
    if do == "up" and at > 0:
        now[at - 1], now[at] = now[at], now[at - 1]
    elif do == "down" and at < len(now) - 1:
        now[at + 1], now[at] = now[at], now[at + 1]
    elif do in ("hide", "show"):
        card.hidden = do == "hide"
    elif do in ("wider", "narrower"):
        place = WIDTHS.index(card.width) if card.width in WIDTHS else 1
        card.width = WIDTHS[max(0, min(len(WIDTHS) - 1, place + (1 if do == "wider" else -1)))]
    elif do not in ("up", "down"):
        raise BadRequest("不认识的操作")


def _body(name: str, who: Any) -> Any:
    for widget in builtin.collect("oa_widgets"):
        if widget.name == name:
            try:
                return Markup(widget.render(who))
            except Exception:  # a plugin's own code: one card that fails must not take the page with it
                reference = secrets.token_hex(3).upper()
                log.exception("reference %s: widget %s failed", reference, name)
                return Markup('<p class="text-secondary m-3">这张卡片暂时无法显示（编号 {}）</p>').format(reference)
    return ""
