"""Taking a plugin away with all it kept: exported first, then dropped in one transaction, told to the record.

What stays, because others rely on it: the audit record, cases that have ended with their trail, registers of numbers
that were given (a number is never given twice), messages people received.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from oa_kernel import audit, clock, db, plugins, runtime, workflow
from oa_kernel.config import editing
from oa_kernel.db import migrate
from oa_kernel.errors import Conflict
from oa_kernel.files.models import Attachment, File
from oa_kernel.identity.shared import by_id, touch_everybody
from oa_kernel.permissions.models import Grant
from oa_kernel.workflow.models import Instance, WorkflowDefinition

from .belongings import OPEN, Belongings, of_plugin
from .export import Export
from .models import SeenVersion
from .switching import SUBJECT, allowed, find, users_of, wanted
from .tables import Tables, files_named_in


@dataclass(frozen=True)
class Plan:
    """What a purge would take away; ``hindrance`` says why it cannot be done now, empty when it can."""

    name: str
    title: str
    #: table → rows, its search indexes left out
    tables: dict[str, int] = field(default_factory=dict)
    #: what goes of the kernel's rows → how many
    rows: dict[str, int] = field(default_factory=dict)
    files: int = 0
    cases: int = 0
    #: of these, not ended: a purge has to be told to cancel them
    open_cases: int = 0
    hindrance: str = ""


def plan(name: str) -> Plan:
    """What purging a plugin would take away. A query a table."""
    state = find(name)
    hindrance = _hindrance(name)
    own = of_plugin(state)
    history = migrate.table(name)
    tables = {t: _count(t) for t in own.tables if t not in own.indexes and t != history}
    rows = {what: n for what, query in own.rows().items() if (n := query.count())}
    running = own.cases().where(Instance.state.in_(OPEN)).count()
    return Plan(name, _title(state), tables, rows, len(own.files()), own.cases().count(), running, hindrance)


def purge(name: str, by: Any = None, progress: Callable[[str], Any] | None = None, *, end_cases: bool = False) -> Path:
    """Exports what a disabled plugin kept and takes it away; enabling it afterwards starts anew.

    :param end_cases: cancels its open cases in the same transaction; a person needs the right to manage workflows.
    :returns: the archive that was written.
    :raises Conflict: while it is on, or runs, or another needs it, or cases of it are open.
    """
    allowed(by)
    say = progress or (lambda _text: None)
    state = find(name)
    if hindrance := _hindrance(name):
        raise Conflict(hindrance, code="plugin_in_use")
    own = of_plugin(state)
    version = plugins.look(state)[1].version or state.version
    with editing.open_file(runtime.current().config.path) as file, Export(name, version) as export:
        say("导出文件")
        export.files(_rows(own.files()))  # contents never change, so they need not wait for the lock
        try:
            with db.transaction():
                _lock(own)
                _end_cases(own, by, end_cases)
                path = _export(own, export, file, say)
                say("清除")
                gone = _drop(own, by)
                audit.record("plugin.purged", SUBJECT, name, _title(state), before={
                    "version": version, "rows": export.counts, **gone}, after={"archive": path.name}, by=by)
                file.remove_section(name)
                file.section(name)["enabled"] = False
                file.write()
        except BaseException:
            if file.path.read_bytes() != file.before:
                file.undo()
            raise
        export.keep()
    runtime.current().cache.clear()
    return path


def _export(own: Belongings, export: Export, file: editing.Editing, say: Callable[[str], Any]) -> Path:
    """Everything into the archive, inside the transaction that drops it: nothing is written in between."""
    export.files(_rows(own.files()))  # those that came meanwhile
    for table in own.tables:
        if table not in own.indexes:
            say(f"导出 {table}")
            export.table(table)
    for what, query in own.rows().items():
        export.rows(what, query.dicts())
    export.settings((file.data.get("plugins") or {}).get(own.name))
    return export.close()


def _hindrance(name: str) -> str:
    """Why a plugin cannot be purged now, apart from its cases."""
    if users := users_of(name):
        return f"不能清除 {name}：这些启用的插件需要它：{'、'.join(users)}"
    if wanted().get(name, False):
        return f"{name} 还启用着：请先停用它并重启服务"
    if runtime.current().plugins.states[name].state == "ok":
        return f"{name} 还在运行：请先重启服务，使停用生效"
    if todo := migrate.pending(migrate.KERNEL, "oa_kernel"):
        return f"数据库还没有更新（{'、'.join(todo)}）：请先运行 oa migrate"
    return ""


def _title(state: Any) -> str:
    return str(plugins.look(state)[1].title or state.name)


def _end_cases(own: Belongings, by: Any, cancel: bool) -> None:
    """Refuses while cases are open, or cancels them: nobody's case is lost without a word."""
    still = [i.id for i in own.cases().where(Instance.state.in_(OPEN)).order_by(Instance.id)]
    if still and not cancel:
        raise Conflict(f"还有 {len(still)} 件没有办结的流程是它的：请先办结，或同意一并取消", code="plugin_in_use")
    for case_id in still:
        if Instance.get_by_id(case_id).state in OPEN:  # a sub-process ends with its parent
            workflow.cancel(case_id, by, f"插件 {own.name} 的数据被清除")


