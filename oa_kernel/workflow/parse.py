"""YAML → definition. Everything wrong is named with its line and reason; nothing is guessed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import yaml

from . import conditions, graph
from .definition import (
    DEFAULT_ACTIONS,
    DEFINITION_KEYS,
    END,
    FIELD_RIGHTS,
    MODES,
    OVERDUE,
    PEOPLE_RULES,
    STEP_ACTIONS,
    STEP_KEYS,
    STEP_TYPES,
    Branch,
    Definition,
    Problem,
    Step,
)

MAX_BYTES = 512 * 1024
#: values of a definition, every alias counted as often as it is used
MAX_VALUES = 50_000


class Reader:
    """Knows on which line everything stands, and collects what is wrong."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.lines: dict[tuple[str, ...], int] = {}
        #: first and last line of each step, and its id
        self.spans: list[tuple[int, int, str]] = []
        self._values = 0

    def line(self, *path: Any) -> int:
        key = tuple(str(p) for p in path)
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)

    def step_at(self, line: int) -> str:
        """Id of the step whose lines hold a line; empty outside the steps."""
        return next((name for first, last, name in self.spans if first <= line <= last), "")

    def wrong(self, path: Iterable[Any], message: str) -> None:
        self.problems.append(Problem(self.line(*path), message))

    def collect(self, node: Any, path: tuple[str, ...] = ()) -> None:
        """Where everything stands. Raises ValueError where aliases unfold into more than anybody wrote."""
        self._values += 1
        if self._values > MAX_VALUES:
            raise ValueError(f"别名（*）展开后超过 {MAX_VALUES} 个值")
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                inner = (*path, str(key.value))
                if key.value in seen:
                    self.problems.append(Problem(key.start_mark.line + 1, f"“{key.value}”写了两次"))
                seen.add(key.value)
                self.lines[inner] = key.start_mark.line + 1
                self.collect(value, inner)
        elif isinstance(node, yaml.SequenceNode):
            for i, value in enumerate(node.value):
                self.lines[(*path, str(i))] = value.start_mark.line + 1
                self.collect(value, (*path, str(i)))
                if path == ("steps",) and isinstance(value, yaml.MappingNode):
                    name = next((str(v.value) for k, v in value.value if k.value == "id"), "")
                    last = value.end_mark.line + (1 if value.flow_style else 0)  # a block ends where the next begins
                    self.spans.append((value.start_mark.line + 1, max(last, value.start_mark.line + 1), name))


def nearest(word: Any, known: Iterable[str]) -> str:
    """“，是不是 x？这里可用：…”."""
    names = [str(k) for k in known]
    near = difflib.get_close_matches(str(word), names, 1, 0.5)
    return (f"，是不是 {near[0]}？" if near else "。") + f"可用：{'、'.join(names)}"


def parse(text: str, effects: Iterable[str] | None = None) -> tuple[Definition | None, list[Problem]]:
    """The definition, or None and what is wrong with it.

    :param effects: names of registered effects; None: effects are not checked.
    """
    definition, reader = parse_with_lines(text, effects)
    return definition, reader.problems


def parse_with_lines(text: str, effects: Iterable[str] | None = None) -> tuple[Definition | None, Reader]:
    """The same, with the reader, which knows on which line everything stands and what is wrong."""
    reader = Reader()
    definition = _parse(reader, text, effects)
    problems = sorted(set(reader.problems), key=lambda p: p.line)
    reader.problems = [replace(p, step=reader.step_at(p.line)) for p in problems]
    return (None if problems else definition), reader


def _parse(reader: Reader, text: str, effects: Iterable[str] | None) -> Definition | None:
    from . import check

    if len(text.encode()) > MAX_BYTES:
        reader.problems = [Problem(1, f"定义超过 {MAX_BYTES // 1024} KiB")]
        return None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = _data(node)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error)
        hint = "；请检查缩进（同级的键要左对齐，只用空格）" if mark else ""
        reader.problems = [Problem(mark.line + 1 if mark else 1, f"YAML 写法有误：{reason}{hint}")]
        return None
    if not isinstance(data, dict):
        reader.problems = [Problem(1, "应是“键: 值”的映射，至少有 name、title、steps")]
        return None
    try:
        reader.collect(node)
    except (ValueError, RecursionError) as error:
        reason = "别名指向了自己" if isinstance(error, RecursionError) else str(error)
        reader.problems = [Problem(1, f"YAML 写法有误：{reason}")]
        return None
    definition = _definition(reader, data)
    if definition is not None and not reader.problems:
        reader.problems.extend(check.shape(definition, reader))
        reader.problems.extend(check.references(definition, reader, None if effects is None else set(effects)))
    return definition


