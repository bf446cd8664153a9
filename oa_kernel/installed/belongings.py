"""What belongs to a plugin in the database: its tables, and rows about it in the kernel's.

A plugin's tables begin with its name (the conformance suite holds it to that), as do the names of all it contributes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import peewee

from oa_kernel import db, plugins, runtime, schema
from oa_kernel.db import migrate
from oa_kernel.files.models import Attachment, File
from oa_kernel.ledgers.models import SavedView
from oa_kernel.outbox.models import Row
from oa_kernel.permissions.models import Grant, RolePermission, Use
from oa_kernel.scheduling.models import Run
from oa_kernel.workflow.models import Instance, WorkflowDefinition

from .tables import Tables, files_named_in

OPEN = ("running", "suspended")


@dataclass
class Belongings:
    """Everything of one plugin."""

    name: str
    #: tables of its own, those that refer to others first, so that they can be dropped in this order
    tables: list[str] = field(default_factory=list)
    #: of these, indexes for searching: made from the rest, so they are dropped but not exported
    indexes: list[str] = field(default_factory=list)
    views: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    ledgers: list[str] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        return self.name + "."

    def of(self, column: Any) -> Any:
        """Rows whose name is the plugin's or begins with it."""
        return (column == self.name) | column.startswith(self.prefix)

    def attachments(self) -> Any:
        return Attachment.select().where(self.of(Attachment.subject_kind))

    def files(self, *, certain: bool = False) -> set[int]:
        """Ids of the files that are attached to the plugin's things or named by rows of its tables, and of their earlier
        versions. ``certain``: a column's name (``file_id``) is not enough, it may be the number of something else."""
        attached = File.select(File.id).join(Attachment).where(self.of(Attachment.subject_kind))
        named = files_named_in((t for t in self.tables if t not in self.indexes), certain=certain)
        found = {i for (i,) in attached.tuples()} | named
        newer = found
        while newer:  # a step a version
            rows = [row for part in db.in_pieces(sorted(newer)) for row in
                    File.select(File.previous).where(File.id.in_(part), File.previous.is_null(False)).tuples()]
            newer = {i for (i,) in rows} - found
            found |= newer
        return found

    def cases(self) -> Any:
        """Cases about the plugin's things or by its definitions."""
        return Instance.select().where(self.of(Instance.subject_kind) | self.of(Instance.definition_name))

    def rows(self) -> dict[str, Any]:
        """What stands in the kernel's tables and goes with the plugin, as queries; by the name it has in the export."""
        return {
            "attachments": self.attachments(),
            "grants": Grant.select().where(Grant.role.in_(self.roles or [""]), Grant.ended_at.is_null()),
            "role_permissions": RolePermission.select().where(self.of(RolePermission.permission)),
            "permission_uses": Use.select().where(self.of(Use.permission)),
            "definitions": WorkflowDefinition.select().where(WorkflowDefinition.source == f"plugin:{self.name}"),
            "outbox": Row.select().where(self.of(Row.topic), Row.state != "done"),
            "scheduled": Run.select().where(self.of(Run.name)),
            "ledger_views": SavedView.select().where(SavedView.ledger.in_(self.ledgers or [""])),
        }


def of_plugin(state: plugins.PluginState) -> Belongings:
    """Everything of an installed plugin, on or off. Raises Conflict when it cannot be imported."""
    plugin, _info = plugins.look(state)
    models = list(_ask(plugin, "oa_models"))
    found = Belongings(state.name, roles=[r.name for r in _ask(plugin, "oa_roles")], ledgers=_ledgers(plugin))
    named = [m._meta.table_name for m in peewee.sort_models(models)][::-1]
    there = Tables()
    named = list(dict.fromkeys(named + [t for t in _ledger_tables(plugin) if t in there.there]))
    mine = {t for t in there.there if t in named or _owner(t, state.name)}
    # an index stands beside its table, whatever that is called
    indexes = {t for t in there.indexes if t in mine or t.removesuffix("_fts") in mine}
    # search indexes first: what SQLite keeps behind a virtual table goes with it
    found.indexes = sorted(indexes)
    kept = [t for t in named if t in there.there]
    found.tables = [*found.indexes, *kept, *sorted(mine - indexes - set(kept))]
    found.views = sorted(v for v in there.views if _owner(v, state.name))
    return found


def _ask(plugin: Any, hook: str) -> list[Any]:
    return list(getattr(plugin, hook)() or ()) if hasattr(plugin, hook) else []


def _ledger_tables(plugin: Any) -> list[str]:
    return [d.model._meta.table_name for d in _ask(plugin, "oa_ledgers") if d.model is not None]


def _ledgers(plugin: Any) -> list[str]:
    import yaml

    names = []
    for declared in _ask(plugin, "oa_ledgers"):
        head = yaml.safe_load(declared.path.read_text(encoding="utf-8")) or {}
        names.append(str(head.get("name") or declared.path.stem))
    return names


def _owner(table: str, name: str) -> bool:
    """Whether a table is this plugin's by its name, and not the kernel's or that of a plugin with a longer name."""
    prefix = name.replace("-", "_") + "_"
    if not table.startswith(prefix) or table in {m._meta.table_name for m in schema.models()}:
        return False
    if table == migrate.table(name):
        return True
    others = (n.replace("-", "_") + "_" for n in runtime.current().plugins.states if n != name)
    return not any(len(o) > len(prefix) and table.startswith(o) for o in others)


def lines(table: str) -> Iterator[dict[str, Any]]:
    """All rows of a table as plain mappings, in pieces."""
    columns = [c.name for c in db.database.get_columns(table)]
    keys = db.database.get_primary_keys(table)
    if keys != ["id"]:
        # what a virtual table of SQLite's is referred to by is not among its columns
        shown = "rowid, *" if not keys and table in Tables().virtual else "*"
        cursor = db.database.execute_sql(f'SELECT {shown} FROM "{table}"')
        names = [d[0] for d in cursor.description]
        yield from (dict(zip(names, row, strict=True)) for row in iter(cursor.fetchone, None))
        return
    mark, last, at = db.database.param, None, columns.index("id")
    listed = ", ".join(f'"{c}"' for c in columns)
    while True:
        where = f'WHERE "id" > {mark} ' if last is not None else ""
        rows = db.database.execute_sql(
            f'SELECT {listed} FROM "{table}" {where}ORDER BY "id" LIMIT 1000', (last,) if last is not None else ()).fetchall()
        yield from (dict(zip(columns, row, strict=True)) for row in rows)
        if len(rows) < 1000:
            return
        last = rows[-1][at]


__all__ = ["OPEN", "Belongings", "lines", "of_plugin"]
