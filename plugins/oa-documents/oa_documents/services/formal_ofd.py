"""The formal version as OFD (GB/T 33190-2016) beside its PDF: made from the PDF after the signing, sealed, kept with it."""

from __future__ import annotations

from typing import Any

from oa_kernel import audit, clock, db, files, outbox
from oa_kernel.errors import Conflict, NotFound, OAError

from .. import __version__, settings
from ..models import Outgoing
from . import sealings

TOPIC = "documents.ofd"
#: what the file is attached to, beside the PDF with the role ``formal``
SUBJECT, ROLE = "documents.outgoing.formal", "ofd"


def request(document: Any) -> None:
    """Has it made after the commit; with the setting ``ofd`` off, nothing is made."""
    if settings.get("ofd"):
        outbox.put(TOPIC, {"document": document.id}, key=f"{TOPIC}:{document.id}")


def make(payload: dict[str, Any]) -> None:
    """What the outbox asks for. ``outbox.Undeliverable`` where it can never be made."""
    document = Outgoing.get_or_none(Outgoing.id == payload["document"])
    if document is None or not document.formal_file_id or document.state == "voided":
        return
    from ..seal import SealError

    try:
        of(document)
    except (Conflict, NotFound, SealError) as error:
        raise outbox.Undeliverable(error.message) from error


def existing(document: Any) -> Any:
    """The OFD file that is there already, or None."""
    return next(iter(files.attached(SUBJECT, document.id, ROLE)), None)


def wanted(document: Any) -> bool:
    """Is there one, or may one be made? For pages that offer it."""
    if not document.formal_file_id:
        return False
    return bool(settings.get("ofd") and document.state != "voided") or existing(document) is not None


def of(document: Any) -> Any:
    """The OFD file, made now if there is none yet.

    :raises NotFound: the document is not signed, or OFD is switched off. Conflict: it was voided meanwhile.
    """
    if found := existing(document):
        return found
    if not document.formal_file_id:
        raise NotFound("这份公文还没有成文，没有 OFD 版本", code="not_signed")
    if not settings.get("ofd"):
        raise NotFound("本系统没有启用 OFD 版本（设置 documents.ofd）", code="ofd_off")
    if document.state == "voided":
        raise Conflict("这份公文已作废，不再生成 OFD 版本", code="voided")
    data = _made(document)
    with db.transaction():
        # whoever came first has made it; what was made here is then forgotten
        document = db.lock_rows(Outgoing.select().where(Outgoing.id == document.id)).get()
        if found := existing(document):
            return found
        if document.state == "voided":
            raise Conflict("这份公文已作废，不再生成 OFD 版本", code="voided")
        file = files.store_bytes(data, f"{document.number}.ofd")
        files.attach(file, SUBJECT, document.id, role=ROLE, position=1)
        audit.record("documents.outgoing.ofd", "documents.outgoing", document.id, document.title,
                     after={"sm3": file.sm3, "size": file.size, "sealed": document.seal_id is not None})
    return file


def for_keeping(document: Any) -> Any:
    """The OFD file for the archives; None where none is wanted or none can be made (its seal has expired, the PDF is damaged)."""
    if not wanted(document):
        return None
    try:
        return of(document)
    except OAError:
        return None


def _made(document: Any) -> bytes:
    """The package's bytes: what the PDF shows, signed with the seals that the PDF was sealed with."""
    from .. import ofd

    pdf = files.read_bytes(files.get(document.formal_file_id))
    information = ofd.Information(
        title=document.title, author=settings.issuer(), subject=document.kind, date=document.date, creator="OA",
        version=__version__, custom={
            "文号": document.number or "", "文种": document.kind, "发文机关": settings.issuer(), "签发人": document.signatory,
            "密级": document.secrecy if document.secrecy_level else "", "保密期限": document.secrecy_term,
            "紧急程度": document.urgency, "主送机关": "、".join(document.addressees), "抄送机关": "、".join(document.cc),
            "联合发文机关": "、".join(one["name"] for one in document.joint or ()),
        },
    )
    package = ofd.write(pdf, information)
    if used := sealings.used(document):
        package = sealings.put_ofd(package, used, ofd.stamps_of(pdf), clock.now(), __version__)
    return ofd.pack(package)
