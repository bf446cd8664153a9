"""Which seals go under a document, in which order; and which went.

A document of our own has one seal. A document issued together has that of every organisation whose seal is kept here,
ours first, each with the key and certificate of its own; for the others room is left, and they seal on paper.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from oa_kernel import audit, runtime
from oa_kernel.errors import Conflict

from .. import settings
from ..models import Sealing, SealRecord
from . import joint, seals

#: (organisation, its seal or None where it seals on paper)
Planned = list[tuple[str, SealRecord | None]]
Box = tuple[int, float, float, float, float]


def planned(document: Any, host: SealRecord) -> Planned:
    """Who will seal, in the order of the page.

    :raises Conflict: an organisation's seal is in use here, but has expired.
    """
    found: Planned = [(host.organisation, host)]
    names = [one["name"] for one in document.joint or ()]
    kept, expired = seals.of_organisations(names)
    for name in names:
        if name in expired:
            raise Conflict(f"“{name}”的印章已过期，不能用印：请更换，或停用它、在纸上用印", code="seal_expired")
        found.append((name, kept.get(name)))
    return found


def put(pdf: bytes, plan: Planned, boxes: Sequence[Box], when: dt.datetime) -> bytes:
    """The PDF with all seals of the plan that are kept here; ``boxes`` in the order of the plan, or empty."""
    from ..seal import seal_row

    return seal_row(pdf, _sealers([(seal, boxes[n] if n < len(boxes) else None)
                                   for n, (_, seal) in enumerate(plan) if seal is not None]), when)


def put_ofd(package: dict[str, bytes], used: Sequence[SealRecord], boxes: dict[str, Box], when: dt.datetime, version: str) -> Any:
    """The OFD package with the seals that the PDF was sealed with; ``boxes`` by the PDF's signature fields."""
    from .. import ofd

    return ofd.sign_row(package, _sealers([(seal, boxes.get(f"OASeal{n}")) for n, seal in enumerate(used, 1)]), when,
                        version=version)


def _sealers(chosen: Sequence[tuple[SealRecord, Box | None]]) -> list[Any]:
    from ..seal import Sealer

    keys = runtime.current().keys
    return [Sealer(bytes(s.ses), keys.signing_key(s.key_id), bytes(s.certificate), box) for s, box in chosen]


def keep(document: Any, plan: Planned, at: dt.datetime, sm3: str, by: Any) -> None:
    """Notes who sealed a document that several organisations issue; the use of another one's key goes to the audit."""
    if len(plan) < 2:
        return
    Sealing.insert_many([
        {"document": document.id, "n": n, "organisation": name, "seal": seal.id if seal else None, "at": at if seal else None}
        for n, (name, seal) in enumerate(plan, 1)
    ]).execute()
    for n, (name, seal) in enumerate(plan, 1):
        if seal is not None and seal.joint:
            audit.record("documents.seal.use", "documents.seal", seal.id, seal.title, by=by,
                         after={"organisation": name, "document": document.id, "number": document.number, "n": n, "sm3": sm3})


def of(document: Any) -> list[dict[str, Any]]:
    """Who sealed a document, in order: ``organisation``, ``seal`` (its name; empty: on paper) and ``at``."""
    query = Sealing.select(Sealing, SealRecord.id, SealRecord.title).left_outer_join(SealRecord)
    rows = list(query.where(Sealing.document == document.id).order_by(Sealing.n)) if document.joint else []
    if rows:
        return [{"organisation": r.organisation, "seal": r.seal.title if r.seal_id else "", "at": r.at} for r in rows]
    if not document.seal_id:
        return []
    return [{"organisation": document.seal.organisation, "seal": document.seal.title, "at": document.sealed_at}]


def used(document: Any) -> list[SealRecord]:
    """The seals that a document was sealed with, in order."""
    rows = SealRecord.select().join(Sealing).where(Sealing.document == document.id).order_by(Sealing.n)
    found = list(rows) if document.joint else []
    return found or ([SealRecord.get_by_id(document.seal_id)] if document.seal_id else [])


def expected(document: Any) -> list[dict[str, Any]]:
    """For a document that is not signed yet: every organisation and whether its seal is here. Never raises."""
    if not document.joint or not settings.get("seal"):
        return []
    names = joint.names(document, settings.issuer())
    kept, expired = seals.of_organisations(names[1:])
    return [{"organisation": name, "kept": n == 0 or name in kept, "expired": name in expired} for n, name in enumerate(names)]
