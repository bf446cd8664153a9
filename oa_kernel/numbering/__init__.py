"""Numbers without gap or double, from the row-locked counter of their series, in the caller's transaction.

    number = numbering.take("documents:国办发:2024", "document", document.id)

A number once registered is never given again: it is *used* by a thing, *reserved* for later, or *void* with its
reason. Callers tell the audit record why; the register tells what.
"""

from .series import Entry, begin_at, next_number, number_of, register, reserve, take, take_reserved, void

__all__ = [
    "Entry", "begin_at", "next_number", "number_of", "register", "reserve", "take", "take_reserved", "void",
]
