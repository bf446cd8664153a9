"""Phrases for opinions: kept ones, and the last used."""

from __future__ import annotations

from typing import Any

from oa_kernel import audit, clock, db

from ..models import Phrase

#: offered to who has none yet
COMMON = ("同意。", "拟同意，请审定。", "请按程序办理。", "请修改后再报。", "已阅。")
_RECENT = 8


def for_person(person: Any) -> list[str]:
    """Up to a dozen phrases: the person's kept ones, the last used, then common ones."""
    own = list(
        Phrase.select(Phrase.text, Phrase.kept).where(Phrase.person_id == person.id)
        .order_by(Phrase.kept.desc(), Phrase.used_at.desc()).limit(12)
    )
    found = [p.text for p in own]
    return (found + [text for text in COMMON if text not in found])[:12]


def remember(person: Any, text: str) -> None:
    """Notes that a short opinion was used; older ones than the last few are forgotten."""
    text = " ".join(text.split())
    if not text or len(text) > 60:
        return
    now = clock.now()
    with db.transaction():
        done = Phrase.update(used_at=now).where(Phrase.person_id == person.id, Phrase.text == text).execute()
        if done:
            return
        Phrase.create(person_id=person.id, text=text, used_at=now)
        old = (
            Phrase.select(Phrase.id).where(Phrase.person_id == person.id, ~Phrase.kept)
            .order_by(Phrase.used_at.desc()).offset(_RECENT).limit(100)
        )
        stale = [p.id for p in old]
        if stale:
            Phrase.delete().where(Phrase.id.in_(stale)).execute()


def keep(person: Any, text: str) -> None:
    """Keeps a phrase for good."""
    text = " ".join(text.split())[:200]
    if not text:
        return
    with db.transaction():
        phrase, made = Phrase.get_or_create(
            person_id=person.id, text=text, defaults={"used_at": clock.now(), "kept": True}
        )
        if not made:
            Phrase.update(kept=True).where(Phrase.id == phrase.id).execute()
        audit.record("documents.phrase.keep", "documents.phrase", phrase.id, text, by=person)


def forget(person: Any, text: str) -> None:
    """Removes a phrase."""
    with db.transaction():
        gone = Phrase.delete().where(Phrase.person_id == person.id, Phrase.text == text).execute()
        if gone:
            audit.record("documents.phrase.forget", "documents.phrase", "", text, by=person)
