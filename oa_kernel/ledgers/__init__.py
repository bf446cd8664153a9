"""Ledgers: list, forms, detail pages, history, import, export and REST of a simple kind of row, out of one declaration.

A plugin::

    class Item(ledgers.Row):
        name = db.CharField(max_length=120)

        class Meta:
            table_name = "office_item"

    @hookimpl
    def oa_ledgers():
        return [LedgerDeclaration(HERE / "ledgers" / "items.yaml", Item)]

An organisation puts ``ledgers/NAME.yaml`` beside its ``oa.yaml``; the table is made by ``oa migrate`` or at the start.
What a file cannot say stands in a subclass of :class:`Ledger`. In code: ``ledgers.get("items").create({…}, by=person)``.
"""

from . import saved
from .columns import Column
from .declaration import Declaration, declare, read
from .ledger import Ledger
from .query import Totals, Wanted, exported, totals, understand
from .query import page as page_of
from .registry import check, get, pending, registered, registry, reload, sync
from .rows import MoneyField, Row
from .sheets import columns_of, dump
from .values import Names, departments, level_title, text

__all__ = [
    "Column",
    "Declaration",
    "Ledger",
    "MoneyField",
    "Names",
    "Row",
    "Totals",
    "Wanted",
    "check",
    "columns_of",
    "declare",
    "departments",
    "dump",
    "exported",
    "get",
    "level_title",
    "page_of",
    "pending",
    "read",
    "registered",
    "registry",
    "reload",
    "saved",
    "sync",
    "text",
    "totals",
    "understand",
]
