"""Partners: other installations, trusted once somebody on each side has heard the other's fingerprint read aloud."""

from __future__ import annotations

import re
from typing import Any

from oa_documents.services import addressbook

from oa_kernel import audit, clock, db
from oa_kernel.errors import Conflict, Invalid, NotFound

from .. import package, rights, settings, transport
from ..models import Message, Partner
from . import identity

SUBJECT = "exchange.partner"
#: digits at the end of the fingerprint that who confirms has to have heard
HEARD = 16


def page(*, limit: int = 50, cursor: str | None = None) -> db.Page:
    """Partners in the order they were added."""
    return db.page(Partner.select(), [Partner.id], limit=limit, cursor=cursor)


def get(partner_id: Any) -> Partner:
    """One of them, or NotFound."""
    number = int(partner_id) if str(partner_id).isascii() and str(partner_id).isdigit() and len(str(partner_id)) < 19 else 0
    found = Partner.get_or_none(Partner.id == number) if 0 < number < 2**63 else None
    if found is None:
        raise NotFound("没有这个交换伙伴")
    return found


def named(name: str) -> Partner:
    """By name or by the beginning of the fingerprint, for commands; NotFound otherwise."""
    wanted = _digits(name)
    found = Partner.get_or_none(Partner.name == name)
    if found is None and len(wanted) >= 8:
        found = Partner.get_or_none(Partner.fingerprint.startswith(wanted))
    if found is None:
        raise NotFound(f"没有交换伙伴“{name}”")
    return found


def add(text: str | bytes, by: Any, *, name: str = "", url: str | None = None) -> Partner:
    """Takes a descriptor in; nothing is exchanged until :func:`confirm`. A partner's new certificate replaces the old one.

    :param name: what we call it, as in the address book; left out: as it calls itself.
    :param url: another address than it gives; ``""``: by file only. Where the one it gives cannot be used, it is by file only
        as well, and :attr:`Partner.last_error` says so: who exchanges by file need not have one.
    :raises Invalid: not a descriptor, our own, expired; ``url`` is not HTTPS.
    """
    rights.require(by, rights.PARTNERS)
    found = package.read_descriptor(text)
    read = found.certificate
    name = " ".join((name or found.organisation).split())[:200]
    address, unusable = _address(found.url) if url is None else (transport.check_url(url) if url else "", "")
    _refuse(read.fingerprint == identity.current().fingerprint, "这是本单位自己的交换证书，请导入对方的")
    now = clock.now()
    _refuse(not read.valid_at(now) or not found.encryption.valid_at(now),
            f"这张证书不在有效期内（{identity.day(read.not_before)} 至 {identity.day(read.not_after)}），请对方更换后再交换")
    values: dict[str, Any] = {
        "url": address, "certificate": read.raw, "encryption_certificate": found.encryption.raw,
        "fingerprint": read.fingerprint, "not_before": max(read.not_before, found.encryption.not_before),
        "not_after": min(read.not_after, found.encryption.not_after), "state": "pending", "confirmed_at": None,
        "confirmed_by_name": "", "peer_confirmed_at": None, "revoked_at": None, "revoke_reason": "", "last_error": unusable,
        "failures": 0, "next_at": None,
    }
    with db.transaction():
        same = Partner.get_or_none(Partner.fingerprint == read.fingerprint)
        if same is not None:
            raise Conflict(f"这张证书已经导入（{same.name}）；只是地址变了，在伙伴的页面上改", code="known")
        partner = Partner.get_or_none(Partner.name == name)
        if partner is None:
            partner = Partner.create(name=name, added_at=now, added_by_name=by.name if by else "", **values)
            action, before = "exchange.partner.add", None
        else:
            action, before = "exchange.partner.replace", {"fingerprint": partner.fingerprint, "state": partner.state}
            Partner.update(**values, version=Partner.version + 1).where(Partner.id == partner.id).execute()
        audit.record(action, SUBJECT, partner.id, name, by=by, before=before,
                     after={"fingerprint": read.fingerprint, "state": "pending", "url": address})
    return Partner.get_by_id(partner.id)


def fetch(url: str, by: Any, *, name: str = "") -> Partner:
    """:func:`add` of the public descriptor at an address."""
    rights.require(by, rights.PARTNERS)
    url = transport.check_url(url)
    return add(transport.fetch(f"{url}/exchange/descriptor"), by, name=name, url=url)


