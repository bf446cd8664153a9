"""批注: remarks anchored to a passage of the body, answered and resolved by the drafter.

An anchor is the quoted words with what stands before and after them and their offsets in the revision they were
made on; when the wording changed, the passage is found again by its words, nearest to where it stood.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from oa_kernel import audit, clock, db, notifications
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound

from ..models import Annotation, Outgoing

SUBJECT = "documents.outgoing"
_AROUND = 40


@dataclass
class Thread:
    """An annotation with its answers, and where its passage stands in the present body (None: gone)."""

    annotation: Annotation
    replies: list[Annotation]
    start: int | None
    end: int | None


def add(document: Outgoing, by: Any, *, text: str, quote: str = "", start: int | None = None) -> Annotation:
    """A remark on ``quote`` (nearest to offset ``start``), or on the whole document where it is empty."""
    text, quote = text.strip(), quote.strip()
    if not text:
        raise Invalid("请写批注内容", errors={"text": ["请写批注内容"]})
    if len(text) > 2000:
        raise Invalid("批注最多 2000 字", errors={"text": [f"有 {len(text)} 字，最多 2000 字"]})
    if document.state not in ("draft", "reviewing"):
        raise Conflict("文件已经成文，不能再加批注", code="signed")
    begin = end = 0
    if quote:
        quote = quote[:500]
        found = locate(document.body, quote, start or 0)
        if found is None:
            raise Invalid(f"正文里没有“{quote[:30]}”这段话，可能已被修改，请重新选择",
                          errors={"quote": ["正文里没有这段话"]})
        begin, end = found
        quote = document.body[begin:end]
    with db.transaction():
        made = Annotation.create(
            document=document.id, revision=document.revision, quote=quote, start=begin, end=end,
            prefix=document.body[max(0, begin - _AROUND):begin] if quote else "",
            suffix=document.body[end:end + _AROUND] if quote else "",
            text=text, by_id=by.id, by_name=by.name, at=clock.now(),
        )
        audit.record("documents.annotate", SUBJECT, document.id, document.title,
                     after={"quote": quote[:100], "text": text[:200]}, by=by)
        if by.id != document.drafter_id:
            _tell(document, [document.drafter_id], f"{by.name}批注了《{document.title}》", text)
    return made


def reply(document: Outgoing, annotation_id: int, by: Any, text: str) -> Annotation:
    """An answer to an annotation."""
    parent = _get(document, annotation_id)
    text = text.strip()
    if not text:
        raise Invalid("请写答复内容", errors={"text": ["请写答复内容"]})
    with db.transaction():
        made = Annotation.create(document=document.id, parent=parent.id, revision=document.revision,
                                 text=text[:2000], by_id=by.id, by_name=by.name, at=clock.now())
        audit.record("documents.annotate.reply", SUBJECT, document.id, document.title, after={"text": text[:200]}, by=by)
        others = {parent.by_id, document.drafter_id} - {by.id}
        _tell(document, sorted(others), f"{by.name}答复了《{document.title}》的批注", text)
    return made


def resolve(document: Outgoing, annotation_id: int, by: Any, *, resolved: bool = True) -> Annotation:
    """Marks an annotation as dealt with, or opens it again; by the drafter or who made it."""
    found = _get(document, annotation_id)
    if by.id not in (document.drafter_id, found.by_id):
        raise Forbidden("拟稿人或批注人才能标为已处理")
    with db.transaction():
        Annotation.update(
            resolved_at=clock.now() if resolved else None, resolved_by_name=by.name if resolved else ""
        ).where(Annotation.id == found.id).execute()
        audit.record("documents.annotate.resolve", SUBJECT, document.id, document.title,
                     after={"annotation": found.id, "resolved": resolved}, by=by)
    return Annotation.get_by_id(found.id)


def threads(document: Outgoing) -> list[Thread]:
    """All annotations in the order of the text; those whose passage is gone come last."""
    rows = list(Annotation.select().where(Annotation.document == document.id).order_by(Annotation.id))
    answers: dict[int, list[Annotation]] = {}
    for row in rows:
        if row.parent_id:
            answers.setdefault(row.parent_id, []).append(row)
    found = []
    for row in rows:
        if row.parent_id:
            continue
        place = anchor(document.body, row) if row.quote else None
        found.append(Thread(row, answers.get(row.id, []), *(place or (None, None))))
    return sorted(found, key=lambda t: (t.start is None, t.start or 0, t.annotation.id))


def anchor(body: str, row: Any) -> tuple[int, int] | None:
    """Where the annotated passage stands in ``body`` now: exact with its surroundings, else nearest, else None."""
    whole = row.prefix + row.quote + row.suffix
    at = body.find(whole)
    if at >= 0:
        start = at + len(row.prefix)
        return start, start + len(row.quote)
    return locate(body, row.quote, row.start)


def locate(body: str, quote: str, near: int) -> tuple[int, int] | None:
    """The occurrence of ``quote`` nearest to offset ``near``. White space in the quote may be any white space,
    or none, in the body: a selection on the typeset page breaks lines where the body does not."""
    import re

    words = "".join(quote.split())
    if not words:
        return None
    # looked ahead for, so that passages which overlap are all found: 。。 in 。。。
    exact = [m.start() for m in re.finditer(f"(?={re.escape(quote)})", body)]
    if exact:
        start = min(exact, key=lambda s: abs(s - near))
        return start, start + len(quote)
    pattern = r"\s*".join(re.escape(c) for c in words)
    loose = [m.span(1) for m in re.finditer(f"(?=({pattern}))", body)]
    return min(loose, key=lambda s: abs(s[0] - near)) if loose else None


def _get(document: Outgoing, annotation_id: int) -> Annotation:
    found = Annotation.get_or_none(
        (Annotation.id == annotation_id) & (Annotation.document == document.id) & Annotation.parent.is_null()
    )
    if found is None:
        raise NotFound("没有这条批注")
    return found


def _tell(document: Outgoing, people: list[int], title: str, text: str) -> None:
    if people:
        notifications.send(
            "documents.annotated", people, title, body=text[:200], url=f"/documents/{document.id}?tab=notes",
            subject=(SUBJECT, str(document.id)),
        )
