"""Which items somebody sees, and the board: each list one indexed query for its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oa_kernel import clock, db, identity, permissions
from oa_kernel.errors import BadRequest, NotFound

from .. import rights
from ..models import Feedback, Involved, Item, Stage
from . import lights

LIGHTS = ("red", "yellow", "green", "done", "cancelled")


def visible(query: Any, person: Any) -> Any:
    """``query`` over Item, limited to what the person may see: by right and scope, by department, or as who answers."""
    ways = Item.person_id == person.id
    own = identity.departments_of(person)
    if own:
        ways = ways | Item.id.in_(Involved.select(Involved.item).where(Involved.department_id.in_(own)))
    return permissions.restrict(query, person, rights.READ, owner=Item.created_by_id, department=Item.department_id, also=ways)


def get(person: Any, item_id: Any) -> Item:
    """The item, or NotFound where it is not there or not to be seen."""
    number = int(item_id) if str(item_id).isascii() and str(item_id).isdigit() else 0
    found = visible(Item.select(), person).where(Item.id == number).first() if 0 < number < 2**63 else None
    if found is None:
        raise NotFound("没有这件督办事项，或者您不能查看它")
    return found


def board(person: Any, filters: Mapping[str, Any], *, limit: int = 50, cursor: str | None = None) -> db.Page:
    """A page of items, the one that is due first on top; of closed ones the last due first.

    :param filters: ``light`` (``red`` | ``yellow`` | ``green`` | ``done`` | ``cancelled``; left out: all open ones),
        ``department`` (its name), ``q`` (part of the title).
    """
    light = str(filters.get("light") or "")
    if light and light not in LIGHTS:
        raise BadRequest(f"light 可用：{'、'.join(LIGHTS)}")
    query = visible(Item.select(), person)
    closed = light in ("done", "cancelled")
    query = query.where(Item.state == (light if closed else "open"))
    today = clock.today()
    if light == "red":
        query = query.where(Item.due_on < today)
    elif light == "yellow":
        query = query.where(Item.due_on >= today, Item.due_on <= lights.yellow_until())
    elif light == "green":
        query = query.where(Item.due_on > lights.yellow_until())
    if name := str(filters.get("department") or "").strip():
        query = query.where(Item.department_name == name)
    if q := str(filters.get("q") or "").strip():
        query = query.where(Item.title.contains(q))
    keys = [Item.due_on.desc(), Item.id.desc()] if closed else [Item.due_on, Item.id]
    return db.page(query, keys, limit=limit, cursor=cursor)


def counts(person: Any) -> dict[str, int]:
    """How many open items there are of each light, in one query; counted to 1,000."""
    today, soon = clock.today(), lights.yellow_until()
    found = {"red": 0, "yellow": 0, "green": 0}
    for (due_on,) in visible(Item.select(Item.due_on), person).where(Item.state == "open").limit(1000).tuples():
        found["red" if due_on < today else "yellow" if due_on <= soon else "green"] += 1
    return found


def details(item: Item) -> dict[str, Any]:
    """Departments, stages and feedback of an item."""
    return {
        "involved": list(Involved.select().where(Involved.item == item.id).order_by(Involved.lead.desc(), Involved.id)),
        "stages": list(Stage.select().where(Stage.item == item.id).order_by(Stage.position)),
        "feedback": list(Feedback.select().where(Feedback.item == item.id).order_by(Feedback.id.desc()).limit(200)),
    }


def search(person: Any, q: str, limit: int) -> list[dict[str, Any]]:
    """For the one search box."""
    page = board(person, {"q": q}, limit=limit)
    return [{"title": i.title, "url": f"/supervision/{i.id}", "at": i.created_at, "icon": "flag",
             "snippet": f"{i.department_name}　{i.due_on}"} for i in page.items]
