"""The directory: who is who, how to reach them, as vCards too, and what the pickers of people and departments ask."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import current_app, json, request
from werkzeug.wrappers import Response

from oa_kernel import clock, identity, permissions

from ..access import Pages
from ..door import person
from ..downloads import send_bytes
from ..i18n import gettext as _
from ..rendering import is_htmx, render, with_query

pages = Pages("people", __name__)

_RIGHT = "kernel.people.read"
#: what somebody's pickers may ask in a minute, and how many downloads of many cards
_PICKS, _CARDS = 240, 10


@pages.get("/people", permission=_RIGHT)
def index() -> Any:
    q, chosen = _filter()
    page = identity.contacts(person(), q=q, department=chosen, cursor=request.args.get("cursor"), limit=50)
    held = identity.holdings_of([p.id for p in page.items])
    base = {"q": q, "department": chosen or ""}
    part = is_htmx() and request.args.get("cursor")
    return render(
        "oa/people_rows.html" if part else "oa/people.html", people=page.items, held=held, q=q,
        mobile=identity.mobile_shown(person()), department=chosen,
        departments=() if part else identity.department_tree(), cards_url=with_query("/people.vcf", base),
        next_url=with_query("/people", {**base, "cursor": page.next}) if page.next else "",
    )


def _filter() -> tuple[str, int | None]:
    q = request.args.get("q", "").strip()[:80]
    department = request.args.get("department", "")
    chosen = int(department) if department.isdecimal() and len(department) < 16 else None
    if chosen is not None and identity.department(chosen) is None:
        chosen = None
    return q, chosen


@pages.get("/people.vcf", permission=_RIGHT)
def cards() -> Any:
    _often(f"cards{person().id}", _CARDS)
    q, chosen = _filter()
    text = "".join(identity.cards(person(), q=q, department=chosen))
    return send_bytes(text.encode(), "text/vcard", f"{_('通讯录')}.vcf")


@pages.get("/people/<int:person_id>.vcf", permission=_RIGHT)
def card(person_id: int) -> Any:
    found, text = identity.card(person(), person_id)
    return send_bytes(text.encode(), "text/vcard", f"{found.name}.vcf")


@pages.get("/people/<int:person_id>", permission=_RIGHT)
def view(person_id: int) -> Any:
    found = identity.person_page(person(), person_id)
    grants = None
    if permissions.by_right(person(), "kernel.grants.manage"):
        grants = permissions.list_grants(subject=found["someone"], limit=20).items
    return render("oa/person.html", grants=grants, roles=permissions.roles(), begins=permissions.begins,
                  ends=permissions.ends, phase=permissions.phase, **found)


@pages.get("/people/departments/<int:department_id>", permission=_RIGHT)
def holders(department_id: int) -> Any:
    """``on``: a day; left out: today; ``all``: everybody who ever held a post here."""
    asked = request.args.get("on", "").strip()
    errors: dict[str, list[str]] = {}
    day: dt.date | None = clock.today()
    if asked == "all":
        day = None
    elif asked:
        try:
            day = dt.date.fromisoformat(asked)
        except ValueError:
            errors["on"] = [_("日期写作 2026-11-24")]
    found = identity.holders_seen(person(), department_id, day)
    return render("oa/holders.html", 422 if errors else 200, day=day, asked=asked, errors=errors, **found)


@pages.get("/people/pick", permission=_RIGHT)
def pick() -> Any:
    """``q``: what was typed; ``cursor``; or ``is`` (several): user names chosen already. JSON."""
    _often(f"pick{person().id}", _PICKS)
    if chosen := request.args.getlist("is"):
        return _json({"items": identity.picked(person(), chosen), "next": None})
    return _json(identity.pick(person(), request.args.get("q", ""), cursor=request.args.get("cursor")))


@pages.get("/people/pick-department", signed_in=True)
def pick_department() -> Any:
    """The same for departments; ``is``: their ids."""
    _often(f"pick{person().id}", _PICKS)
    ids = [int(i) for i in request.args.getlist("is") if i.isdecimal() and len(i) < 16]
    return _json(identity.pick_department(request.args.get("q", ""), ids=ids, cursor=request.args.get("cursor")))


def _often(key: str, most: int) -> None:
    current_app.config["OA_LIMITER"].hit(key, most, _("操作过于频繁，请稍后再试"))


def _json(value: dict[str, Any]) -> Response:
    return Response(json.dumps(value, ensure_ascii=False), mimetype="application/json")
