"""BPMN 2.0 XML → the YAML of a definition, with a list of what did not map."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from oa_kernel.errors import Invalid
from oa_kernel.workflow import conditions
from oa_kernel.workflow.definition import DEFINITION_KEYS, END, Problem
from oa_kernel.workflow.parse import parse

from . import expressions, source
from .activities import Activities
from .borders import Borders
from .names import flat
from .notes import Note, Notes
from .process import ACTIVITIES, EVENTS, Part, Process, description_of, same_id, title_of
from .ways import Ways

_ORDER = ("id", "title", "type", "description", "people", "mode", "fallback", "actions", "fields", "due", "remind",
          "on_overdue", "skip_same_person", "service", "definition", "map", "back", "after", "message", "copy", "on_complete",
          "wait", "branches", "next")
#: notes that go into the file itself as comments
_COMMENTS = 40


@dataclass(frozen=True)
class Imported:
    """What became of a file: the definition's YAML, what did not map, and what is still wrong with the definition."""

    name: str
    title: str
    text: str
    notes: tuple[Note, ...]
    problems: tuple[Problem, ...]


def read(data: bytes, *, process: str = "", origin: str = "") -> Imported:
    """Reads a BPMN file.

    :param process: id of the process, where the file holds several; left out: the largest.
    :param origin: the file's name, for the comment on top of the YAML.
    :raises TooLarge: over 4 MiB or 50,000 elements.
    :raises Invalid: no BPMN, no well-formed XML, a DTD or entities, no process, too long; with the line where there is one.
    """
    root = source.load(data).look()
    try:
        return _Reading(root, process).whole(origin)
    except RecursionError:
        raise Invalid("流程太长或条件套得太深", code="too_deep") from None


