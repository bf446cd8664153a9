"""The words of a ledger's rows: the kernel's full-text index beside the ledger's table."""

from __future__ import annotations

from typing import Any

from oa_kernel import search
from oa_kernel.errors import BadRequest


def index(name: str) -> search.TextIndex:
    """The index of a table's rows."""
    return search.TextIndex(name, stored=True)


def table(name: str) -> str:
    """Where the words of a table are kept."""
    return index(name).table


def exists(name: str) -> bool:
    """Whether there is such an index."""
    return index(name).exists()


def create(name: str) -> None:
    """Makes the index, empty."""
    index(name).create()


def put(name: str, row_id: int, text: str) -> None:
    """Keeps the words of a row, instead of those it had."""
    index(name).put(row_id, {"text": text})


def drop(name: str, row_id: int) -> None:
    """Forgets a row."""
    index(name).remove(row_id)


def condition(model: Any, text: str) -> Any:
    """Rows with all the pieces of ``text``; None where there is nothing to look for."""
    try:
        return index(model._meta.table_name).condition(model.id, text)
    except BadRequest:
        return None


__all__ = ["condition", "create", "drop", "exists", "index", "put", "table"]