def _data(node: yaml.Node | None) -> Any:
    """What a composed text says, without scanning it once more. The nodes are left as they are."""
    return None if node is None else yaml.constructor.SafeConstructor().construct_document(node)


def _definition(r: Reader, data: dict[str, Any]) -> Definition | None:
    for key in data:
        if key not in DEFINITION_KEYS:
            r.wrong([key], f"不认识的键“{key}”{nearest(key, DEFINITION_KEYS)}")
    for key in ("name", "title"):
        if not isinstance(data.get(key), str) or not data[key].strip():
            r.wrong([key], f"缺少 {key}（文字）")
    version = data.get("version", 1)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        r.wrong(["version"], f"version 应是从 1 起的整数，现在是 {version!r}")
        version = 1
    form = data.get("form")
    if form is not None and not isinstance(form, str | dict):
        r.wrong(["form"], "form 应是字段的映射，或一个表单的名称")
    if isinstance(form, dict):
        _form(r, form)
    steps = data.get("steps")
    if not isinstance(steps, list) or not steps:
        r.wrong(["steps"], "steps 应是环节的列表，至少一个")
        return None
    made: dict[str, Step] = {}
    for i, item in enumerate(steps):
        step = _step(r, i, item)
        if step is None:
            continue
        if data.get("skip_same_person") is True and "skip_same_person" not in item:
            step = replace(step, skip_same_person=True)
        if step.id in made:
            r.wrong(["steps", i, "id"], f"环节 {step.id} 重复")
        made[step.id] = step
    if r.problems:
        return None
    if not graph.circle(made):
        made = {k: replace(s, joins=graph.fork_of(made, k)) if s.type == "join" else s for k, s in made.items()}
    return Definition(
        name=data["name"].strip(), title=data["title"].strip(), version=version, steps=made, form=form,
        fallback=_people(r, ["fallback"], data["fallback"]) if data.get("fallback") else None,
        on_start=_names(r, ["on_start"], data.get("on_start")),
        on_complete=_names(r, ["on_complete"], data.get("on_complete")),
        withdraw=data.get("withdraw", True) is not False,
    )


def _form(r: Reader, form: dict[str, Any]) -> None:
    types = ("string", "text", "integer", "number", "float", "boolean", "date", "datetime", "list", "dict", "person",
             "people", "department", "file")
    for name, rule in form.items():
        if not isinstance(name, str):
            r.wrong(["form", name], f"字段名 {name!r} 不是文字：YAML 把 on、yes、no 读作是非，请加引号或换个名称")
        elif not isinstance(rule, dict):
            r.wrong(["form", name], f"字段 {name} 应是映射，例：{{type: number, label: 金额}}")
        elif rule.get("type", "string") not in types:
            r.wrong(["form", name, "type"], f"字段 {name} 的类型 {rule.get('type')!r} 不认识{nearest(rule['type'], types)}")