class _Reading:
    def __init__(self, root: source.Element, wanted: str) -> None:
        self.root, self.notes = root, Notes()
        self.process = Process(root, self.notes, wanted)
        self.activities = Activities(self.process, self.notes)
        self.ways = Ways(self.process, self.activities, self.notes)

    def whole(self, origin: str) -> Imported:
        process, notes = self.process, self.notes
        for part in process.parts.values():
            starter = part.xml.vendor("initiator") if part.tag == "startEvent" else ""
            if starter:
                self.activities.starters.add(starter)
        for part in process.parts.values():
            if part.tag in ACTIVITIES or part.tag in EVENTS and part.tag not in ("startEvent", "boundaryEvent", "endEvent"):
                self.activities.take(part)
        Borders(process, self.activities, notes).take_all()
        for part in process.parts.values():
            if part.tag == "endEvent" and part.kind != "gone":
                self.activities.take(part)
        self.ways.arrange()
        self._annotations()
        steps = self.ways.steps()
        data = self._definition(steps)
        self._leftovers()
        notes.items.sort(key=lambda n: (n.line, n.element))
        text = self._text(data, origin)
        problems = parse(text)[1]
        return Imported(str(data["name"]), str(data["title"]), text, tuple(notes.items), tuple(problems))

    # ---- the whole ----------------------------------------------------------------------------------------------

    def _definition(self, steps: dict[str, dict[str, Any]]) -> dict[str, Any]:
        xml, own = self.process.xml, self.process.own
        ident = xml.get("id")
        name = own["name"] if same_id(own.get("name"), ident) else ident if self.process.ours else self._name(ident)
        data: dict[str, Any] = {"name": name, "title": title_of(own, flat(xml.get("name"))) or self.process.pool or name}
        version = own.get("version")
        if version is None and not self.process.ours:
            said = xml.vendor("versionTag")
            version = int(said) if said.isdecimal() and 0 < int(said) < 10**6 else 1
        if version is not None:
            data["version"] = version
        description = description_of(own, xml)
        if description is not None:
            data["description"] = description
        ids = self._ids(steps)
        made = self._ordered(steps, ids)
        form = self._form(own.get("form"), made)
        if form:
            data["form"] = form
        for key, value in own.items():
            if key in DEFINITION_KEYS and key not in data and key != "steps":
                data[key] = value
        data["steps"] = [{k: s[k] for k in (*_ORDER, *(k for k in s if k not in _ORDER)) if k in s} for s in made]
        return data

    def _name(self, ident: str) -> str:
        """A definition's name of the process's id: small letters, digits, underscores, parts by dots."""
        words = [re.sub(r"[^a-z0-9_]+", "_", w).strip("_") for w in ident.lower().split(".")]
        name = ".".join(w for w in words if w)[:120].strip("._")
        if not name or not name[0].isalpha():
            name = f"imported.{name}" if name else "imported"
        if name != ident:
            self.notes.check(self.process.xml, f"流程的 id“{ident}”不能用作名称" if ident else "流程没有 id", f"名称取作 {name}")
        return name

    def _ids(self, steps: dict[str, dict[str, Any]]) -> dict[str, str]:
        """XML id → the step's id: what it was with us, else the same, never ``end``."""
        ids: dict[str, str] = {END: END}
        for name in steps:
            part = self.process.parts[name]
            exact = (part.own or {}).get("id")
            wanted = exact if same_id(exact, name) else name
            while wanted in ids.values():
                wanted = f"{wanted}_"
            ids[name] = wanted
        return ids

    def _ordered(self, steps: dict[str, dict[str, Any]], ids: dict[str, str]) -> list[dict[str, Any]]:
        """Steps with the one the drafter starts with first, their ids ours."""
        entry = self.ways.expand(self.ways.start.ways[0].to) if self.ways.start.ways else [(END, "")]
        first = entry[0][0] if len(entry) == 1 else ""
        part = self.process.parts.get(first)
        made = {n: {"id": ids[n], **s} for n, s in steps.items()}
        for step in made.values():
            for key in ("next", "branches"):
                if key in step:
                    step[key] = _renamed(step[key], ids)
        if part is not None and self._by_drafter(part, made[first]):
            return [made.pop(first), *made.values()]
        draft = "draft"
        while draft in ids.values():
            draft = f"{draft}_"
        self.notes.replaced(self.process.xml, "第一个环节不由拟稿人办理", f"之前加了环节 {draft}")
        ways: Any = ids[entry[0][0]]
        if len(entry) > 1:
            ways = [{"when": w, "to": ids[t]} if w else {"to": ids[t]} for t, w in entry]
        return [{"id": draft, "title": "拟稿", "people": "drafter", "next": ways}, *made.values()]

    def _by_drafter(self, part: Part, step: dict[str, Any]) -> bool:
        if part.kind != "step" or step.get("type", "task") != "task":
            return False
        if step.get("people") in ("drafter", {"drafter": True}):
            return True
        silent = [n for n in self.notes.items if n.element == part.id and n.reason.startswith("没有写办理人")]
        if not silent or part.own is not None:
            return False
        # an application form nobody is named for is filled in by who applies
        for note in silent:
            self.notes.items.remove(note)
        self.notes.check(part.xml, "第一个环节没有写办理人", "由拟稿人办理")
        step["people"] = "drafter"
        return True

    def _form(self, own: Any, steps: list[dict[str, Any]]) -> Any:
        """The form: ours, else the fields met, with those that conditions ask for and nobody described."""
        if isinstance(own, str):
            return own
        form: dict[str, Any] = dict(own) if isinstance(own, dict) else {}
        for name, rule in self.activities.form.items():
            form.setdefault(name, rule)
        for name, label in self.ways.asked.items():
            form.setdefault(name, {"type": "boolean", "label": label[:80]})
        for step in steps:
            for key in ("next", "branches"):
                for way in step.get(key) or () if not isinstance(step.get(key), str) else ():
                    for name, kind in expressions.fields_asked(way.get("when", "")).items():
                        if name not in form and name not in conditions.NAMES:
                            form[name] = {"type": kind, "label": name}
                            self.notes.check(self.process.xml, f"条件用到的变量 {name} 不在表单里", f"加了表单字段（{kind}）")
        return form or own

    # ---- what remains -------------------------------------------------------------------------------------------

    def _annotations(self) -> None:
        """A note pinned to a step on the diagram is its description."""
        texts = {}
        links = []
        for one in self.process.xml.walk():
            if one.tag == "textAnnotation" and one.ns == source.MODEL:
                one.look()
                texts[one.get("id")] = (one, one.value("text"))
            elif one.tag == "association" and one.ns == source.MODEL:
                links.append((one, {one.get("sourceRef"), one.get("targetRef")}))
                one.get("associationDirection")
        for one, ends in links:
            words = [texts[e][1] for e in ends if e in texts]
            steps = [self.process.parts[e] for e in ends if e in self.process.parts and self.process.parts[e].kind == "step"]
            one.look()
            if not words or not steps:
                self.notes.lost(one, "关联不导入")
                continue
            for end in ends:
                if end in texts:
                    texts[end] = (texts[end][0], "")
            step = steps[0].step
            step["description"] = "\n".join(filter(None, [step.get("description", ""), *words]))
        for one, words in texts.values():
            if words:
                self.notes.lost(one, f"图上的注释“{words[:60]}”没有连到环节")

    def _leftovers(self) -> None:
        words = {"dataObject": "数据对象", "dataObjectReference": "数据对象", "dataStoreReference": "数据存储", "group": "分组",
                 "messageFlow": "消息流", "property": "变量", "ioSpecification": "输入输出", "dataInputAssociation": "数据关联",
                 "dataOutputAssociation": "数据关联", "auditing": "审计设置", "monitoring": "监控设置"}
        for one, names in source.leftovers(self.root):
            if names:
                said = "、".join(f"{n}={one.attributes[k][:40]}" for n in names for k in one.attributes if k[1] == n)
                self.notes.lost(one, f"属性 {said} 没有对应")
            else:
                vendor = source.VENDORS.get(one.ns, "")
                self.notes.lost(one, f"{vendor + ' 的 ' if vendor else ''}{words.get(one.tag, one.tag)}没有对应")

    def _text(self, data: dict[str, Any], origin: str) -> str:
        lines = [f"# 由 BPMN 文件导入：{_one_line(origin)}" if origin else "# 由 BPMN 文件导入"]
        lines += [f"# {_one_line(str(n))}" for n in self.notes.items[:_COMMENTS]]
        if len(self.notes.items) > _COMMENTS:
            lines.append(f"# 还有 {len(self.notes.items) - _COMMENTS} 条，见导入时的清单")
        body = yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)
        return "\n".join(lines) + "\n" + body


class _Dumper(yaml.SafeDumper):
    """Two spaces, lists indented, small mappings in one line, nothing by reference."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def represent_sequence(self, tag: Any, sequence: Any, flow_style: bool | None = None) -> Any:
        made = super().represent_sequence(tag, sequence, flow_style)
        if all(isinstance(v, yaml.ScalarNode) for v in made.value) and sum(len(v.value) + 2 for v in made.value) < 90:
            made.flow_style = True
        return made

    def represent_mapping(self, tag: Any, mapping: Any, flow_style: bool | None = None) -> Any:
        made = super().represent_mapping(tag, mapping, flow_style)
        flat = all(isinstance(v, yaml.ScalarNode) and "\n" not in v.value for _k, v in made.value)
        if flat and sum(len(k.value) + len(v.value) for k, v in made.value) < 90:
            made.flow_style = True
        return made


def _one_line(text: str) -> str:
    """For a comment: nothing in it can end the line or is refused by YAML."""
    return "".join(c if c.isprintable() else " " for c in text)[:300]


def _renamed(ways: Any, ids: dict[str, str]) -> Any:
    if isinstance(ways, str):
        return ids[ways]
    return [{**w, "to": ids[w["to"]]} for w in ways]
