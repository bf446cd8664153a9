"""Which messages travel how, as each person likes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from oa_kernel import audit, db
from oa_kernel.errors import Invalid, NotFound
from oa_kernel.identity.models import Person

from .send import channels, kinds, wanted


def preferences(person: Any) -> list[dict[str, Any]]:
    """A row for each kind: ``{kind, title, channels: [{name, title, on, fixed}]}``; the inbox is always on."""
    own = _load(person).preferences
    rows = []
    for kind in kinds().values():
        chosen = wanted(kind.name, own)
        rows.append({"kind": kind.name, "title": kind.title, "channels": [
            {"name": "inbox", "title": "站内消息", "on": True, "fixed": True},
            *({"name": c.name, "title": c.title, "on": c.name in chosen, "fixed": False} for c in channels().values()),
        ]})
    return rows


def set_preferences(person: Any, chosen: Mapping[str, Iterable[str]], by: Any = None) -> None:
    """Sets the channels of the kinds named; other kinds stay.

    :raises Invalid: for a kind or a channel that is not known.
    """
    known = {"inbox", *channels()}
    wanted_now: dict[str, list[str]] = {}
    for kind, names in chosen.items():
        names = set(names) | {"inbox"}
        if kind not in kinds():
            raise Invalid(f"没有 {kind} 这种消息")
        if unknown := names - known:
            raise Invalid(f"没有这样的送达方式：{'、'.join(sorted(unknown))}")
        wanted_now[kind] = sorted(names)
    with db.transaction():
        row = _load(person, lock=True)
        before = dict(row.preferences.get("channels") or {})
        after = {**before, **wanted_now}
        if after == before:
            return
        Person.update(preferences={**row.preferences, "channels": after}).where(Person.id == row.id).execute()
        audit.record(
            "person.channels_changed", "person", row.id, title=row.name, before=before, after=after, by=by or row
        )


def _load(person: Any, *, lock: bool = False) -> Person:
    query = Person.select().where(Person.id == (person if isinstance(person, int) else person.id))
    row = (db.lock_rows(query) if lock else query).first()
    if row is None:
        raise NotFound("没有这个人员")
    return row
