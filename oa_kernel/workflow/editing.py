"""What the designer does to a definition: operations on its text, which keep all that they do not mean.

    text = editing.apply(text, [{"op": "add", "step": {"id": "review", "title": "审核"}, "from": "draft"},
                                {"op": "connect", "from": "review", "to": "end"}])

====================  =========================================================================================
``head``              ``values``: keys of the definition; ``None`` takes a key away
``add``               ``step`` (a mapping with ``id``), ``after``: its place in the list, ``from``: put into the way
                      that leads on from this step
``step``              ``id``, ``values``: keys of a step; ``None`` takes a key away
``rename``            ``id``, ``to``: another id, in every way that leads there as well
``remove``            ``id``: what led there leads to where it led on
``move``              ``id``, ``before``: a step, or ``None`` for the end of the list
``connect``           ``from``, ``to``, ``when``: one more way
``disconnect``        ``from``, ``to``
``field``             ``name``, ``rule`` (``None`` takes the field away, with its rights at the steps), ``rename``
====================  =========================================================================================
"""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import yaml

from oa_kernel.errors import Invalid

from .definition import DEFINITION_KEYS, END, STEP_KEYS
from .patching import rewrite

_ID = re.compile(r"[a-zA-Z_一-鿿][\w.-]{0,79}")
#: order in which keys are written into a step that lacks them
_ORDER = {key: n for n, key in enumerate(
    ("id", "title", "description", "type", "people", "mode", "actions", "fields", "due", "remind", "on_overdue", "definition",
     "map", "back", "service", "after", "message", "copy", "wait", "branches", "on_complete", "fallback", "skip_same_person",
     "next"))}