def confirm(partner: Partner, heard: str, by: Any) -> Partner:
    """Somebody here has compared the fingerprint, read aloud by the other side; from now on packages go both ways.

    :param heard: its last sixteen digits at least, as heard; spaces do not matter.
    :raises Invalid: it is another one.
    """
    from . import queue

    rights.require(by, rights.PARTNERS)
    digits = _digits(heard)
    if len(digits) < HEARD or not partner.fingerprint.endswith(digits):
        reason = f"与这张证书的指纹不一致：请对方念出指纹，填写最后 {HEARD} 位。不一致就不要确认，证书可能被调换"
        raise Invalid(reason, errors={"heard": [reason]})
    with db.transaction():
        current = _locked(partner)
        if current.state != "pending" or current.fingerprint != partner.fingerprint:
            raise Conflict("这个伙伴已经确认、撤销，或刚换了证书，请刷新后再看", code="not_pending")
        organisation = _organisation(current.name)
        Partner.update(state="active", confirmed_at=clock.now(), confirmed_by_name=by.name if by else "", last_error="",
                       organisation_id=organisation, version=Partner.version + 1).where(Partner.id == partner.id).execute()
        audit.record("exchange.partner.confirm", SUBJECT, partner.id, current.name, by=by, before={"state": "pending"},
                     after={"state": "active", "fingerprint": current.fingerprint})
        queue.put(current, "hello", {}, title="告知对方：本单位已核对指纹")
    return Partner.get_by_id(partner.id)


def revoke(partner: Partner, reason: str, by: Any) -> Partner:
    """Ends the trust: nothing is sent any more, what comes is refused with the reason."""
    from . import queue

    rights.require(by, rights.PARTNERS)
    reason = " ".join(reason.split())
    if not 2 <= len(reason) <= 200:
        raise Invalid("请写明撤销的原因（2 至 200 字）", errors={"reason": ["请写明撤销的原因（2 至 200 字）"]})
    with db.transaction():
        current = _locked(partner)
        if current.state == "revoked":
            raise Conflict("对这个伙伴的信任已经撤销", code="revoked")
        Partner.update(state="revoked", revoked_at=clock.now(), revoke_reason=reason, version=Partner.version + 1).where(
            Partner.id == partner.id).execute()
        audit.record("exchange.partner.revoke", SUBJECT, partner.id, current.name, by=by, before={"state": current.state},
                     after={"state": "revoked", "reason": reason})
        queue.give_up(current, f"已撤销对{current.name}的信任")
    return Partner.get_by_id(partner.id)


def change(partner: Partner, url: str, by: Any, *, version: int | None = None) -> Partner:
    """Another address; empty: by file only. What waits is tried at once."""
    from . import queue

    rights.require(by, rights.PARTNERS)
    address = transport.check_url(url) if url.strip() else ""
    with db.transaction():
        done = Partner.update(url=address, failures=0, next_at=None, last_error="", version=Partner.version + 1).where(
            Partner.id == partner.id, Partner.version == (partner.version if version is None else version)).execute()
        if not done:
            raise Conflict("这个伙伴在别处已修改，请刷新后再改", code="stale_version")
        audit.record("exchange.partner.update", SUBJECT, partner.id, partner.name, by=by, before={"url": partner.url},
                     after={"url": address})
        queue.kick(partner.id)
    return Partner.get_by_id(partner.id)


def problem(partner: Partner) -> str:
    """Why nothing can be exchanged with it now; empty where it can."""
    now = clock.now()
    if partner.state == "revoked":
        return f"本单位已于 {identity.day(partner.revoked_at or now)} 撤销对{partner.name}的信任"
    if partner.state != "active":
        return f"{partner.name}的证书还没有核对指纹"
    if now > partner.not_after:
        return f"{partner.name}的交换证书已于 {identity.day(partner.not_after)} 到期，请对方更换"
    if now < partner.not_before - settings.SKEW:
        return f"{partner.name}的交换证书 {identity.day(partner.not_before)} 才生效"
    return ""


def waiting_counts(partners: list[Partner]) -> dict[int, int]:
    """Partner → messages that wait to be sent, in one query."""
    query = Message.select(Message.partner, db.fn.COUNT(Message.id)).where(
        Message.partner.in_([p.id for p in partners] or [0]), Message.direction == "out", Message.state == "queued",
    ).group_by(Message.partner)
    return dict(query.tuples())


def _address(given: str) -> tuple[str, str]:
    """The address that a partner's descriptor gives, or why it is not used."""
    try:
        return transport.check_url(given) if given else "", ""
    except Invalid:
        return "", f"对方证书上的地址“{given[:80]}”不是 HTTPS，没有采用，先只用文件交换；对方改好后在这里填写"


def _organisation(name: str) -> int:
    from oa_documents.models import Organisation

    found = Organisation.get_or_none(Organisation.name == name)
    return int((found or addressbook.save({"name": name}, None)).id)


def _locked(partner: Partner) -> Partner:
    return db.lock_rows(Partner.select().where(Partner.id == partner.id)).get()


def _digits(text: str) -> str:
    return re.sub(r"[^0-9a-f]", "", text.lower())


def _refuse(wrong: bool, reason: str) -> None:
    if wrong:
        raise Invalid(reason, errors={"descriptor": [reason]})
