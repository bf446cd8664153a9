"""A ledger: what a declaration says, done. Every method may be replaced in a subclass.

::

    class ItemLedger(ledgers.Ledger):
        def validate(self, values, row, by):
            if values.get("left", 0) > values.get("bought", 0):
                raise Invalid("…", errors={"left": ["不能多于购入数"]})
            return values
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from oa_kernel import db, permissions
from oa_kernel.config.schema import SECRECY_LEVELS
from oa_kernel.forms import Form
from oa_kernel.identity.models import Person

from . import history, query, tables, values, words, writing
from .columns import Column, paired
from .rows import Row

if TYPE_CHECKING:
    from .declaration import Declaration


class Ledger:
    """One kind of row, its list, its forms, its writes.

    :param declaration: the file.
    :param owner: a plugin's name, ``kernel``, or ``own`` for an organisation's own.
    :param model: a subclass of :class:`Row`; another model is only shown; None: made from the declaration.
    """

    def __init__(self, declaration: Declaration, owner: str, model: Any = None, *, makes_table: bool = False) -> None:
        self.declaration, self.owner = declaration, owner
        self.name, self.title, self.noun = declaration.name, declaration.title, declaration.noun
        #: of permissions, and of audit events' objects
        self.kind = f"{owner}.{declaration.name}"
        where = str(declaration.path)
        if model is None:
            model, makes_table = tables.build_model(declaration, f"{owner.replace('-', '_')}_{declaration.name}"), True
        self.model: Any = model
        #: the table is ours to make and extend
        self.makes_table = makes_table
        self.writable = issubclass(model, Row)
        if self.writable and model.__module__ != tables.__name__:
            tables.check_model(model, declaration.columns, where)
        elif not self.writable:
            tables.check_read_only(model, declaration.columns, where)
        #: names of (filter, order) that have an index together
        self.pairs = frozenset((few.name, by.name) for few, by in paired(declaration.columns)) if self.writable else frozenset()
        self.searched = self.writable and any(c.search for c in declaration.columns)

    # who may do what, and see what

    def right(self, verb: str) -> str:
        """Name of the permission: ``view`` ``edit`` ``import`` ``export`` ``delete`` ``sensitive``."""
        return f"{self.kind}.{verb}"

    def may(self, person: Any, verb: str, row: Any = None) -> bool:
        """Whether the person may do this, with this row if one is given."""
        if verb != "view" and verb != "export" and not self.writable:
            return False
        return permissions.allows(person, self.right(verb), row)

    def query(self, person: Any, verb: str = "view") -> Any:
        """Rows for which the person holds the permission, in its scope and their clearance."""
        model = self.model
        if self.writable:
            return permissions.restrict(
                model.select(), person, self.right(verb), owner=model.owner_id, department=model.department_id,
                secrecy=model.secrecy_level,
            )
        fields = model._meta.fields
        owner = model.id if model is Person else fields.get("owner_id")
        department = fields.get("department_id") or fields.get("department")
        return permissions.restrict(
            model.select(), person, self.right(verb), owner=owner, department=department, secrecy=fields.get("secrecy_level"))

    def sees(self, person: Any, column: Column) -> str:
        """``open`` | ``masked`` | ``hidden``. The system itself (None) sees everything."""
        if person is None:
            return "open"
        if column.secrecy and permissions.clearance_of(person) < column.secrecy:
            return "hidden"
        if column.visible_to and not permissions.allows(person, column.visible_to):
            return "hidden"
        if column.mask and not permissions.allows(person, self.right("sensitive")):
            return "masked"
        return "open"

    def columns(self, person: Any) -> list[Column]:
        """Columns the person may see, masked ones among them, in their order."""
        return [c for c in self.declaration.columns if self.sees(person, c) != "hidden"]

    # what a row says

    def value(self, row: Any, column: Column) -> Any:
        """A column's value of a row."""
        return getattr(row, column.name)

    def shown(self, row: Any, person: Any, columns: Iterable[Column] | None = None) -> dict[str, Any]:
        """Values by column as this person may see them: masked where they may not see all."""
        found = {}
        for column in columns if columns is not None else self.columns(person):
            value = self.value(row, column)
            masked = self.sees(person, column) == "masked"
            if not masked and person is not None:
                self._seen(person, column)
            found[column.name] = values.masked(column, value) if masked else value
        return found

    def _seen(self, person: Any, column: Column) -> None:
        """What not everybody gets to see was shown: the right by which it was counts as used."""
        if column.visible_to:
            permissions.by_right(person, column.visible_to)
        if column.mask:
            permissions.by_right(person, self.right("sensitive"))

    def outside(self, row: Any, person: Any, names: values.Names) -> dict[str, Any]:
        """A row for REST."""
        columns = self.columns(person)
        shown = self.shown(row, person, columns)
        out: dict[str, Any] = {"id": row.id, **{c.name: values.outside(c, shown[c.name], names) for c in columns}}
        if self.writable:
            out |= {"version": row.version, "archived": row.archived, "created": row.created_at, "updated": row.updated_at}
            if row.archived:
                out["archived_reason"] = row.archived_reason
            if self.declaration.secrecy:
                out["secrecy"] = values.level_title(row.secrecy_level)
        return out

    def title_of(self, row: Any, person: Any = None) -> str:
        """What a row is called: its first texts."""
        parts = []
        for column in self.declaration.columns:
            if column.kind == "string" and not column.mask and not column.secrecy and not column.visible_to:
                value = self.value(row, column)
                if value:
                    parts.append(column.choices.get(str(value), str(value)))
            if len(parts) == 2:
                break
        return " ".join(parts) or f"{self.noun} {row.id}"

    def words(self, row: Any) -> str:
        """What the search box finds the row by."""
        return "\n".join(str(self.value(row, c) or "") for c in self.declaration.columns if c.search)

    # forms

    def editable(self, person: Any, *, new: bool) -> list[Column]:
        """Columns the person may fill in. What is masked is filled in once, and not changed unseen."""
        return [c for c in self.columns(person) if not c.numbered and (new or self.sees(person, c) == "open")]

    def form(self, person: Any, *, new: bool) -> Form:
        """The form of a new or changed row, as this person gets it."""
        schema: dict[str, Any] = {}
        for column in self.editable(person, new=new):
            rule = dict(column.rule)
            if column.kind == "department":
                rule |= {"options": {str(k): v for k, v in values.departments().items()}, "type": "integer"}
            elif column.kind == "person":
                rule.setdefault("help", "用户名，或不重名的姓名")
            longest = getattr(self.model._meta.fields[column.name], "max_length", None)
            if column.kind == "string" and longest and int(rule.get("maxlength") or longest) >= longest:
                rule["maxlength"] = longest
            schema[column.name] = rule
        if self.declaration.secrecy:
            highest = permissions.clearance_of(person) if person is not None else len(SECRECY_LEVELS) - 1
            levels = list(SECRECY_LEVELS[: highest + 1]) or list(SECRECY_LEVELS[:1])
            schema["secrecy"] = {"type": "string", "label": "密级", "allowed": levels, "default": levels[0]}
        return Form(schema, name=self.kind, title=self.title)

    def largest(self, column: Column) -> int:
        """The largest whole number the column can keep on any engine."""
        field = self.model._meta.fields[column.name]
        if isinstance(field, db.BigIntegerField):
            return 2**62
        return 2**15 - 1 if isinstance(field, db.SmallIntegerField) else 2**31 - 1

    def typed(self, row: Any, person: Any) -> dict[str, Any]:
        """A row's values as its form holds them: people by user name."""
        columns = self.editable(person, new=False)
        names = values.Names(columns, [row])
        found = {}
        for column in columns:
            value = self.value(row, column)
            if column.kind == "person":
                who = names.people.get(value)
                value = who.username if who is not None else ""
            found[column.name] = value
        if self.declaration.secrecy:
            found["secrecy"] = values.level_title(row.secrecy_level)
        return found

    # what subclasses add

    def validate(self, values: dict[str, Any], row: Any, by: Any) -> dict[str, Any]:
        """Rules a form cannot say. ``values`` are clean; ``row`` is None for a new one. Raise Invalid with ``errors``."""
        return values

    def before_save(self, row: Any, before: Mapping[str, Any] | None, by: Any) -> None:
        """Inside the transaction, before the row is written; ``before`` is None for a new one."""

    def after_save(self, row: Any, before: Mapping[str, Any] | None, by: Any) -> None:
        """Inside the transaction, after the row was written."""

    # reading

    def page(
        self, person: Any, args: Mapping[str, Any] | None = None, *, limit: int = 50, cursor: str | None = None
    ) -> db.Page:
        """A page of rows: one query. Raises Invalid for filters that cannot be understood."""
        return query.page(self, person, query.understand(self, person, args or {}), limit=limit, cursor=cursor)

    def get(self, row_id: int, person: Any, verb: str = "view") -> Any:
        """One row the person may see. Raises NotFound; Forbidden where they see it but may not do this."""
        return writing.found(self, row_id, person, verb)

    def names(self, rows: Iterable[Any], person: Any) -> values.Names:
        """Names of whom the rows point to."""
        return values.Names(self.columns(person), rows)

    def history(self, row_id: int, person: Any, *, limit: int = 50, cursor: str | None = None) -> db.Page:
        """What was done to a row, the newest first, as far as the person may see its fields."""
        self.get(row_id, person)
        return history.page(self, row_id, person, limit=limit, cursor=cursor)

    # writing: one transaction and one audit event a row

    def create(self, data: Mapping[str, Any], by: Any, *, coerce: bool | None = None) -> Any:
        """A new row. Raises Invalid, Forbidden."""
        return writing.create(self, data, by, coerce=coerce)

    def update(
        self, row_id: int, data: Mapping[str, Any], by: Any, *, version: int | None = None, partial: bool = True,
        coerce: bool | None = None,
    ) -> Any:
        """Changes a row. Raises Conflict (``stale``) where somebody changed it since ``version``."""
        return writing.update(self, row_id, data, by, version=version, partial=partial, coerce=coerce)

    def archive(self, row_ids: Iterable[int], reason: str, by: Any) -> list[Any]:
        """Takes rows out of use, with the reason; they stay."""
        return writing.archive(self, row_ids, reason, by)

    def restore(self, row_id: int, by: Any) -> Any:
        """Takes an archived row into use again."""
        return writing.restore(self, row_id, by)

    def remove(self, row_id: int, reason: str, by: Any) -> None:
        """Removes a row for good; the audit record keeps what it said, a number it had is void."""
        writing.remove(self, row_id, reason, by)

    def reindex(self) -> int:
        """Takes in the words of all rows again, after they were written otherwise; how many."""
        count = 0
        with db.transaction():
            for row in self.model.select().iterator():
                words.put(self.model._meta.table_name, row.id, self.words(row))
                count += 1
        return count


__all__ = ["Ledger"]