def read(text: str) -> dict[str, Any] | None:
    """The text as plain data, or None where it cannot be read as a mapping."""
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def steps_of(data: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The steps that have an id; whatever else stands in the list is left out."""
    found = (data or {}).get("steps")
    return [s for s in found if isinstance(s, dict) and isinstance(s.get("id"), str)] if isinstance(found, list) else []


def ways(step: Mapping[str, Any], key: str = "next") -> list[dict[str, Any]]:
    """``next`` or ``branches`` as a list of ``{"to", "when"}``, however it is written."""
    value = step.get(key)
    items = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return [{"to": i, "when": ""} if isinstance(i, str) else {"to": str(i.get("to") or ""), "when": str(i.get("when") or "")}
            for i in items if isinstance(i, str | dict)]


def written(found: Sequence[Mapping[str, Any]], *, fork: bool = False) -> Any:
    """Ways as they are written: the shortest that says it; None for none."""
    items: list[Any] = [{"when": w["when"], "to": w["to"]} if w.get("when") else {"to": w["to"]} for w in found]
    if fork:
        return [i if "when" in i else i["to"] for i in items] or None
    if len(items) == 1 and "when" not in items[0]:
        return items[0]["to"]
    return items or None


def apply(text: str, operations: Sequence[Mapping[str, Any]]) -> str:
    """The text after the operations, in their order; comments, order and unknown keys are kept.

    :raises Invalid: an operation cannot be done (an unknown step, an id in use), or the text cannot be read.
    """
    data = read(text)
    if data is None and text.strip():
        raise Invalid("YAML 写法有误，请先在 YAML 中改正", code="yaml_broken")
    new = copy.deepcopy(data or {})
    for operation in operations:
        run = _OPERATIONS.get(str(operation.get("op")))
        if run is None:
            raise Invalid(f"不认识的操作 {operation.get('op')!r}")
        run(new, operation)
    return rewrite(text, new)


def _step(data: dict[str, Any], ident: Any) -> dict[str, Any]:
    for step in steps_of(data):
        if step["id"] == ident:
            return step
    raise Invalid(f"没有环节 {ident!r}，它可能已被别人改名或删去", code="step_gone")


def _free(data: dict[str, Any], ident: Any) -> str:
    if not isinstance(ident, str) or not _ID.fullmatch(ident):
        raise Invalid("环节的 id 用字母、汉字、数字和 _ . -，以字母或汉字开头，最多 80 个字", errors={"id": ["id 写法有误"]})
    if ident == END or any(s["id"] == ident for s in steps_of(data)):
        raise Invalid(f"环节 id“{ident}”已经有了", errors={"id": [f"“{ident}”已经有了"]})
    return ident


def _put(target: dict[str, Any], values: Mapping[str, Any], known: Sequence[str]) -> None:
    """Sets keys, each new one where it is usually written."""
    for key, value in values.items():
        if key not in known:
            raise Invalid(f"不认识的键 {key!r}")
        if value is None:
            target.pop(key, None)
        elif key in target:
            target[key] = value
        else:
            rank = _ORDER.get(key, 99)
            later = [k for k in target if _ORDER.get(k, -1) > rank] if known is STEP_KEYS else ()
            moved = {k: target.pop(k) for k in list(target) if k in later}
            target[key] = value
            target.update(moved)


def _head(data: dict[str, Any], op: Mapping[str, Any]) -> None:
    _put(data, op["values"], [k for k in DEFINITION_KEYS if k != "steps"])


def _values(data: dict[str, Any], op: Mapping[str, Any]) -> None:
    step, values = _step(data, op["id"]), dict(op["values"])
    if values.pop("id", step["id"]) != step["id"]:
        raise Invalid("id 由 rename 改")
    _put(step, values, STEP_KEYS)


def _add(data: dict[str, Any], op: Mapping[str, Any]) -> None:
    step: dict[str, Any] = {}
    _free(data, op["step"].get("id"))
    _put(step, op["step"], STEP_KEYS)
    steps = data.setdefault("steps", [])
    if not isinstance(steps, list):
        raise Invalid("steps 应是环节的列表，请在 YAML 中改正", code="yaml_by_hand")
    source = _step(data, op["from"]) if op.get("from") else None
    after = op.get("after") or op.get("from")
    place = next((n + 1 for n, s in enumerate(steps) if isinstance(s, dict) and s.get("id") == after), len(steps))
    if source is not None and source.get("type") != "fork":
        # into the way that is taken where no condition holds
        found = ways(source) or [{"to": END, "when": ""}]
        step.setdefault("next", found[-1]["to"]) if step.get("type") != "fork" else None
        source["next"] = written([*found[:-1], {"to": step["id"], "when": found[-1]["when"]}])
    elif source is not None:
        source["branches"] = written([*ways(source, "branches"), {"to": step["id"], "when": ""}], fork=True)
    steps.insert(place, step)


def _rename(data: dict[str, Any], op: Mapping[str, Any]) -> None:
    step, new = _step(data, op["id"]), _free(data, op["to"])
    _redirect(data, step["id"], lambda way: {**way, "to": new})
    step["id"] = new


def _remove(data: dict[str, Any], op: Mapping[str, Any]) -> None:
    step = _step(data, op["id"])
    data["steps"] = [s for s in data["steps"] if s is not step]
    onward = ways(step) or ways(step, "branches")
    target = onward[-1]["to"] if onward and onward[-1]["to"] != step["id"] else END
    _redirect(data, step["id"], lambda way: {**way, "to": target})


def _redirect(data: dict[str, Any], name: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Changes the ways that lead to a step; two that then lead to the same become one."""
    for step in steps_of(data):
        for key in ("next", "branches"):
            found = ways(step, key)
            if not any(w["to"] == name for w in found):
                continue
            new = [change(w) if w["to"] == name else w for w in found]
            new = [w for n, w in enumerate(new) if w not in new[:n]]
            if key == "next" and len(new) > 1 and new[-2]["to"] == new[-1]["to"]:
                new = [*new[:-2], new[-1]]  # the condition decides nothing any more
            step[key] = written(new, fork=key == "branches")


def _move(data: dict[str, Any], op: Mapping[str, Any]) -> None:
    step = _step(data, op["id"])
    steps = [s for s in data["steps"] if s is not step]
    before = op.get("before")
    place = len(steps) if before is None else steps.index(_step(data, before))
    data["steps"] = [*steps[:place], step, *steps[place:]]


def _connect(data: dict[str, Any], op: Mapping[str, Any]) -> None:
    step, to, when = _step(data, op["from"]), op["to"], str(op.get("when") or "").strip()
    if to != END:
        _step(data, to)
    if to == step["id"]:
        raise Invalid("环节不能通向自己；退回由“退回”动作办理")
    fork = step.get("type") == "fork"
    key = "branches" if fork else "next"
    found = ways(step, key)
    if any(w["to"] == to and w["when"] == when for w in found):
        return
    if not fork and not when and found and not found[-1]["when"]:
        if len(found) == 1 and found[0]["to"] == END:
            found = []  # `end` stands there until something else is drawn
        else:  # between what has conditions and what is taken else: its condition is to be written
            found.insert(len(found) - 1, {"to": to, "when": ""})
            step[key] = [{"when": w["when"], "to": w["to"]} if w["when"] or n < len(found) - 1 else {"to": w["to"]}
                         for n, w in enumerate(found)]
            return
    place = len(found) - 1 if when and found and not found[-1]["when"] and not fork else len(found)
    found.insert(place, {"to": to, "when": when})
    step[key] = written(found, fork=fork)


def _disconnect(data: dict[str, Any], op: Mapping[str, Any]) -> None:
    step = _step(data, op["from"])
    for key in ("next", "branches"):
        found = ways(step, key)
        kept = [w for w in found if w["to"] != op["to"]]
        if len(kept) != len(found):
            value = written(kept, fork=key == "branches")
            step.update({key: value}) if value is not None else step.pop(key)


def _field(data: dict[str, Any], op: Mapping[str, Any]) -> None:
    name, form = op["name"], data.get("form")
    if isinstance(form, str):
        raise Invalid(f"表单 {form} 由插件或单位登记，不在这里改")
    form = data.setdefault("form", {}) if form is None else form
    new = op.get("rename")
    if new and new != name:
        if new in form:
            raise Invalid(f"字段“{new}”已经有了", errors={"name": [f"“{new}”已经有了"]})
        data["form"] = form = {(new if k == name else k): v for k, v in form.items()}
        _rename_field(data, name, new)
        name = new
    if op.get("rule") is not None:
        form[name] = dict(op["rule"])
    elif "rule" in op:
        form.pop(name, None)
        for step in steps_of(data):
            if isinstance(step.get("fields"), dict) and step["fields"].pop(name, None) is not None and not step["fields"]:
                step.pop("fields")
        if not form:
            data.pop("form")


def _rename_field(data: dict[str, Any], old: str, new: str) -> None:
    for step in steps_of(data):
        fields = step.get("fields")
        if isinstance(fields, dict) and old in fields:
            step["fields"] = {(new if k == old else k): v for k, v in fields.items()}
        for rule in (step.get("people"), step.get("fallback"), step.get("after")):
            if isinstance(rule, dict) and rule.get("field") == old:
                rule["field"] = new
        for key in ("next", "branches"):
            for way in step[key] if isinstance(step.get(key), list) else ():
                if isinstance(way, dict) and isinstance(way.get("when"), str):
                    way["when"] = _rename_name(way["when"], old, new)


def _rename_name(condition: str, old: str, new: str) -> str:
    """A condition in which a name is another; one that cannot be read is left as it is."""
    try:
        names = [n for n in ast.walk(ast.parse(condition, mode="eval")) if isinstance(n, ast.Name) and n.id == old]
    except SyntaxError:
        return condition
    raw = condition.encode()
    for node in sorted(names, key=lambda n: -n.col_offset):
        raw = raw[:node.col_offset] + new.encode() + raw[node.end_col_offset or 0:]
    return raw.decode()


_OPERATIONS: dict[str, Callable[[dict[str, Any], Mapping[str, Any]], None]] = {
    "head": _head, "step": _values, "add": _add, "rename": _rename, "remove": _remove, "move": _move,
    "connect": _connect, "disconnect": _disconnect, "field": _field,
}
