"""What is different between two versions of a definition: in words, step by step, and line by line."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from . import editing, people
from .definition import PEOPLE_RULES
from .patching import flow, same

#: key → what it is called on the screen
WORDS = {
    "name": "名称", "title": "标题", "version": "版本", "description": "说明", "form": "表单", "fallback": "找不到人时",
    "skip_same_person": "同一人自动通过", "on_start": "开始时执行", "on_complete": "办完时执行", "withdraw": "允许撤回",
    "subject": "办理的对象", "type": "类型", "people": "办理人", "mode": "办理方式", "actions": "可用的动作", "fields": "字段权限",
    "due": "期限", "remind": "提前提醒", "on_overdue": "逾期处理", "next": "之后", "branches": "分支", "wait": "汇合时等",
    "definition": "子流程", "map": "带过去的字段", "back": "带回来的字段", "service": "服务", "after": "等候", "message": "消息",
    "copy": "抄送", "id": "编号",
}


@dataclass(frozen=True)
class Item:
    """One thing that is different. ``before`` None: it is new; ``after`` None: it is gone. Both are for people."""

    key: str
    word: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Change:
    """What is different about one step (``step``), one form field (``field``) or the whole (both empty)."""

    #: added | removed | moved | changed
    what: str
    step: str = ""
    title: str = ""
    field: str = ""
    items: list[Item] = dataclasses.field(default_factory=list)


def stepwise(old: str, new: str) -> list[Change]:
    """The differences in words, in the order of the newer: the whole, its form, its steps. A version number alone is none."""
    before, after = editing.read(old) or {}, editing.read(new) or {}
    found = list(_whole(before, after))
    found += _fields(before.get("form"), after.get("form"))
    had, has = ({s["id"]: s for s in editing.steps_of(d)} for d in (before, after))
    order = [n for n in had if n in has]
    for name, step in has.items():
        title = str(step.get("title") or name)
        if name not in had:
            found.append(Change("added", name, title, items=_items({"id": name, "title": title}, step)))
        else:
            items = _items(had[name], step)
            if items:
                found.append(Change("changed", name, title, items=items))
    found += [Change("removed", n, str(s.get("title") or n), items=_items(s, {"id": n, "title": s.get("title")}))
              for n, s in had.items() if n not in has]
    kept = [n for n in has if n in had]
    found += [Change("moved", n, str(has[n].get("title") or n)) for n in _moved(order, kept)]
    return found


def _moved(old: list[str], new: list[str]) -> list[str]:
    """Of the same names in two orders those that have to be taken out for the rest to stand alike."""
    matched = {new[b + n] for _, b, size in difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
               for n in range(size)}
    return [n for n in new if n not in matched]


def _whole(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    left = {k: v for k, v in old.items() if k not in ("steps", "version") and not (k == "form" and isinstance(v, dict))}
    right = {k: v for k, v in new.items() if k not in ("steps", "version") and not (k == "form" and isinstance(v, dict))}
    items = _items(left, right)
    if items:
        yield Change("changed", items=items)


def _fields(old: Any, new: Any) -> Iterator[Change]:
    left, right = (f if isinstance(f, dict) else {} for f in (old, new))
    for name in {**right, **left}:
        rule = right.get(name, left.get(name))
        title = str(rule.get("label") or name) if isinstance(rule, dict) else str(name)
        if name not in left:
            yield Change("added", field=str(name), title=title, items=[Item("", "", None, flow(right[name]))])
        elif name not in right:
            yield Change("removed", field=str(name), title=title, items=[Item("", "", flow(left[name]), None)])
        elif not same(left[name], right[name]):
            yield Change("changed", field=str(name), title=title, items=[Item("", "", flow(left[name]), flow(right[name]))])


def _items(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Item]:
    keys = [*new, *(k for k in old if k not in new)]
    return [Item(str(k), WORDS.get(k, str(k)), said(k, old[k]) if k in old else None, said(k, new[k]) if k in new else None)
            for k in keys if not (k in old and k in new and same(old[k], new[k]))]


def said(key: str, value: Any) -> str:
    """A value for people: rules and ways in words, the rest as YAML."""
    if key in ("people", "fallback"):
        if value == "drafter":
            return PEOPLE_RULES["drafter"]
        if isinstance(value, dict) and people.describe(value):
            return people.describe(value)
    if key in ("next", "branches"):
        found = editing.ways({key: value}, key)
        if found:
            return "；".join(f"{w['when']} → {w['to']}" if w["when"] else f"→ {w['to']}" for w in found)
    if isinstance(value, bool):
        return "是" if value else "否"
    return value if isinstance(value, str) else flow(value)


@dataclass(frozen=True)
class Line:
    """A line of a comparison. ``mark``: ``-`` gone, ``+`` new, `` `` kept, ``…`` kept ones left out (``text`` says how many)."""

    mark: str
    before: int | None
    after: int | None
    text: str


def lines(old: str, new: str, context: int = 3) -> list[Line]:
    """Line by line, with ``context`` unchanged lines around what changed; empty when nothing did."""
    left, right = old.rstrip("\n").split("\n"), new.rstrip("\n").split("\n")
    found: list[Line] = []
    last = 0
    for group in difflib.SequenceMatcher(None, left, right, autojunk=False).get_grouped_opcodes(context):
        if group and group[0][1] > last:
            found.append(Line("…", None, None, str(group[0][1] - last)))
        for what, i1, i2, j1, j2 in group:
            if what == "equal":
                found += [Line(" ", i1 + n + 1, j1 + n + 1, left[i1 + n]) for n in range(i2 - i1)]
            else:
                found += [Line("-", n + 1, None, left[n]) for n in range(i1, i2)]
                found += [Line("+", None, n + 1, right[n]) for n in range(j1, j2)]
            last = i2
    if found and last < len(left):
        found.append(Line("…", None, None, str(len(left) - last)))
    return found
