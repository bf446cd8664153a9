"""Files that go with a case: added by who drafts or works on it, read by whoever may see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from oa_kernel import audit, db, files
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound

from . import fields, store
from .case import iso, usernames
from .engine import can_see
from .models import Instance, Task
from .view import get_instance, steps_of

#: what the files of a case belong to, with the case's id; a file that answers a field with ``id:field``
SUBJECT = "workflow.instance"
MOST = 100


def attachments(instance: Instance, viewer: Any) -> list[dict[str, Any]]:
    """``[{"id", "name", "size", "sm3", "at", "by": {"username", "name"}, "field"}]``, oldest first; constant in queries.

    Files of a field that is hidden from the viewer are left out.

    :param instance: a case that was already checked; see :func:`view.get_instance`.
    """
    found = _attached(instance)
    if any(field for field, _ in found):
        hidden = _hidden_from(viewer, instance)
        found = [(field, f) for field, f in found if field not in hidden]
    names = usernames([f.by_id for _, f in found if f.by_id])
    return [{"id": f.id, "name": f.name, "size": f.size, "sm3": f.sm3, "at": iso(f.at),
             "by": dict(zip(("username", "name"), names.get(f.by_id, ("", "")), strict=True)), "field": field}
            for field, f in found]


def _attached(instance: Instance) -> list[tuple[str, Any]]:
    """(field or "", file) of all files of a case."""
    ids = [str(instance.id), *(f"{instance.id}:{name}" for name in _schema(instance))]
    return [(f.subject_id.partition(":")[2], f) for f in files.attached(SUBJECT, ids)]  # type: ignore[attr-defined]


def _schema(instance: Instance) -> list[str]:
    form = fields.form_of(store.by_id(instance.definition_id))
    return list(form.schema) if form is not None else []


def _hidden_from(viewer: Any, instance: Instance) -> set[str]:
    names = _schema(instance)
    return set(names) - set(fields.visible(*_steps_of(viewer, instance), dict.fromkeys(names)))


def _steps_of(viewer: Any, instance: Instance) -> tuple[Any, list[Any]]:
    definition = store.by_id(instance.definition_id)
    return definition, [definition.steps[s] for s in steps_of(viewer, instance) if s in definition.steps]


def may_attach(instance: Instance, person: Any) -> bool:
    """Whether somebody may add files now: the drafter of a case that is not ended, and who has work in it."""
    if instance.state not in ("running", "withdrawn"):
        return False
    return instance.drafter_id == person.id or Task.select().where(
        Task.instance_id == instance.id, Task.assignee_id == person.id, Task.state == "open", Task.kind != "circulate").exists()


def attach_files(instance_id: int, file_ids: Sequence[int], by: Any, *, field: str = "") -> list[dict[str, Any]]:
    """Adds files the person has uploaded; all of them, or none.

    :param field: the field of the form they answer, if any.
    :return: all files of the case, as :func:`attachments` gives them.
    :raises NotFound: for a case they may not see, or a file that is not theirs.
    :raises Forbidden: who has nothing to do in the case. :raises Conflict: once it is ended.
    :raises Invalid: beyond 100 files.
    """
    with db.transaction():
        instance = get_instance(instance_id, by)
        _require(instance, by)
        if field:
            _require_editable(instance, by, field)
        before = len(_attached(instance))
        if before + len(file_ids) > MOST:
            raise Invalid(f"一件事项最多 {MOST} 个附件，已有 {before} 个", errors={"file": [f"最多 {MOST} 个附件"]})
        added = []
        for position, file_id in enumerate(file_ids, before):
            file = files.get(file_id)
            if file is None or file.by_id != by.id or file.erased_at is not None:
                raise NotFound("没有这个文件，或它不是您上传的")
            files.attach(file, SUBJECT, f"{instance.id}:{field}" if field else instance.id, position=position)
            added.append({"id": file.id, "name": file.name, "sm3": file.sm3})
        audit.record("workflow.files_attached", SUBJECT, instance.id, title=instance.title,
                     after={"files": added, "field": field}, by=by)
    return attachments(instance, by)


def detach_file(instance_id: int, file_id: int, by: Any) -> None:
    """Takes a file away again that one added oneself; the record keeps what it was.

    :raises Forbidden: for somebody else's file. :raises Conflict: once the case is ended.
    """
    with db.transaction():
        instance = get_instance(instance_id, by)
        field, file = next(((n, f) for n, f in _attached(instance) if f.id == file_id), ("", None))
        if file is None or field and field in _hidden_from(by, instance):
            raise NotFound("没有这个附件")
        _require(instance, by)
        if file.by_id != by.id:
            raise Forbidden("只能移除自己添加的附件")
        files.detach(file, SUBJECT, f"{instance.id}:{field}" if field else instance.id)
        audit.record("workflow.file_removed", SUBJECT, instance.id, title=instance.title,
                     before={"id": file.id, "name": file.name, "sm3": file.sm3}, by=by)


def _require(instance: Instance, by: Any) -> None:
    if instance.state not in ("running", "withdrawn"):
        raise Conflict("事项已结束或已暂停，不能改动附件", code="not_running")
    if not may_attach(instance, by):
        raise Forbidden("只有拟稿人和正在办理的人可以改动附件")


def _require_editable(instance: Instance, by: Any, field: str) -> None:
    definition = store.by_id(instance.definition_id)
    steps = [definition.steps[s] for (s,) in Task.select(Task.step).where(
        Task.instance_id == instance.id, Task.assignee_id == by.id, Task.state == "open").tuples() if s in definition.steps]
    if instance.drafter_id == by.id:
        steps.append(definition.first)
    if field not in _schema(instance) or not any(fields.right(definition, s, field) in ("edit", "required") for s in steps):
        raise Invalid("表单有误", errors={field: ["这一环节不能修改"]})


def readable(person: Any, subject_id: str) -> bool:
    """The guard of these files: whoever may see the case, and the field the file answers."""
    number, _, field = subject_id.partition(":")
    instance = Instance.by_id(int(number))
    return instance is not None and can_see(person, instance) and not (field and field in _hidden_from(person, instance))
