"""How SQLite's FTS5 is asked for phrases of tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

#: the column of the labels
LABELS = "labels"
#: two characters have an index of their own (see :mod:`.tokens`); tokens come ready, and this tokenizer leaves everything but
#: ASCII as it is
OPTIONS = "prefix='2', tokenize='ascii'"
#: bytes of new words that are held before they are written: many rows at once go twice as fast as with FTS5's 1 MiB
HELD = 16 * 1024 * 1024


def match(phrase: Sequence[str], beginning: bool) -> str:
    """An FTS5 string; tokens are letters and digits only, so nothing in them can end the quotes."""
    return f'"{" ".join(phrase)}"' + (" *" if beginning else "")


def labelled(text: str, groups: Iterable[Iterable[str]], without: Iterable[str]) -> str:
    """``text`` (empty: whatever it is) and of each group of labels one, and none of ``without``."""
    found = " AND ".join([*([text] if text else []), *(f"{LABELS} : ({_any_of(group)})" for group in groups)])
    return f"({found}) NOT {LABELS} : ({none})" if (none := _any_of(without)) else found


def _any_of(names: Iterable[str]) -> str:
    return " OR ".join(f'"{name}"' for name in names)
