"""Changes in a YAML text that touch nothing but what changed: comments, order, quoting and layout stay as they are.

A round-trip library writes the whole text anew and with it every line it would have written differently. Here the
text is cut at the marks of PyYAML's nodes instead, one change at a time, until it says what it should; what comes out
is read once more, so that a text is either changed exactly as asked or not at all.
"""

from __future__ import annotations

import difflib
import json
import re
from typing import Any

import yaml

from oa_kernel.errors import Invalid

#: longest line a value is written into before it is put below its key
WIDTH = 100
_PASSES = 2000


def rewrite(text: str, new: dict[str, Any]) -> str:
    """The text, changed so that it reads as ``new``.

    :raises Invalid: it is no mapping, or is written with anchors and aliases, which are changed by hand only.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for _ in range(_PASSES):
        node, old = _read(text)
        if node is None:
            return block(new, 0)
        if same(old, new):
            return text
        changed = _Change(text).walk(node, old, new)
        if changed == text:
            break
        text = changed
    raise Invalid("这处写法（锚点、别名或不常见的排版）不能在这里改，请在 YAML 中直接修改", code="yaml_by_hand")


def _read(text: str) -> tuple[Any, Any]:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Invalid("YAML 写法有误，请先在 YAML 中改正", code="yaml_broken") from error
    if node is None:
        return None, None
    if not isinstance(data, dict):
        raise Invalid("定义应是“键: 值”的映射", code="yaml_broken")
    return node, data


def same(one: Any, other: Any) -> bool:
    """Equal, and of equal types: ``1`` is not ``true``."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