def _lock(own: Belongings) -> None:
    """Nobody writes into the tables any more; on SQLite the transaction itself sees to that."""
    if db.is_postgresql():
        for table in own.tables:
            db.database.execute_sql(f'LOCK TABLE "{table}" IN ACCESS EXCLUSIVE MODE')


def _drop(own: Belongings, by: Any) -> dict[str, int]:
    """Takes all of it away; how much of what."""
    rows = {what: query.count() for what, query in own.rows().items()}
    touch_everybody()
    Grant.update(ended_at=clock.now(), ended_by=by_id(by)).where(
        Grant.role.in_(own.roles or [""]), Grant.ended_at.is_null()).execute()
    files = own.files(certain=True)
    for what, query in own.rows().items():
        if what not in ("grants", "definitions"):
            query.model.delete().where(query._where).execute()
    _definitions(own)
    SeenVersion.delete().where(SeenVersion.plugin == own.name).execute()
    cascade = " CASCADE" if db.is_postgresql() else ""
    for view in own.views:
        db.database.execute_sql(f'DROP VIEW IF EXISTS "{view}"{cascade}')
    for table in own.tables:
        db.database.execute_sql(f'DROP TABLE IF EXISTS "{table}"{cascade}')
    db.database.execute_sql(f'DROP TABLE IF EXISTS "{migrate.table(own.name)}"{cascade}')
    rows["files"] = _discard(files)  # now that no row of its own refers to them
    return {what: n for what, n in rows.items() if n}


def _rows(ids: set[int]) -> Iterator[File]:
    """The files, a query for every few hundred."""
    for part in db.in_pieces(sorted(ids)):
        yield from File.select().where(File.id.in_(part)).order_by(File.id)


def _discard(ids: set[int]) -> int:
    """Forgets files that now belong to nothing and that no row names; the sweep removes their contents. The newest version
    goes first."""
    there = Tables()
    named = files_named_in(sorted(there.there - there.indexes - {Attachment._meta.table_name, File._meta.table_name}))
    done = 0
    for piece in db.in_pieces(sorted(ids - named, reverse=True)):
        while True:
            later = File.alias()
            free = File.delete().where(
                File.id.in_(piece),
                ~db.fn.EXISTS(Attachment.select(db.SQL("1")).where(Attachment.file == File.id)),
                ~db.fn.EXISTS(later.select(db.SQL("1")).where(later.previous == File.id)))
            gone = free.execute()
            if not gone:
                break
            done += gone
    return done


def _definitions(own: Belongings) -> None:
    """Definitions go, save those that ended cases went by: of these none is in force any more."""
    mine = WorkflowDefinition.source == f"plugin:{own.name}"
    used = Instance.select(Instance.definition_id)
    WorkflowDefinition.delete().where(mine, WorkflowDefinition.id.not_in(used)).execute()
    WorkflowDefinition.update(current=False).where(mine).execute()


def _count(table: str) -> int:
    return int(db.database.execute_sql(f'SELECT COUNT(*) FROM "{table}"').fetchone()[0])


__all__ = ["Plan", "plan", "purge"]
