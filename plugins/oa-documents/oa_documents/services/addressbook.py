"""Outside organisations documents are sent to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from oa_kernel import audit, crypto, db
from oa_kernel.errors import Invalid, NotFound

from .. import rights
from ..models import Organisation

RANKS = {"above": "上级", "equal": "平级", "below": "下级"}
_EMAIL = re.compile(r"^[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+$|^[^@\s,;<>]+@localhost$")
_FIELDS = ("name", "rank", "email", "phone", "address", "contact", "active", "fax", "certificate")


def is_email(text: str) -> bool:
    """Does it look like one e-mail address?"""
    return bool(_EMAIL.match(text))


def organisations(q: str = "", *, active_only: bool = True, limit: int = 200) -> list[Organisation]:
    """Organisations whose name contains ``q``."""
    query = Organisation.select().order_by(Organisation.name).limit(limit)
    if active_only:
        query = query.where(Organisation.active)
    if q:
        query = query.where(Organisation.name.contains(q))
    return list(query)


def page(q: str = "", *, limit: int = 50, cursor: str | None = None) -> db.Page:
    """A page of the organisations in use whose name contains ``q``, by name."""
    query = Organisation.select().where(Organisation.active)
    if q:
        query = query.where(Organisation.name.contains(q))
    return db.page(query, [Organisation.name, Organisation.id], limit=limit, cursor=cursor)


def get(organisation_id: int) -> Organisation:
    """One organisation, or NotFound."""
    found = Organisation.get_or_none(Organisation.id == organisation_id)
    if found is None:
        raise NotFound("地址簿里没有这个单位")
    return found


def save(data: Mapping[str, Any], by: Any, organisation: Organisation | None = None) -> Organisation:
    """Makes or changes an entry."""
    rights.require(by, rights.ADDRESSES)
    values = {k: (v.strip() if isinstance(v, str) else v) for k, v in data.items() if k in _FIELDS}
    errors: dict[str, list[str]] = {}
    name = values.get("name", organisation.name if organisation else "")
    if not name:
        errors["name"] = ["请填写单位名称"]
    if values.get("email") and not is_email(values["email"]):
        errors["email"] = [f"不是邮箱地址：{values['email']}"]
    if values.get("certificate"):
        from .. import envelope

        try:
            values["certificate"] = crypto.certificate.pem(envelope.certificate_of(values["certificate"]).raw)
        except Invalid as error:
            errors["certificate"] = [error.message]
    if values.get("fax") and not re.fullmatch(r"[+\d][\d\s()（）-]{2,30}", values["fax"]):
        errors["fax"] = [f"不是传真号码：{values['fax']}"]
    if values.get("rank", "equal") not in RANKS:
        errors["rank"] = [f"可用：{'、'.join(RANKS)}"]
    other = Organisation.get_or_none(Organisation.name == name) if name else None
    if other is not None and (organisation is None or other.id != organisation.id):
        errors["name"] = [f"地址簿里已有“{name}”"]
    if errors:
        raise Invalid(next(iter(errors.values()))[0], errors=errors)
    with db.transaction():
        if organisation is None:
            organisation = Organisation.create(**values)
            action, before = "documents.organisation.create", None
        else:
            action, before = "documents.organisation.update", db.snapshot(organisation)
            Organisation.update(**values).where(Organisation.id == organisation.id).execute()
            organisation = Organisation.get_by_id(organisation.id)
        audit.record(action, "documents.organisation", organisation.id, organisation.name, before=before,
                     after=db.snapshot(organisation), by=by)
    return organisation


def suggestions() -> list[str]:
    """Names for the addressee fields: departments of ours, then outside organisations."""
    from oa_kernel import identity

    return [d.name for d in identity.department_tree() if d.active] + [o.name for o in organisations()]


def below(names: Sequence[str]) -> list[str]:
    """Of these names those of organisations below us (下级)."""
    rows = Organisation.select(Organisation.name).where(Organisation.name.in_(list(names)), Organisation.rank == "below")
    return [name for (name,) in rows.tuples()]
