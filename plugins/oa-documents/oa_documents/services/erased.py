"""A document whose record was destroyed by an approved list: its words go here too; number, title and trail stay."""

from __future__ import annotations

from typing import Any

from oa_kernel import audit, clock, db, files

from ..models import Annotation, Outgoing, Revision
from ..models_incoming import Incoming
from . import incoming, queries


def outgoing(document_id: str, list_number: str, by: Any) -> None:
    """Text, earlier wordings, annotations and replaced attachments of an outgoing document, inside the caller's transaction."""
    with db.transaction():
        document = db.lock_rows(Outgoing.select().where(Outgoing.id == int(document_id))).first()
        if document is None:
            return
        Outgoing.update(body="", version=Outgoing.version + 1, updated_at=clock.now()).where(Outgoing.id == document.id).execute()
        Revision.update(body="", fields={}).where(Revision.document == document.id).execute()
        Annotation.delete().where(Annotation.document == document.id).execute()
        rest = files.attached(f"{queries.SUBJECT}.replaced", str(document.id)) + files.attached(queries.SUBJECT, str(document.id))
        files.erase(rest, list_number, by, of=[(queries.SUBJECT, document.id)])
        audit.record("documents.erased", queries.SUBJECT, document.id, document.title, by=by, after={"list": list_number})


def arrived(document_id: str, list_number: str, by: Any) -> None:
    """The text of an incoming document."""
    with db.transaction():
        document = db.lock_rows(Incoming.select().where(Incoming.id == int(document_id))).first()
        if document is None:
            return
        Incoming.update(text="", version=Incoming.version + 1).where(Incoming.id == document.id).execute()
        files.erase(files.attached(incoming.SUBJECT, document.id), list_number, by, of=[(incoming.SUBJECT, document.id)])
        audit.record("documents.incoming.erased", incoming.SUBJECT, document.id, document.title, by=by, after={"list": list_number})
