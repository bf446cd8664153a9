"""Rows that come and go as spreadsheets, and ledgers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class SheetColumn:
    """A column of a spreadsheet. ``kind`` is ``text`` | ``integer`` | ``number`` | ``date`` | ``boolean``."""

    name: str
    #: the heading, zh-CN
    title: str
    kind: str = "text"
    required: bool = False
    choices: Sequence[str] = ()
    help: str = ""
    #: other headings it is known by
    aliases: Sequence[str] = ()
    #: most characters of a text
    longest: int = 500


@dataclass(frozen=True)
class Sheet:
    """Rows that come in and go out as .xlsx (``oa import NAME FILE``, ``oa export NAME FILE``).

    ``load(rows, report, by)`` writes rows (dicts by column name, ``row`` their line) inside the import's transaction
    and reports what is wrong by ``report.fault(row, heading, message)``, everything that is wrong in a row at once; it may
    answer with a callable that is run when all worksheets are read. A cell that could not be read was reported before and
    comes empty, a required one too: all is undone in the end. ``prepare(rows, report, by)`` is asked before that
    transaction, for what takes long (SQLite has one writer, and everybody waits for it), and ``load`` gets what it answers
    in the place of the rows; whatever it read may have changed by then. ``dump() -> iterable of dicts`` gives all rows.
    ``parts`` names the kinds that make up a workbook of several worksheets, in the order they are read.
    """

    name: str
    title: str
    columns: Sequence[SheetColumn] = ()
    load: Callable[..., Any] | None = None
    dump: Callable[[], Any] | None = None
    #: who may import it on the pages; None: by the command line only
    permission: str | None = None
    parts: Sequence[str] = ()
    prepare: Callable[..., Any] | None = None


@dataclass(frozen=True)
class LedgerDeclaration:
    """A ledger: list, forms, detail page, import, export and REST of one kind of row, out of one YAML file.

    ``model`` is a subclass of ``oa_kernel.ledgers.Row`` (any other model is shown read-only); left out, the table is
    made from the file. ``behaviour`` is a subclass of ``oa_kernel.ledgers.Ledger`` for what a file cannot say.
    """

    path: Path
    model: type | None = None
    behaviour: type | None = None


__all__ = ["LedgerDeclaration", "Sheet", "SheetColumn"]
