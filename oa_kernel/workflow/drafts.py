"""Definitions being worked on: begun, kept at every change, put into force. What others wrote is never overwritten unseen.

One draft a name, shared by those who manage workflows. Every change says which version of the draft it was made on;
if somebody was faster it is refused with what stands there now, and nothing of either is lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oa_kernel import audit, clock, crypto, db, permissions
from oa_kernel.errors import Conflict, Invalid, NotFound
from oa_kernel.identity.models import Person

from . import editing, store
from .definition import Problem
from .models import Instance, WorkflowDefinition, WorkflowDraft
from .parse import MAX_BYTES

#: cases that are still on their way
ALIVE = ("running", "suspended")
_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")


@dataclass(frozen=True)
class Draft:
    """A text being worked on. ``version`` 0: nothing was changed yet, it is what is in force."""

    name: str
    text: str
    version: int
    #: version number of the definition it was begun from; 0 for a new one
    base_version: int = 0
    #: where that came from: ``plugin:…`` | ``folder`` | ``published`` | empty
    base_source: str = ""
    #: whether another definition was put into force since it was begun
    overtaken: bool = False
    changed_by: str = ""
    changed_at: Any = None


def get(name: str, by: Any) -> Draft:
    """The draft of a name, or what is in force as a draft nobody has changed yet; NotFound if there is neither."""
    permissions.require(by, store.MANAGE)
    row, current = _row(name), _current(name)
    if row is None and current is None:
        raise NotFound(f"没有流程 {name}，也没有它的草稿")
    if row is None:
        return Draft(name, current.text, 0, current.version, current.source)
    base = WorkflowDefinition.by_id(row.base_id) if row.base_id else None
    person = Person.by_id(row.changed_by) if row.changed_by else None
    return Draft(
        name, row.text, row.version, base.version if base else 0, base.source if base else "",
        overtaken=current is not None and current.id != row.base_id, changed_by=person.name if person else "",
        changed_at=row.changed_at,
    )


def listing() -> dict[str, WorkflowDraft]:
    """Drafts by name, without their texts."""
    return {d.name: d for d in WorkflowDraft.select(
        WorkflowDraft.name, WorkflowDraft.version, WorkflowDraft.changed_at, WorkflowDraft.changed_by, WorkflowDraft.base_id)}


def begin(name: str, title: str, by: Any, *, copy_of: str = "") -> Draft:
    """A new definition: the drafter's first step, or a copy of another under a new name.

    :raises Invalid: for a name or title that cannot be one, with reasons beside the fields.
    """
    permissions.require(by, store.MANAGE)
    name, title = name.strip(), title.strip()
    errors: dict[str, list[str]] = {}
    if not _NAME.fullmatch(name) or len(name) > 120:
        errors["name"] = ["名称用小写字母、数字和下划线，可用点分段，如 office.purchase，最多 120 个字符"]
    elif _row(name) is not None or _current(name) is not None:
        errors["name"] = [f"已有名为 {name} 的流程或草稿，请换一个名称，或直接编辑它"]
    if not title or len(title) > 200:
        errors["title"] = ["请填写标题，最多 200 个字"]
    if errors:
        raise Invalid("；".join(r for rs in errors.values() for r in rs), errors=errors)
    if copy_of:
        source = _current(copy_of)
        if source is None:
            raise NotFound(f"没有流程 {copy_of}")
        text = editing.apply(source.text, [{"op": "head", "values": {"name": name, "title": title, "version": 1}}])
    else:
        text = editing.apply("", [
            {"op": "head", "values": {"name": name, "title": title, "version": 1}},
            {"op": "add", "step": {"id": "draft", "title": "拟稿", "people": "drafter", "next": "end"}}])
    with db.transaction():
        _insert(name, text, None, by)
    return get(name, by)


def plain_name(name: str) -> str:
    """A name from elsewhere as one that can be: small letters, digits, underscores, dots; empty where nothing is left."""
    return re.sub(r"[^a-z0-9_.]+", "_", name.lower()).strip("_.0123456789")[:120]


def take_in(name: str, title: str, text: str, by: Any) -> Draft:
    """A definition from elsewhere (BPMN) as a draft under a new name; its text's own name and title give way.

    :raises Invalid: for a name or title that cannot be one, or a text that is too long.
    """
    with db.transaction():
        made = begin(name, title, by)
        text = editing.apply(text, [{"op": "head", "values": {"name": made.name, "title": title.strip(), "version": 1}}])
        return save(made.name, text, made.version, by)


def save(name: str, text: str, version: int, by: Any) -> Draft:
    """Keeps a text as it was typed, right or wrong.

    :param version: of the draft the text was made from (0: of what is in force).
    :raises Conflict: ``draft_changed``, with ``version``, ``by`` and ``text`` of what stands there now.
    """
    permissions.require(by, store.MANAGE)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text.encode()) > MAX_BYTES:
        raise Invalid(f"定义超过 {MAX_BYTES // 1024} KiB，没有保存")
    with db.transaction():
        found = get(name, by)
        if found.version != version:
            raise Conflict(
                f"{found.changed_by or '别人'}刚才也改了这份草稿（第 {found.version} 稿）。您的改动没有覆盖它，仍在这一页上",
                code="draft_changed", version=found.version, by=found.changed_by, text=found.text)
        if found.text == text:
            return found
        if not found.version:
            current = _current(name)
            _insert(name, text, current.id if current else None, by)
        else:
            changed = WorkflowDraft.update(
                text=text, version=WorkflowDraft.version + 1, changed_by=by.id, changed_at=clock.now(),
            ).where(WorkflowDraft.name == name, WorkflowDraft.version == version).execute()
            if not changed:
                raise Conflict("草稿刚被别人改了，请重新载入", code="draft_changed")
            audit.record("workflow.draft", "workflow.draft", name, title=name, by=by, before=_digest(found.text),
                         after=_digest(text))
        return get(name, by)


def edit(name: str, operations: Sequence[Mapping[str, Any]], version: int, by: Any) -> Draft:
    """Keeps the draft as it is after operations of the designer (see ``editing``)."""
    found = get(name, by)
    if found.version != version:  # said before the operations are tried on a text they were not meant for
        return save(name, found.text + "\n", version, by)
    return save(name, editing.apply(found.text, operations), version, by)


def discard(name: str, by: Any) -> None:
    """Throws a draft away; what is in force stays."""
    permissions.require(by, store.MANAGE)
    with db.transaction():
        row = _row(name)
        if row is None:
            raise NotFound(f"流程 {name} 没有草稿")
        WorkflowDraft.delete().where(WorkflowDraft.id == row.id).execute()
        audit.record("workflow.draft_discard", "workflow.draft", name, title=name, by=by, before=_digest(row.text))


def to_publish(found: Draft) -> str:
    """The text that would be put into force: its version is one above that which is, unless it says a higher one."""
    current = _current(found.name)
    data = editing.read(found.text) or {}
    said = data.get("version", 1)
    least = current.version + 1 if current is not None else 1
    if isinstance(said, int) and not isinstance(said, bool) and said >= least or current is not None and current.text == found.text:
        return found.text
    return editing.apply(found.text, [{"op": "head", "values": {"version": least}}])


def publish(name: str, version: int, by: Any) -> WorkflowDefinition:
    """Puts a draft into force for new cases; the draft is gone then.

    :raises Invalid: the definition is wrong (``problems``), or calls itself by another name.
    :raises Conflict: somebody changed the draft, or put another definition into force since it was begun.
    """
    permissions.require(by, store.MANAGE)
    with db.transaction():
        found = get(name, by)
        if found.version != version:
            raise Conflict(f"{found.changed_by or '别人'}刚才又改了这份草稿，请看过再发布", code="draft_changed")
        data = editing.read(found.text)
        if data is not None and isinstance(data.get("name"), str) and data["name"].strip() != name:
            raise Invalid(f"定义里的 name 是 {data['name']}，而这是 {name} 的草稿。请改回，或用“复制”另建一个流程")
        made = store.publish(to_publish(found) if data else found.text, by)
        WorkflowDraft.delete().where(WorkflowDraft.name == name).execute()
    return made


def versions(name: str) -> list[dict[str, Any]]:
    """All versions of a definition, the newest first: ``row`` (without its text), ``alive`` cases on it, ``by``; two queries."""
    counts: dict[int, int] = dict(
        Instance.select(Instance.definition_id, db.fn.COUNT(Instance.id))
        .where(Instance.definition_name == name, Instance.state.in_(ALIVE)).group_by(Instance.definition_id).tuples())
    fields = [f for f in WorkflowDefinition._meta.sorted_fields if f.name != "text"]
    rows = (
        WorkflowDefinition.select(*fields, Person.name.alias("author"))
        .left_outer_join(Person, on=(Person.id == WorkflowDefinition.published_by))
        .where(WorkflowDefinition.name == name).order_by(WorkflowDefinition.id.desc()).limit(200).objects()
    )
    return [{"row": row, "alive": counts.get(row.id, 0), "by": row.author or ""} for row in rows]


def version_text(name: str, row_id: int) -> str:
    """The text of one version."""
    row = WorkflowDefinition.get_or_none(WorkflowDefinition.id == row_id, WorkflowDefinition.name == name)
    if row is None:
        raise NotFound(f"流程 {name} 没有这个版本")
    return str(row.text)


def alive_counts() -> dict[str, int]:
    """Name of a definition → its cases that are on their way; one query over the index of names and states."""
    return dict(Instance.select(Instance.definition_name, db.fn.COUNT(Instance.id))
                .where(Instance.state.in_(ALIVE)).group_by(Instance.definition_name).tuples())


def problems(found: Draft) -> list[Problem]:
    """What is wrong with a draft, and what should be looked at."""
    said = store.check_text(found.text)
    data = editing.read(found.text)
    if data is not None and isinstance(data.get("name"), str) and data["name"].strip() != found.name:
        said.insert(0, Problem(1, f"name 应是 {found.name}；要用别的名称请用“复制”另建"))
    return said


def _row(name: str) -> WorkflowDraft | None:
    return WorkflowDraft.get_or_none(WorkflowDraft.name == name)


def _current(name: str) -> WorkflowDefinition | None:
    return WorkflowDefinition.select().where(
        WorkflowDefinition.name == name, WorkflowDefinition.current).order_by(WorkflowDefinition.id.desc()).first()


def _insert(name: str, text: str, base_id: int | None, by: Any) -> None:
    WorkflowDraft.create(name=name, text=text, base_id=base_id, changed_by=by.id, changed_at=clock.now())
    audit.record("workflow.draft", "workflow.draft", name, title=name, by=by, after=_digest(text))


def _digest(text: str) -> dict[str, Any]:
    return {"digest": crypto.sm3_hex(text.encode()), "lines": text.count("\n")}
