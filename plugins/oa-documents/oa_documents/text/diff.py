"""What changed between two wordings, by character."""

from __future__ import annotations

from dataclasses import dataclass

#: seconds after which the rest is compared coarsely
_TIME = 1.0
_OPS = {0: "same", 1: "insert", -1: "delete"}


@dataclass(frozen=True)
class Piece:
    """A run of text. ``op``: ``same`` | ``insert`` | ``delete``."""

    op: str
    text: str


def diff_chars(old: str, new: str) -> list[Piece]:
    """Pieces in the order of the text: without the deleted they give ``new``, without the inserted ``old``."""
    from diff_match_patch import diff_match_patch

    engine = diff_match_patch()
    engine.Diff_Timeout = _TIME
    found = engine.diff_main(old, new)
    engine.diff_cleanupSemantic(found)
    return [Piece(_OPS[op], text) for op, text in found if text]
