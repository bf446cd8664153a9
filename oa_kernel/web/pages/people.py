"""The directory: who is who, and how to reach them."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import identity
from oa_kernel.errors import NotFound

from ..access import Pages
from ..downloads import send_bytes
from ..i18n import gettext as _
from ..rendering import is_htmx, render, with_query

pages = Pages("people", __name__)


@pages.get("/people", permission="kernel.people.read")
def index() -> Any:
    q = request.args.get("q", "").strip()[:80]
    department = request.args.get("department", "")
    chosen = int(department) if department.isdigit() else None
    if chosen is not None and identity.department(chosen) is None:
        chosen = None
    page = identity.list_people(q=q, department=chosen, cursor=request.args.get("cursor"), limit=50)
    held = identity.holdings_of([p.id for p in page.items])
    next_url = with_query("/people", {"q": q, "department": chosen or "", "cursor": page.next}) if page.next else ""
    part = is_htmx() and request.args.get("cursor")
    return render(
        "oa/people_rows.html" if part else "oa/people.html", people=page.items, held=held, q=q,
        department=chosen, departments=() if part else identity.department_tree(), next_url=next_url,
    )


@pages.get("/people/<int:person_id>.vcf", permission="kernel.people.read")
def card(person_id: int) -> Any:
    found = identity.get(person_id)
    if found is None or not found.active:
        raise NotFound(_("没有这个人员，或账户已停用"))
    return send_bytes(identity.vcard(found).encode(), "text/vcard", f"{found.name}.vcf")


@pages.get("/people/<int:person_id>", permission="kernel.people.read")
def view(person_id: int) -> Any:
    found = identity.get(person_id)
    if found is None or not found.active:
        raise NotFound(_("没有这个人员，或账户已停用"))
    return render("oa/person.html", someone=found, held=identity.holdings(found))