def _step(r: Reader, i: int, item: Any) -> Step | None:
    at = ["steps", i]
    if not isinstance(item, dict) or not isinstance(item.get("id"), str) or not item["id"]:
        r.wrong(at, "环节应是有 id 的映射")
        return None
    ident = item["id"]
    if ident == END:
        r.wrong([*at, "id"], "end 是固有的结束，不能用作环节的 id")
        return None
    for key in item:
        if key not in STEP_KEYS:
            r.wrong([*at, key], f"环节 {ident}：不认识的键“{key}”{nearest(key, STEP_KEYS)}")
    kind = item.get("type", "task")
    if kind not in STEP_TYPES:
        r.wrong([*at, "type"], f"环节 {ident}：类型 {kind!r} 不认识{nearest(kind, STEP_TYPES)}")
        return None
    mode = _mode(r, [*at, "mode"], ident, item.get("mode", "one"))
    if kind == "task" and "people" not in item:
        r.wrong(at, f"环节 {ident} 没有写 people（由谁办理）")
    actions = item.get("actions", list(DEFAULT_ACTIONS))
    if not isinstance(actions, list) or not actions:
        r.wrong([*at, "actions"], f"环节 {ident}：actions 应是列表")
        actions = list(DEFAULT_ACTIONS)
    for action in actions:
        if action not in STEP_ACTIONS:
            r.wrong([*at, "actions"], f"环节 {ident}：不认识的动作“{action}”{nearest(action, STEP_ACTIONS)}")
    fields = item.get("fields") or {}
    if not isinstance(fields, dict):
        r.wrong([*at, "fields"], f"环节 {ident}：fields 应是“字段: 权限”的映射")
        fields = {}
    for name, right in fields.items():
        if right not in FIELD_RIGHTS:
            r.wrong([*at, "fields", name], f"环节 {ident}：字段权限 {right!r} 不认识{nearest(right, FIELD_RIGHTS)}")
    due = _period(r, [*at, "due"], ident, item.get("due"))
    remind = item.get("remind") or []
    remind = [remind] if isinstance(remind, str) else remind
    return Step(
        id=ident, title=str(item.get("title") or ident), type=kind,
        people=_people(r, [*at, "people"], item.get("people")) if item.get("people") is not None else {},
        actions=tuple(actions), fields=dict(fields), due=due,
        remind=tuple(_period(r, [*at, "remind"], ident, p) for p in remind),
        on_overdue=_overdue(r, [*at, "on_overdue"], ident, item.get("on_overdue", "")),
        next=_branches(r, [*at, "next"], ident, item.get("next")),
        branches=_branches(r, [*at, "branches"], ident, item.get("branches")),
        wait=item.get("wait", "all"), on_complete=_names(r, [*at, "on_complete"], item.get("on_complete")),
        fallback=_people(r, [*at, "fallback"], item["fallback"]) if item.get("fallback") else None,
        skip_same_person=item.get("skip_same_person", False) is True, **mode, **_by_itself(r, at, ident, kind, item),
    )


def _by_itself(r: Reader, at: list[Any], ident: str, kind: str, item: dict[str, Any]) -> dict[str, Any]:
    """What belongs to steps that no person does."""
    own = {"subprocess": ("definition", "map", "back"), "service": ("service",), "timer": ("after",),
           "notify": ("message", "copy")}
    for owner, keys in own.items():
        for key in keys:
            if key in item and kind != owner:
                r.wrong([*at, key], f"环节 {ident}：{key} 只用于 type: {owner} 的环节")
    must = {"subprocess": "definition", "service": "service", "timer": "after", "notify": "people"}.get(kind)
    if must and not item.get(must):
        r.wrong(at, f"环节 {ident}：{kind} 环节要写 {must}")
        return {}
    after = item.get("after", "")
    if kind == "timer" and not (isinstance(after, dict) and set(after) == {"field"}):
        after = _period(r, [*at, "after"], ident, after)
    for key in ("map", "back"):
        if not isinstance(item.get(key) or {}, dict):
            r.wrong([*at, key], f"环节 {ident}：{key} 应是“字段: 字段”的映射")
            return {}
    return {"definition": str(item.get("definition") or ""), "service": str(item.get("service") or ""), "after": after,
            "map": dict(item.get("map") or {}), "back": dict(item.get("back") or {}),
            "message": str(item.get("message") or ""), "copy": item.get("copy") is True}


