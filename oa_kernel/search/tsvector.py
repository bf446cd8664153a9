"""How PostgreSQL keeps the words of a row, and how it is asked for them.

A GIN index gives its hits in no order, so that the newest twenty of a common word cost all of them. Every row therefore
carries the number of its block of :data:`BLOCK` ids as one more word, and a page asks the newest blocks first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from . import tokens as words

WEIGHTS = "ABCD"
#: tokens of one row of the table; PostgreSQL keeps at most 256 positions of a word
PIECE = 1_000
#: tokens that two pieces share, so that no phrase is lost between them
OVERLAP = words.LONGEST
#: ids that share a block word
BLOCK = 4_096
#: blocks that are asked together, one after the other; what is older than all of them comes last, at once
WINDOWS = (1, 8, 64)


def pieces(columns: Sequence[str], texts: Mapping[str, str], extra: Iterable[str]) -> list[str]:
    """Vectors of a text: parts of it that overlap, the columns told apart by weight, each with the ``extra`` words."""
    rows: list[list[str]] = [[]]
    position = 0
    for weight, column in zip(WEIGHTS, columns, strict=False):
        found = words.tokens(texts.get(column, ""))
        start = 0
        while start < len(found):
            room = PIECE - position
            if room <= OVERLAP:
                rows.append([])
                position, room = 0, PIECE
            for token in found[start:start + room]:
                position += 1
                rows[-1].append(f"'{token}':{position}{weight}")
                if words.is_full(token):  # two characters are asked for by a word of their own at the same place
                    rows[-1].append(f"'{token[:-1]}':{position}{weight}")
            start += room
            if start < len(found):
                start -= OVERLAP
        position += 1  # no phrase begins in one column and ends in the next
    more = [f"'{word}'" for word in extra]
    return [" ".join(row + more) for row in rows]


def query(phrase: Sequence[str], beginning: bool, weight: str = "") -> str:
    """A tsquery of tokens one after the other."""
    parts = [f"'{token}'{':' + weight if weight else ''}" for token in phrase]
    if beginning and not (len(phrase[-1]) == words.WIDTH - 1 and words.is_cjk(phrase[-1])):
        parts[-1] = f"'{phrase[-1]}':*{weight}"
    return " <-> ".join(parts)


def label(name: str) -> str:
    """The word of a label: no token has an equals sign."""
    return f"=l{name}"


def block(row_id: int) -> str:
    """The word of a row's block."""
    return f"=b{row_id // BLOCK}"


def any_of(lexemes: Iterable[str]) -> str:
    """A tsquery: one of them."""
    return "(" + " | ".join(f"'{word}'" for word in lexemes) + ")"


def windows(newest: int) -> Iterator[tuple[str, int]]:
    """(tsquery of the blocks of a window or "", the lowest id that is in it), from the newest id backwards."""
    top = newest // BLOCK
    for count in WINDOWS:
        if top < 0:
            return
        low = max(0, top - count + 1)
        yield any_of(f"=b{n}" for n in range(low, top + 1)), low * BLOCK
        top = low - 1
    if top >= 0:
        yield "", 0
