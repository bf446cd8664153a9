"""How PostgreSQL keeps the words of a row, and how it is asked for them.

A GIN index gives its hits in no order, so that the newest twenty of a common word cost all of them. Every row therefore
carries the numbers of its blocks of ids, small and larger ones, as words, and a page asks the newest blocks first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from . import tokens as words

WEIGHTS = "ABCD"
#: tokens of one row of the table; PostgreSQL keeps at most 256 positions of a word
PIECE = 1_000
#: tokens that two pieces share, so that no phrase is lost between them
OVERLAP = words.LONGEST
#: ids that share a block word, of each kind of block; after the largest comes all that is older, at once
BLOCKS = (256, 4_096, 65_536)
_KINDS = "bcd"

#: before a query that is no part of a transaction: of some thousand rows, too, the index is asked (see ``TextIndex._held``)
ALONE = "SET LOCAL enable_seqscan = off; "


def pieces(columns: Sequence[str], texts: Mapping[str, str], extra: Iterable[str]) -> list[str]:
    """Vectors of a text: parts of it that overlap, the columns told apart by weight, each with the ``extra`` words."""
    rows: list[list[str]] = [[]]
    pairs: list[set[str]] = [set()]
    position = 0
    for weight, column in zip(WEIGHTS, columns, strict=False):
        found = words.tokens(texts.get(column, ""))
        start = 0
        while start < len(found):
            room = PIECE - position
            if room <= OVERLAP:
                rows.append([])
                pairs.append(set())
                position, room = 0, PIECE
            part = found[start:start + room]
            rows[-1] += [f"'{token}':{n}{weight}" for n, token in enumerate(part, position + 1)]
            pairs[-1].update(pair(weight, token) for token in part if len(token) > 1 and words.is_cjk(token))
            position += len(part)
            start += room
            if start < len(found):
                start -= OVERLAP
        position += 1  # no phrase begins in one column and ends in the next
    more = [f"'{word}'" for word in extra]
    return [" ".join([*row, *(f"'{word}'" for word in sorted(two)), *more]) for row, two in zip(rows, pairs, strict=True)]


def query(phrase: Sequence[str], beginning: bool, weights: str, weight: str = "") -> str:
    """A tsquery of tokens one after the other. ``weights``: of all columns; ``weight``: of the one that is asked."""
    last = phrase[-1]
    if beginning and len(phrase) == 1 and len(last) == words.WIDTH - 1 and words.is_cjk(last):
        return any_of(pair(one, last) for one in weight or weights)
    parts = [f"'{token}'{':' + weight if weight else ''}" for token in phrase]
    if beginning:
        parts[-1] = f"'{last}':*{weight}"
    return " <-> ".join(parts)


def pair(weight: str, token: str) -> str:
    """The word of a token's first two characters in a column: asked for alone, they need no place, and looking through all
    words that begin with them would cost what all of those cost. No token begins with a capital letter."""
    return f"{weight}{token[:2]}"


def label(name: str) -> str:
    """The word of a label: no token has an equals sign."""
    return f"=l{name}"


def blocks(row_id: int) -> list[str]:
    """The words of a row's blocks."""
    return [f"={kind}{row_id // size}" for kind, size in zip(_KINDS, BLOCKS, strict=True)]


def any_of(lexemes: Iterable[str]) -> str:
    """A tsquery: one of them."""
    return "(" + " | ".join(f"'{word}'" for word in lexemes) + ")"


def newest(table: str) -> tuple[str, str]:
    """What goes around a query of the first window: its rows come with the newest id before them, and that comes anyway."""
    return (f"WITH newest AS (SELECT max(id) AS id FROM {table}) SELECT newest.id, hit.* FROM newest LEFT JOIN (",
            ") hit ON true")


def newest_asked(first: int) -> str:
    """The SQL of a tsquery that stands in such a query, in the first window's blocks (see :func:`windows`)."""
    block, kind = f"newest.id / {BLOCKS[first]}", _KINDS[first]
    return f"SELECT ('(''={kind}' || {block} || ''' | ''={kind}' || {block} - 1 || ''') & ' || %s)::tsquery FROM newest"


def newest_low(first: int) -> str:
    """The SQL of the lowest id of the first window."""
    return f"(SELECT (newest.id / {BLOCKS[first]} - 1) * {BLOCKS[first]} FROM newest)"


def windows(newest: int, first: int = 0) -> Iterator[tuple[str, int]]:
    """(tsquery of the blocks of a window or "", the lowest id that is in it), from the newest id backwards: of each kind of
    block the one that holds the newest id left, and the one before it. What is left at the end goes with the window before
    it where it is no larger than that. ``first``: the kind of block that is begun with, 0 being the smallest."""
    for kind, size in list(zip(_KINDS, BLOCKS, strict=True))[first:]:
        if newest < 0:
            return
        low = max(0, newest // size - 1)
        if kind != _KINDS[first] and low <= 2:
            break
        yield any_of(f"={kind}{n}" for n in range(low, newest // size + 1)), low * size
        newest = low * size - 1
    if newest >= 0:
        yield "", 0