class _Dumper(yaml.SafeDumper):
    """Sequences are indented below their key; texts of several lines are literal blocks."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: Any, value: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value.strip("\n") else None)


_Dumper.add_representer(str, _text)
_OPTIONS: dict[str, Any] = {"Dumper": _Dumper, "allow_unicode": True, "sort_keys": False, "width": 10_000}


def flow(value: Any) -> str:
    """A value on one line, as it stands within ``{…}`` or ``[…]``."""
    return yaml.dump([value], default_flow_style=True, **_OPTIONS).strip()[1:-1]


def block(value: dict[str, Any], indent: int) -> str:
    """A mapping over several lines, each indented; what fits stands on one line."""
    pad = " " * indent
    return "".join(f"{pad}{_pair(name, one, indent)}\n" for name, one in value.items())


class _Change:
    """One change of a text."""

    def __init__(self, text: str) -> None:
        self.text = text

    # --- finding the first difference ---

    def walk(self, node: Any, old: Any, new: Any) -> str:
        """The text after the first difference between ``old`` and ``new`` is gone."""
        if isinstance(node, yaml.MappingNode) and isinstance(new, dict) and new and old:
            return self._mapping(node, old, new)
        if isinstance(node, yaml.SequenceNode) and isinstance(new, list) and new and old:
            return self._sequence(node, old, new)
        return self._replace(node, new)  # an item

    def _mapping(self, node: Any, old: dict[str, Any], new: dict[str, Any]) -> str:
        pairs = {key.value: (key, value) for key, value in node.value}
        for name in old:
            if name not in new:
                for other in new:  # the same under another name keeps its place and its comments
                    if other not in old and same(old[name], new[other]):
                        key = pairs[str(name)][0]
                        return self._cut(key.start_mark.index, key.end_mark.index, flow(other))
                return self._drop_pair(node, list(pairs).index(str(name)))
        for name in old:
            if not same(old[name], new[name]):
                key, value = pairs[str(name)]
                if _deeper(value, old[name], new[name]):
                    return self.walk(value, old[name], new[name])
                return self._value(node, key, value, new[name])
        before = None
        for name in new:
            if name not in old:
                return self._add_pair(node, pairs.get(str(before)) if before is not None else None, name, new[name])
            before = name
        return self.text

    def _sequence(self, node: Any, old: list[Any], new: list[Any]) -> str:
        if _by_id(old) and _by_id(new):
            had, wanted = [o["id"] for o in old], [n["id"] for n in new]
            for i, name in enumerate(had):
                if name not in wanted:
                    if len(had) == len(wanted) and wanted[i] not in had:
                        return self.walk(node.value[i], old[i], new[i])
                    return self._drop_item(node, i)
            kept = [w for w in wanted if w in had]
            for i, name in enumerate(kept):
                if had[i] != name:
                    return self._move_item(node, had.index(name), i)
            for i, name in enumerate(wanted):
                if name not in had:
                    return self._add_item(node, i, new[i])
            for i, (one, other) in enumerate(zip(old, new, strict=True)):
                if not same(one, other):
                    return self.walk(node.value[i], one, other)
        words = [[json.dumps(v, default=str, sort_keys=True) for v in values] for values in (old, new)]
        for what, i, _, j, _ in difflib.SequenceMatcher(None, *words, autojunk=False).get_opcodes():
            if what == "delete":
                return self._drop_item(node, i)
            if what == "insert":
                return self._add_item(node, i, new[j])
            if what == "replace":
                return self.walk(node.value[i], old[i], new[j])
        return self.text

    # --- cutting ---

    def _cut(self, start: int, end: int, put: str = "") -> str:
        return self.text[:start] + put + self.text[end:]

    def _end(self, node: Any) -> int:
        """Where the content of a node ends: comments and blank lines after it do not belong to it."""
        if isinstance(node, yaml.ScalarNode):
            start, end = node.start_mark.index, node.end_mark.index
            return start + len(self.text[start:end].rstrip()) if node.style in ("|", ">") else end
        if node.flow_style or not node.value:
            return int(node.end_mark.index)
        last = node.value[-1]
        return self._end(last[1] if isinstance(last, tuple) else last)

    def _line_start(self, at: int) -> int:
        return self.text.rfind("\n", 0, at) + 1

    def _line_end(self, at: int) -> int:
        """Beyond the line's newline."""
        found = self.text.find("\n", at)
        return len(self.text) if found < 0 else found + 1

    def _replace(self, node: Any, new: Any) -> str:
        return self._cut(node.start_mark.index, self._end(node), flow(new))

    def _value(self, parent: Any, key: Any, value: Any, new: Any) -> str:
        """Another value for a key: on its line if it fits there, below it else."""
        if parent.flow_style:
            if value.start_mark.index == self._end(value):
                return self._cut(value.start_mark.index, self._end(value), f" {flow(new)}")
            return self._replace(value, new)
        colon = self.text.index(":", key.end_mark.index) + 1
        indent = key.start_mark.column
        put = _beside(key.value, new, indent)
        end = max(self._end(value), colon)
        tail = self.text[end:self._line_end(end)].strip()
        if tail and "\n" in put.strip("\n"):  # a comment on the line stays beside the key
            return self._cut(colon, self._line_end(end), f"  {tail}{put}\n")
        if isinstance(value, yaml.ScalarNode | yaml.CollectionNode) and "\n" not in self.text[colon:value.start_mark.index] \
                and end > value.start_mark.index and "\n" not in put:
            return self._cut(value.start_mark.index, end, put.strip())
        between = self.text[colon:self._line_end(colon)].strip()
        if between.startswith("#") and "\n" not in put:
            return self._cut(colon, end, f"{put}  {between}")
        return self._cut(colon, end, put)

    def _add_pair(self, node: Any, before: Any, name: str, new: Any) -> str:
        if node.flow_style:
            word = f"{flow(name)}: {flow(new)}"
            if before is not None:
                return self._cut(self._end(before[1]), self._end(before[1]), f", {word}")
            at = node.value[0][0].start_mark.index if node.value else node.start_mark.index + 1
            return self._cut(at, at, f"{word}, " if node.value else word)
        indent = node.start_mark.column
        word = _pair(name, new, indent)
        if before is None:
            at = node.value[0][0].start_mark.index
            return self._cut(at, at, f"{word}\n{' ' * indent}")
        at = self._line_end(max(self._end(before[1]), before[0].end_mark.index))
        if self.text[at - 1:at] != "\n":
            word = "\n" + word
        return self._cut(at, at, f"{' ' * indent}{word}\n" if not word.startswith("\n") else f"\n{' ' * indent}{word[1:]}\n")

    def _drop_pair(self, node: Any, i: int) -> str:
        key, value = node.value[i]
        if node.flow_style:
            return self._drop_flow(key.start_mark.index, self._end(value))
        if i == 0 and self.text[self._line_start(key.start_mark.index):key.start_mark.index].strip() and len(node.value) > 1:
            return self._cut(key.start_mark.index, node.value[1][0].start_mark.index)  # beside the dash of an item
        return self._cut(self._line_start(key.start_mark.index),
                         self._line_end(max(self._end(value), key.end_mark.index)))

    def _drop_flow(self, start: int, end: int) -> str:
        after = re.compile(r"\s*,[ \t]*").match(self.text, end)
        if after:
            return self._cut(start, after.end())
        before = re.compile(r",[ \t]*$").search(self.text[:start].rstrip("\n"))
        return self._cut(before.start() if before and not self.text[before.end():start].strip() else start, end)

    def _drop_item(self, node: Any, i: int) -> str:
        item = node.value[i]
        if node.flow_style:
            return self._drop_flow(item.start_mark.index, self._end(item))
        return self._cut(*self._chunk(item))

    def _chunk(self, item: Any) -> tuple[int, int]:
        """The lines of an item of a block sequence, with the comment right above it."""
        start = self._line_start(item.start_mark.index)
        if not self.text[start:item.start_mark.index].strip():  # the dash stands on a line before
            start = self._line_start(self.text.rindex("-", 0, start))
        while start > 0:
            above = self._line_start(start - 1)
            if not self.text[above:start].lstrip().startswith("#"):
                break
            start = above
        return start, self._line_end(self._end(item))

    def _move_item(self, node: Any, i: int, j: int) -> str:
        """Item ``i`` (the later one) before item ``j``."""
        if node.flow_style:
            item = node.value[i]
            words, at = self.text[item.start_mark.index:self._end(item)], node.value[j].start_mark.index
            return _Change(self._drop_item(node, i))._cut(at, at, f"{words}, ")
        start, end = self._chunk(node.value[i])
        words = self.text[start:end] if self.text[end - 1:end] == "\n" else self.text[start:end] + "\n"
        at = self._chunk(node.value[j])[0]
        return _Change(self._cut(start, end))._cut(at, at, words)

    def _add_item(self, node: Any, i: int, new: Any) -> str:
        if node.flow_style:
            word = flow(new)
            if i:
                at = self._end(node.value[i - 1])
                return self._cut(at, at, f", {word}")
            at = node.value[0].start_mark.index if node.value else node.start_mark.index + 1
            return self._cut(at, at, f"{word}, " if node.value else word)
        indent = node.start_mark.column
        neighbour = node.value[i - 1 if i else 0]
        word = flow(new)
        # what has an id grows, and has comments beside its keys: it is written over several lines from the first
        short = not isinstance(new, dict) or "id" not in new and (neighbour.flow_style or not isinstance(neighbour, yaml.MappingNode))
        if short and len(word) <= WIDTH:
            word = f"{' ' * indent}- {word}\n"
        else:
            word = f"{' ' * indent}- {block(new, indent + 2).lstrip(' ')}"
        if i == 0:
            at = self._chunk(neighbour)[0]
            return self._cut(at, at, word)
        at = self._line_end(self._end(neighbour))
        return self._cut(at, at, word if self.text[at - 1:at] == "\n" else f"\n{word}")


