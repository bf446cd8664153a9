"""What of a file did not map: told one by one, never lost silently."""

from __future__ import annotations

from dataclasses import dataclass

from .source import Element

#: kind → its word on the screen
KINDS = {"lost": "未导入", "replaced": "已替换", "check": "请核对"}


@dataclass(frozen=True)
class Note:
    """One thing that did not map as it stood.

    ``line`` counts from 1 in the file; ``kind`` is one of :data:`KINDS`; ``instead`` says what was put in its place.
    """

    element: str
    name: str
    line: int
    kind: str
    reason: str
    instead: str = ""

    def __str__(self) -> str:
        what = f"{self.element}“{self.name}”" if self.name else self.element
        return f"第 {self.line} 行 {what}【{KINDS[self.kind]}】{self.reason}" + (f"；{self.instead}" if self.instead else "")


class Notes:
    """Collects them."""

    def __init__(self) -> None:
        self.items: list[Note] = []

    def _add(self, kind: str, element: Element, reason: str, instead: str) -> None:
        name = element.attributes.get(("", "name"), "").strip().replace("\n", " ")
        made = Note(element.attributes.get(("", "id"), "") or element.tag, name[:80], element.line, kind, reason, instead)
        if made not in self.items:
            self.items.append(made)

    def lost(self, element: Element, reason: str, instead: str = "") -> None:
        """It has no counterpart and is gone."""
        self._add("lost", element, reason, instead)

    def replaced(self, element: Element, reason: str, instead: str) -> None:
        """Something else stands for it."""
        self._add("replaced", element, reason, instead)

    def check(self, element: Element, reason: str, instead: str = "") -> None:
        """It was taken over by a guess that somebody should look at."""
        self._add("check", element, reason, instead)

    def forget(self, element: Element) -> None:
        """What was said of an element does not hold: something else became of it."""
        name = element.attributes.get(("", "id"), "") or element.tag
        self.items = [n for n in self.items if (n.element, n.line) != (name, element.line)]
