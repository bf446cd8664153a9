"""What files belong to, and who may read them."""

from __future__ import annotations

from typing import Any

from oa_kernel import audit, builtin, clock, db, runtime
from oa_kernel.errors import Conflict, Forbidden, NotFound

from .models import Attachment, File


def get(file_id: int) -> File | None:
    """The file with this id, or None."""
    return File.get_or_none(File.id == file_id)


def attach(file: File, subject_kind: str, subject_id: Any, role: str = "attachment", position: int = 0) -> None:
    """Makes the file belong to a thing; once more only changes role and position. The caller tells the record."""
    mark = db.database.param
    with db.transaction():
        db.database.execute_sql(
            "INSERT INTO files_attachment (file_id, subject_kind, subject_id, role, position, at)"
            f" VALUES ({mark}, {mark}, {mark}, {mark}, {mark}, {mark})"
            " ON CONFLICT (subject_kind, subject_id, file_id)"
            " DO UPDATE SET role = excluded.role, position = excluded.position",
            (file.id, subject_kind, str(subject_id), role, position, Attachment.at.db_value(clock.now())),
        )


def detach(file: File, subject_kind: str, subject_id: Any) -> None:
    """The file no longer belongs to the thing. It stays stored."""
    with db.transaction():
        Attachment.delete().where(
            Attachment.file == file, Attachment.subject_kind == subject_kind, Attachment.subject_id == str(subject_id)
        ).execute()


def attached(subject_kind: str, subject_id: Any, role: str | None = None) -> list[File]:
    """Files of a thing in their order, in one query; each with ``role``, ``position`` and ``subject_id``.

    :param subject_id: of one thing, or a list of several.
    """
    ids = [str(i) for i in subject_id] if isinstance(subject_id, list | tuple) else [str(subject_id)]
    query = (
        File.select(File, Attachment.role, Attachment.position, Attachment.subject_id)
        .join(Attachment)
        .where(Attachment.subject_kind == subject_kind, Attachment.subject_id.in_(ids))
        .order_by(Attachment.position, Attachment.id)
    )
    if role is not None:
        query = query.where(Attachment.role == role)
    return list(query.objects())


def versions(file: File) -> list[File]:
    """The file and those before it, newest first."""
    found = [file]
    while found[-1].previous_id is not None:
        found.append(File.get_by_id(found[-1].previous_id))
    return found


def readable(person: Any, file: File) -> bool:
    """Whether somebody may read the file: by one of the things it belongs to; if to none, it is its owner's."""
    belongs = list(
        Attachment.select(Attachment.subject_kind, Attachment.subject_id).where(Attachment.file == file).tuples()
    )
    if not belongs:
        return file.by_id is not None and file.by_id == person.id
    guards = _guards()
    return any(kind in guards and guards[kind](person, subject_id) for kind, subject_id in belongs)


def require_readable(person: Any, file_id: int) -> File:
    """The file, for somebody who may read it; NotFound otherwise, so that nobody learns what there is."""
    file = get(file_id)
    if file is None or not readable(person, file):
        raise NotFound("没有这个文件，或您不能查看它")
    return file


def discard(file: File, by: Any = None) -> None:
    """Takes away a file that belongs to nothing; the sweep removes its content once no other file has it.

    :raises Conflict: while it is attached or a later version stands on it.
    :raises Forbidden: if ``by`` did not store it.
    """
    by_id = by if by is None or isinstance(by, int) else by.id
    with db.transaction():
        if by_id is not None and file.by_id != by_id:
            raise Forbidden("只有上传的人可以删除这个文件")
        if Attachment.select().where(Attachment.file == file).exists():
            raise Conflict(f"文件 {file.name} 还在使用，不能删除", code="file_in_use")
        if File.select().where(File.previous == file).exists():
            raise Conflict(f"文件 {file.name} 有更新的版本，不能单独删除", code="file_in_use")
        File.delete().where(File.id == file.id).execute()
        audit.record("file.discarded", "file", file.id, title=file.name, before={"sm3": file.sm3}, by=by)


def _guards() -> dict[str, Any]:
    cache = runtime.current().cache
    if "files.guards" not in cache:
        cache["files.guards"] = {g.subject_kind: g.readable for g in builtin.collect("oa_file_guards")}
    return cache["files.guards"]