def _mode(r: Reader, at: list[Any], ident: str, mode: Any) -> dict[str, Any]:
    if mode in MODES:
        return {"mode": mode}
    if isinstance(mode, dict) and isinstance(mode.get("ratio"), int | float) and 0 < mode["ratio"] <= 1:
        return {"mode": "ratio", "ratio": float(mode["ratio"]), "veto": tuple(map(str, mode.get("veto") or ()))}
    if isinstance(mode, dict) and isinstance(mode.get("weights"), dict) and isinstance(mode.get("pass"), int | float):
        weights = {str(k): float(v) for k, v in mode["weights"].items() if isinstance(v, int | float)}
        if len(weights) == len(mode["weights"]):
            return {"mode": "weights", "weights": weights, "passing": float(mode["pass"]),
                    "veto": tuple(map(str, mode.get("veto") or ()))}
    r.wrong(at, f"环节 {ident}：mode {mode!r} 不认识。可用：one、all、sequence、{{ratio: 0.6}}、"
                "{weights: {用户: 2}, pass: 3, veto: [用户]}")
    return {"mode": "one"}


def _people(r: Reader, at: list[Any], value: Any) -> dict[str, Any]:
    if value == "drafter":
        return {"drafter": True}
    if not isinstance(value, dict):
        r.wrong(at, f"不认识的人员规则 {value!r}{nearest(value, PEOPLE_RULES)}")
        return {}
    kinds = [k for k in value if k in PEOPLE_RULES]
    unknown = [k for k in value if k not in PEOPLE_RULES and k not in ("levels", "among", "below")]
    for key in unknown:
        r.wrong([*at, key], f"不认识的人员规则“{key}”{nearest(key, PEOPLE_RULES)}")
    if len(kinds) != 1 and not unknown:
        r.wrong(at, "people 要写且只写一条规则，例：{head_of: drafter}")
    levels = value.get("levels", 1)
    if not isinstance(levels, int) or isinstance(levels, bool) or not 1 <= levels <= 10:
        r.wrong([*at, "levels"], f"levels 应是 1 到 10 的整数，现在是 {levels!r}")
    for kind, word in (("head_of", "drafter"), ("deputy_for", "drafter"), ("chosen_by", "previous")):
        if kind in value and value[kind] != word:
            r.wrong([*at, kind], f"{kind} 只能写 {word}，现在是 {value[kind]!r}")
    if kinds and kinds[0] in ("users",) and not (isinstance(value["users"], list) and value["users"]):
        r.wrong([*at, "users"], "users 应是用户名的列表，至少一个")
    return dict(value)


def _branches(r: Reader, at: list[Any], ident: str, value: Any) -> tuple[Branch, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return (Branch(value),)
    made = []
    if not isinstance(value, list) or not value:
        r.wrong(at, f"环节 {ident}：应是一个环节的 id，或 {{when, to}} 的列表")
        return ()
    for i, item in enumerate(value):
        if isinstance(item, str):
            made.append(Branch(item))
        elif isinstance(item, dict) and isinstance(item.get("to"), str) and set(item) <= {"when", "to"}:
            made.append(Branch(item["to"], str(item.get("when") or "")))
        else:
            r.wrong([*at, i], f"环节 {ident}：应写成 {{when: \"条件\", to: 环节}} 或 {{to: 环节}}")
    return tuple(made)


def _names(r: Reader, at: list[Any], value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return tuple(value)
    r.wrong(at, f"{at[-1]} 应是名称的列表")
    return ()


def _period(r: Reader, at: list[Any], ident: str, value: Any) -> str:
    from .calendar import period

    if value is None:
        return ""
    try:
        period(str(value))
    except ValueError as error:
        r.wrong(at, f"环节 {ident}：{error}")
    return str(value)


def _overdue(r: Reader, at: list[Any], ident: str, value: Any) -> Any:
    if value in ("", None):
        return ""
    if value in OVERDUE:
        return value
    if isinstance(value, dict) and set(value) == {"transfer"}:
        return {"transfer": _people(r, [*at, "transfer"], value["transfer"])}
    r.wrong(at, f"环节 {ident}：on_overdue {value!r} 不认识{nearest(value, [*OVERDUE, '{transfer: {user: u}}'])}")
    return ""


def fields_of(definition: Definition) -> set[str] | None:
    """Names a condition may use; None where the form is named only and its fields are not known here."""
    if isinstance(definition.form, Mapping):
        return {*definition.form, *conditions.NAMES}
    return None if definition.form else set(conditions.NAMES)
