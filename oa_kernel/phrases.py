"""Sentences for people that keep their pattern and their values, so that a screen can say them in another language.

    said = Phrase("把“%(role)s”授予%(who)s", role=Phrase("系统管理员"), who="林")
    said                     # the text in zh-CN, a ``str`` like any other
    unpacked(said.packed())  # what is stored, and again what it was

What is to be translated within a sentence is a phrase itself; a plain string is a name and stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


class Phrase(str):
    """A text whose ``pattern`` is a msgid; ``values`` fill its ``%(name)s``."""

    __slots__ = ("pattern", "values")

    pattern: str
    values: Mapping[str, Any]

    def __new__(cls, pattern: str, **values: Any) -> Phrase:
        made = super().__new__(cls, pattern % values if values else pattern)
        made.pattern, made.values = pattern, values
        return made

    def packed(self) -> list[Any]:
        """As plain JSON: pattern, and values by name."""
        return [self.pattern, {k: v.packed() if isinstance(v, Phrase) else str(v) for k, v in self.values.items()}]

    def said(self, translate: Callable[[str], str]) -> str:
        """In the language of ``translate``, which gives the text for a msgid."""
        values = {k: v.said(translate) if isinstance(v, Phrase) else v for k, v in self.values.items()}
        pattern = translate(self.pattern)
        return pattern % values if values else pattern


def unpacked(packed: Any) -> Phrase:
    """The phrase that :meth:`Phrase.packed` stored."""
    pattern, values = packed
    return Phrase(pattern, **{k: unpacked(v) if isinstance(v, list) else v for k, v in values.items()})


def packed(text: str) -> list[Any] | None:
    """What to store of a text; None for a plain one."""
    return text.packed() if isinstance(text, Phrase) else None


__all__ = ["Phrase", "packed", "unpacked"]