def _by_id(items: list[Any]) -> bool:
    names = [i.get("id") if isinstance(i, dict) else None for i in items]
    return all(isinstance(n, str) for n in names) and len(set(names)) == len(names)


def _deeper(node: Any, old: Any, new: Any) -> bool:
    """Whether both are collections of one kind, neither empty: their difference is further in."""
    return bool(old and new) and (isinstance(node, yaml.MappingNode) and isinstance(old, dict) and isinstance(new, dict)
                                  or isinstance(node, yaml.SequenceNode) and isinstance(old, list) and isinstance(new, list))


def _pair(name: str, value: Any, indent: int) -> str:
    """``name: value`` as it goes into a block mapping at that indent, without its last newline."""
    return f"{flow(name)}:{_beside(name, value, indent)}"


def _beside(name: str, value: Any, indent: int) -> str:
    """What follows the colon: the value on the same line, or on lines below."""
    if not isinstance(value, dict | list):
        dumped = yaml.dump({"k": value}, default_flow_style=False, **_OPTIONS).removeprefix("k:").rstrip("\n").split("\n")
        return "\n".join(f"{' ' * indent}{line}" if n and line else line for n, line in enumerate(dumped))
    word = flow(value)
    inner = value.values() if isinstance(value, dict) else value
    nested = any(isinstance(v, dict) for v in inner) and (isinstance(value, list) or indent == 0)
    if not value or not nested and len(word) + len(name) + indent <= WIDTH:
        return f" {word}"
    if isinstance(value, dict):
        return "\n" + block(value, indent + 2).rstrip("\n")
    return "".join(f"\n{' ' * (indent + 2)}- {_item(v, indent + 4)}" for v in value)


def _item(value: Any, indent: int) -> str:
    """An item of a block sequence, after its dash."""
    word = flow(value)
    if isinstance(value, dict) and value and (len(word) + indent > WIDTH or "id" in value):
        return block(value, indent).strip()
    return word
