"""The organisation's seals: made here, kept here, their keys in the key ring.

An installation without a certificate authority of its own makes a root once and from it one certificate for each
seal. The structures are GB/T 38540-2020's (``oa_documents.seal``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from oa_kernel import audit, clock, db, runtime
from oa_kernel.errors import Conflict, Invalid, NotFound

from .. import rights, settings
from ..models import Outgoing, Sealing, SealRecord

_DAYS = 1825
_ROOT_DAYS = 3650


def current() -> SealRecord | None:
    """The seal in use, or None."""
    return _valid(SealRecord.select().where(SealRecord.active, ~SealRecord.joint))


def of_organisations(names: Collection[str]) -> tuple[dict[str, SealRecord], set[str]]:
    """The seals of other organisations that are kept here for documents issued together, by name; and whose has expired.

    An organisation whose seal is out of use, or never was here, is in neither.
    """
    found: dict[str, SealRecord] = {}
    rows = SealRecord.select().where(SealRecord.active, SealRecord.joint, SealRecord.organisation.in_(list(names)))
    for seal in rows.order_by(SealRecord.id) if names else ():
        found[seal.organisation] = seal
    now = clock.now()
    expired = {name for name, seal in found.items() if seal.valid_until is not None and seal.valid_until <= now}
    return {name: seal for name, seal in found.items() if name not in expired}, expired


def _valid(query: Any) -> SealRecord | None:
    now = clock.now()
    for seal in query.order_by(SealRecord.id.desc()).limit(10):
        if seal.valid_until is None or seal.valid_until > now:
            return seal
    return None


def all_seals() -> list[SealRecord]:
    """All seals, newest first, without their pictures' and certificates' data."""
    return list(SealRecord.select().order_by(SealRecord.id.desc()))


def get(seal_id: int) -> SealRecord:
    """One seal, or NotFound."""
    found = SealRecord.get_or_none(SealRecord.id == seal_id)
    if found is None:
        raise NotFound("没有这枚印章")
    return found


def create(
    by: Any, *, name: str = "", centre_text: str = "", code: str = "", picture: str = "", joint: bool = False,
) -> SealRecord:
    """Makes a seal with its key and certificate and takes it into use, in place of the one before.

    :param by: who manages seals; None for the system itself (setting up an installation).
    :param picture: SVG of the organisation's own; drawn here if left out.
    :param joint: another organisation's, kept here for documents issued together; our own stays in use.
    """
    rights.require(by, rights.SEAL)
    from oa_kernel import crypto

    from ..seal import picture as pictures
    from ..seal import ses

    organisation = name.strip() or settings.issuer()
    if not 2 <= len(organisation) <= 30:
        reason = f"印章名称应为 2 至 30 个字，现为 {len(organisation)} 个字"
        raise Invalid(reason, errors={"name": [reason]})
    drawing = picture or pictures.seal_picture(organisation, centre_text=centre_text, code=code)
    keys = runtime.current().keys
    now = clock.now()
    root_key, root = _root()
    key = keys.rotate_signing("seal")
    start = now - dt.timedelta(minutes=5)
    until = now + dt.timedelta(days=_DAYS - 1)
    certificate = crypto.certificate.issue(
        organisation, organisation, key.public, issuer=root, issuer_private=root_key.private, days=_DAYS,
        not_before=start,
    )
    size = float(settings.get("seal_size_mm"))
    der = ses.make_seal(
        organisation, drawing.encode(), maker=root_key, maker_certificate=root, holders=[certificate],
        valid_from=start, valid_until=until, size_mm=(round(size), round(size)), created=now,
    )
    with db.transaction():
        before = SealRecord.active & (SealRecord.joint == joint)
        SealRecord.update(active=False).where(before & (SealRecord.organisation == organisation) if joint else before).execute()
        made = SealRecord.create(
            title=f"{organisation}印章", organisation=organisation, picture=drawing, size_mm=size, ses=der,
            certificate=certificate, root=root, key_id=key.id, active=True, joint=joint, valid_until=until, created_at=now,
        )
        audit.record("documents.seal.create", "documents.seal", made.id, made.title,
                     after={"organisation": organisation, "key": key.id, "joint": joint, "valid_until": until.isoformat()}, by=by)
    return made


def ensure() -> SealRecord:
    """The seal in use; made now when there was never one."""
    found = current()
    if found is not None:
        return found
    if SealRecord.select().where(~SealRecord.joint).exists():
        raise Conflict("印章都已停用或过期，请管理员先制作或启用一枚：oa documents seal create", code="no_seal")
    return create(None)


def set_active(seal_id: int, active: bool, by: Any) -> SealRecord:
    """Takes a seal into use (the others out of it), or out of use."""
    rights.require(by, rights.SEAL)
    seal = get(seal_id)
    with db.transaction():
        if active:
            others = (SealRecord.id != seal_id) & (SealRecord.joint == seal.joint)
            SealRecord.update(active=False).where(
                others & (SealRecord.organisation == seal.organisation) if seal.joint else others).execute()
        SealRecord.update(active=active).where(SealRecord.id == seal_id).execute()
        audit.record("documents.seal.update", "documents.seal", seal_id, seal.title, after={"active": active}, by=by)
    return get(seal_id)


def roots() -> list[bytes]:
    """Certificates (DER) of the authorities of all seals made or taken in here."""
    return list({bytes(s.root) for s in SealRecord.select(SealRecord.root)})


def default_name() -> str:
    """What stands on a seal unless told otherwise."""
    return settings.issuer()


def describe(seal: SealRecord) -> dict[str, Any]:
    """Fingerprint and validity of the seal's certificate, and how many documents it sealed."""
    from oa_kernel import crypto

    read = crypto.certificate.parse(bytes(seal.certificate))
    return {
        "fingerprint": read.fingerprint, "issuer": read.issuer, "not_before": read.not_before,
        "not_after": read.not_after,
        "used": (Sealing.select().where(Sealing.seal == seal.id).count() if seal.joint
                 else Outgoing.select().where(Outgoing.seal == seal.id).count()),
    }


def picture_png(seal: SealRecord) -> bytes:
    """The picture as PNG, drawn by the typesetter with the fonts that documents have."""
    from .. import typeset

    return typeset.svg_to_png(seal.picture, float(seal.size_mm), fonts=settings.fonts_folder())


def _root() -> tuple[Any, bytes]:
    """The installation's own authority: its key, and its certificate made once and found again in the last seal."""
    from oa_kernel import crypto

    keys = runtime.current().keys
    key = keys.signing("authority")
    for seal in SealRecord.select(SealRecord.root).order_by(SealRecord.id.desc()).limit(5):
        der = bytes(seal.root)
        read = crypto.certificate.parse(der)
        if read.public == key.public and read.not_after > clock.now() + dt.timedelta(days=_DAYS):
            return key, der
    name = settings.issuer()
    der = crypto.certificate.issue(
        f"{name}根证书", name, key.public, private=key.private, days=_ROOT_DAYS,
        not_before=clock.now() - dt.timedelta(minutes=10),
    )
    return key, der
