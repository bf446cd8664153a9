"""Checks of a draft as the page and REST show them."""

from __future__ import annotations

from typing import Any

from oa_kernel import files

from ..text import checks
from . import addressbook, numbers


def run(document: Any) -> list[dict[str, Any]]:
    """Findings as plain values, see ``text.checks.Note``. Cited numbers are looked up in one query."""
    cited = checks.cited_numbers(document.body or "")
    known = numbers.known(cited) if cited else {}
    fields = {
        "kind": document.kind, "title": document.title, "body": document.body, "addressees": document.addressees,
        "attachment_titles": document.attachment_titles, "format": document.format,
        "cc": document.cc, "signatory": document.signatory, "note": document.note, "attendance": document.attendance or {},
        "secrecy_level": document.secrecy_level, "copy_number": document.copy_number,
        "below": addressbook.below(document.cc) if document.cc else [],
        "attached": bool(document.id and files.attached("documents.outgoing", str(document.id))),
    }
    return [note.as_dict() for note in checks.check(fields, number_exists=known.get)]


