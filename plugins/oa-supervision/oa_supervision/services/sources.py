"""What an item came from: a document or a case whose page it was begun on."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from oa_kernel import builtin, workflow

NOTHING = ("", "", "")


def begin(kind: str, subject_id: str, title: str) -> str:
    """Where an item about that thing is begun."""
    return "/supervision/new?" + urlencode({"title": title[:300], "source_kind": kind, "source_id": subject_id})


def of(person: Any, kind: str, subject_id: str) -> tuple[str, str, str]:
    """``(kind, id, url)`` of a thing the person may see; :data:`NOTHING` for anything else."""
    if not (subject_id.isascii() and subject_id.isdigit() and len(subject_id) < 18):
        return NOTHING
    instance = workflow.Instance
    cases = instance.select().where(instance.id.in_(workflow.instances_of(person)))
    if kind == "case":
        return (kind, subject_id, f"/cases/{subject_id}") if cases.where(instance.id == int(subject_id)).exists() else NOTHING
    subject = next((s for s in builtin.collect("oa_workflow_subjects") if s.kind == kind), None)
    if subject is None:
        return NOTHING
    takes_part = cases.where(instance.subject_kind == kind, instance.subject_id == subject_id).exists()
    if not takes_part and not (subject.visible is not None and subject.visible(person, subject_id)):
        return NOTHING
    return (kind, subject_id, subject.url(subject_id))


__all__ = ["NOTHING", "begin", "of"]
