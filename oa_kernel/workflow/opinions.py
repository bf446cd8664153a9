"""Phrases for opinions: those a person keeps, the last used, and the organisation's."""

from __future__ import annotations

from typing import Any

from oa_kernel import audit, clock, db, runtime
from oa_kernel.errors import Invalid

from .models import Phrase

#: used ones that are remembered, and the length up to which one is worth it
_RECENT, _SHORT = 8, 60
#: what is offered at once
_OFFERED = 12
#: what one person can keep
MOST_KEPT = 100


def phrases(person: Any) -> list[str]:
    """Up to a dozen phrases: the person's kept ones, the last used, then the organisation's (``organisation.phrases``)."""
    found = [p.text for p in Phrase.select(Phrase.text).where(Phrase.person_id == person.id)
             .order_by(Phrase.kept.desc(), Phrase.used_at.desc()).limit(_OFFERED)]
    common = runtime.current().config["organisation"]["phrases"]
    return (found + [text for text in common if text not in found])[:_OFFERED]


def kept_phrases(person: Any) -> list[Phrase]:
    """All that a person keeps, the last used first."""
    return list(Phrase.select().where(Phrase.person_id == person.id, Phrase.kept)
                .order_by(Phrase.used_at.desc(), Phrase.id.desc()).limit(MOST_KEPT))


def remember_phrase(person: Any, text: str) -> None:
    """Notes that a short opinion was used; older ones than the last few are forgotten."""
    text = " ".join(text.split())
    if not text or len(text) > _SHORT:
        return
    now = clock.now()
    with db.transaction():
        if Phrase.update(used_at=now).where(Phrase.person_id == person.id, Phrase.text == text).execute():
            return
        Phrase.insert(person_id=person.id, text=text, used_at=now).on_conflict_ignore().execute()
        stale = Phrase.select(Phrase.id).where(Phrase.person_id == person.id, ~Phrase.kept).order_by(
            Phrase.used_at.desc()).offset(_RECENT).limit(100)
        Phrase.delete().where(Phrase.id.in_([p.id for p in stale])).execute()


def keep_phrase(person: Any, text: str) -> None:
    """Keeps a phrase for good.

    :raises Invalid: for an empty one, one of more than 200 characters, or one too many.
    """
    text = " ".join(text.split())
    if not text:
        raise Invalid("请填写常用语", errors={"text": ["请填写常用语"]})
    if len(text) > 200:
        raise Invalid("常用语最多 200 个字", errors={"text": ["最多 200 个字"]})
    with db.transaction():
        if Phrase.select().where(Phrase.person_id == person.id, Phrase.kept).count() >= MOST_KEPT:
            raise Invalid(f"最多保存 {MOST_KEPT} 条，请先删除不用的", errors={"text": [f"最多 {MOST_KEPT} 条"]})
        phrase, made = Phrase.get_or_create(person_id=person.id, text=text, defaults={"used_at": clock.now(), "kept": True})
        if not made:
            Phrase.update(kept=True).where(Phrase.id == phrase.id).execute()
        audit.record("workflow.phrase.keep", "workflow.phrase", phrase.id, title=text, by=person)


def forget_phrase(person: Any, text: str) -> None:
    """Removes one of a person's own phrases."""
    with db.transaction():
        if Phrase.delete().where(Phrase.person_id == person.id, Phrase.text == text).execute():
            audit.record("workflow.phrase.forget", "workflow.phrase", "", title=text, by=person)
