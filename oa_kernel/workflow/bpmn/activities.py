"""Nodes that do something, each as a step of ours: who, how many, until when, with which fields."""

from __future__ import annotations

import re
from typing import Any

from oa_kernel.workflow.definition import STEP_KEYS

from . import values
from .names import SERVICE, VENDORS
from .notes import Notes
from .process import Part, Process, description_of, title_of
from .source import Element
from .writing import ARRIVED, completion

#: who is put where a file does not say who, or says it in code
CHOSEN = {"chosen_by": "previous"}
_LATER = "请改为本单位的人员规则"
_HANDLED = {"id", "title", "description", "people", "mode", "due", "on_overdue", "after", "definition", "service", "wait",
            "role", "next", "branches", "type"}
_AT_LEAST = re.compile(r"[$#]\{\s*activationCount\s*>=\s*(\d+)\s*\}")
_RATIO = re.compile(r"(?:[$#]\{)?=?\s*(?:(nrOfCompletedInstances|numberOfCompletedInstances)\s*/\s*"
                    r"(?:nrOfInstances|numberOfInstances)\s*(>=|==|>)\s*([\d.]+)|"
                    r"(nrOfCompletedInstances|numberOfCompletedInstances)\s*(>=|==)\s*"
                    r"(\d+|nrOfInstances|numberOfInstances))\s*\}?")


class Activities:
    """Turns nodes into steps; fields of forms met on the way are in ``form``."""

    def __init__(self, process: Process, notes: Notes) -> None:
        self.process, self.notes = process, notes
        self.form: dict[str, Any] = {}
        self.starters = set(values.STARTERS)

    def take(self, part: Part) -> None:
        """Sets ``part.kind`` and ``part.step``."""
        method = getattr(self, f"_{part.tag}", None)
        if method is None:
            self._task(part)
        else:
            method(part)
        if part.kind in ("step", "fork", "join"):
            self._common(part)

    def _common(self, part: Part) -> None:
        own = part.own or {}
        step = part.step
        title, description = title_of(own, part.name), description_of(own, part.xml)
        if title and title != part.id:
            step["title"] = title
        if description is not None:
            step["description"] = description
        for key, value in own.items():
            if key not in _HANDLED:
                if key in STEP_KEYS:
                    step[key] = value
                else:
                    self.notes.lost(part.xml, f"环节没有键“{key}”")

    # ---- who ----------------------------------------------------------------------------------------------------

    def people(self, part: Part, first_guess: Any = None) -> Any:
        """The rule of people of a node; what stands for it where none can be had."""
        xml, own = part.xml, (part.own or {}).get("people")
        said = self._owners(xml)
        assignee, users, groups = self._vendor_people(xml)
        if said and not (assignee or users or groups):
            if own is not None and values.to_expression(own) == said:
                return own
            rule, left = values.from_expression(said)
            return self._checked(part, rule, left, said)
        if assignee or users or groups:
            loop = xml.one("multiInstanceLoopCharacteristics")
            variable = loop.vendor("elementVariable") if loop is not None else ""
            collection = loop.vendor("collection") if loop is not None else ""
            name = re.fullmatch(r"(?:[$#]\{)?\s*([^\W\d]\w*)\s*\}?", collection)
            if variable and name and assignee in (f"${{{variable}}}", f"#{{{variable}}}"):
                return self._fielded({"field": name[1]}, "people")
            rule, left = values.by_names([assignee] if assignee else users, [] if assignee else groups)
            if assignee and (users or groups):
                self.notes.lost(xml, f"已有办理人，另有候选：{'、'.join(users + groups)}")
            return self._checked(part, rule, left, assignee or "、".join(users + groups))
        if own is not None and not said and not part.xml.attributes.get(("", "implementation")):
            self.notes.check(xml, "图上没有写办理人", "用导出时的规则")
            return own
        if first_guess is not None:
            return first_guess
        if part.lane:
            self.notes.check(xml, f"没有写办理人，在泳道“{part.lane}”里", f"按部门“{part.lane}”；{_LATER}")
            return {"department": part.lane}
        self.notes.replaced(xml, "没有写办理人", f"由上一环节的人选定；{_LATER}")
        return dict(CHOSEN)

    def _checked(self, part: Part, rule: Any, left: str, said: str) -> Any:
        if isinstance(rule, dict) and set(rule) == {"field"}:
            if rule["field"] in self.starters:
                rule = "drafter"
            else:
                rule = self._fielded(rule, "person")
        if rule is None:
            self.notes.replaced(part.xml, f"办理人“{said[:120]}”没有对应的规则", f"由上一环节的人选定；{_LATER}")
            return dict(CHOSEN)
        if left:
            self.notes.lost(part.xml, f"一个环节只有一条人员规则，“{left}”未导入", f"只用 {values.to_expression(rule)}")
        return rule

    def _fielded(self, rule: dict[str, str], kind: str) -> dict[str, str]:
        self.form.setdefault(rule["field"], {"type": kind, "label": rule["field"]})
        return rule

    def _owners(self, xml: Element) -> str:
        texts = []
        for tag in ("potentialOwner", "humanPerformer", "performer", "resourceRole"):
            for role in xml.all(tag):
                ref = role.value("resourceRef")
                if ref:
                    resource = next((r for r in self.process.root.all("resource") if r.get("id") == ref), None)
                    texts.append(f"group({values._arg(resource.get('name') if resource is not None else ref)})")
                for assignment in role.all("resourceAssignmentExpression"):
                    for tag_ in ("formalExpression", "expression"):
                        texts += [e.text.strip() for e in assignment.all(tag_) if e.text.strip()]
        return ", ".join(texts)

    def _vendor_people(self, xml: Element) -> tuple[str, list[str], list[str]]:
        assignee, users, groups = xml.vendor("assignee"), xml.vendor("candidateUsers"), xml.vendor("candidateGroups")
        for one in xml.vendors("assignmentDefinition"):
            assignee, users, groups = one.get("assignee"), one.get("candidateUsers"), one.get("candidateGroups")
        words = [f"${{{w[1:].strip()}}}" if w.startswith("=") else w for w in (assignee, users, groups)]
        return words[0], _list(words[1]), _list(words[2])

    # ---- how many -----------------------------------------------------------------------------------------------

    def mode(self, part: Part) -> Any:
        """The mode of a task; None: the first of several answers."""
        loop = part.xml.one("multiInstanceLoopCharacteristics")
        own = (part.own or {}).get("mode")
        if part.xml.one("standardLoopCharacteristics") is not None:
            self.notes.lost(part.xml, "循环执行没有对应", "只办一次；再办由“退回”")
        if loop is None:
            if own not in (None, "one"):
                self.notes.check(part.xml, "图上已没有多实例", "改为或签（一人办理即可）")
                return None
            return own
        sequential = loop.get("isSequential") == "true"
        for tag in ("loopCardinality", "loopDataInputRef", "inputDataItem"):
            loop.one(tag)
        for name in ("collection", "elementVariable"):
            loop.vendor(name)
        said = loop.value("completionCondition")
        if own is not None and completion(own) == (sequential, said):
            return own
        number = loop.value("loopCardinality")
        if number and not part.own:
            self.notes.check(loop, f"次数“{number}”未导入", "有几位办理人就办几次")
        if not said:
            return "sequence" if sequential else "all"
        match = _RATIO.fullmatch(said)
        made = _votes(match) if match else None
        if made is None:
            self.notes.replaced(part.xml, f"多实例的完成条件“{said[:120]}”没有对应",
                                "依次办理" if sequential else "改为会签（都要同意）")
            return "sequence" if sequential else "all"
        if sequential:
            self.notes.replaced(part.xml, "依次办理中途结束没有对应", "改为同时办理")
        return made

    # ---- the tags -----------------------------------------------------------------------------------------------

    def _userTask(self, part: Part) -> None:
        self._task(part)

    def _task(self, part: Part) -> None:
        part.step = {"people": self.people(part)}
        mode = self.mode(part)
        if mode is not None:
            part.step["mode"] = mode
        self._fields(part)
        due = part.xml.vendor("dueDate")
        if due:
            try:
                part.step["due"], exact = values.from_iso(due)
                if not exact:
                    self.notes.check(part.xml, f"期限“{due}”", f"取作 {part.step['due']}")
            except ValueError:
                self.notes.lost(part.xml, f"期限“{due}”不是时长")

    def _fields(self, part: Part) -> None:
        rights: dict[str, str] = {}
        for data in part.xml.vendors("formData"):
            for one in (e for ns in VENDORS for e in data.all("formField", ns)):
                self._field(one, rights)
        for one in part.xml.vendors("formProperty"):
            self._field(one, rights)
        if rights:
            part.step["fields"] = rights

    def _field(self, one: Element, rights: dict[str, str]) -> None:
        name = one.get("id")
        if not name:
            return
        kinds = {"long": "integer", "int": "integer", "integer": "integer", "double": "number", "number": "number",
                 "boolean": "boolean", "date": "date", "string": "string", "enum": "string", "": "string"}
        kind = one.get("type")
        rule: dict[str, Any] = {"type": kinds.get(kind, "string"), "label": one.get("label") or one.get("name") or name}
        if kind not in kinds:
            self.notes.check(one, f"字段类型 {kind} 没有对应", "取作文字")
        allowed = [v.get("name") or v.get("id") for ns in VENDORS for v in one.all("value", ns)]
        if allowed:
            rule["allowed"] = allowed
        required = one.get("required") == "true"
        for checks in (e for ns in VENDORS for e in one.all("validation", ns)):
            required |= any(c.get("name") == "required" for ns in VENDORS for c in checks.all("constraint", ns))
        self.form.setdefault(name, rule)
        hidden, fixed = one.get("readable") == "false", one.get("writable") == "false"
        rights[name] = "hidden" if hidden else "read" if fixed else "required" if required else "edit"

    def _by_hand(self, part: Part, reason: str) -> None:
        """Something nobody can do for people here: somebody does it by hand."""
        part.step = {"people": "drafter"}
        self.notes.replaced(part.xml, reason, "改为拟稿人办理的环节")

    def _receiveTask(self, part: Part) -> None:
        self._by_hand(part, "等候外部消息没有对应")

    def _scriptTask(self, part: Part) -> None:
        part.kind = "pass"
        part.xml.one("script")
        part.xml.get("scriptFormat")
        self.notes.lost(part.xml, "脚本不导入", "跳过这一环节；要算的值请改为表单字段或插件的服务")

    def _businessRuleTask(self, part: Part) -> None:
        part.kind = "pass"
        self.notes.lost(part.xml, "业务规则（DMN）不导入", "跳过这一环节；请改写为分支条件")

    def _serviceTask(self, part: Part) -> None:
        xml, own = part.xml, (part.own or {}).get("service")
        implementation = xml.get("implementation")
        if implementation.startswith(SERVICE):
            part.step = {"type": "service", "service": implementation.removeprefix(SERVICE)}
            return
        if isinstance(own, str):
            part.step = {"type": "service", "service": own}
            return
        if xml.vendor("type") == "mail":
            self._mail(part)
            return
        name = next((v for k in ("topic", "delegateExpression", "class", "expression") if (v := xml.vendor(k))), "")
        for definition in xml.vendors("taskDefinition"):
            name = definition.get("type")
        xml.vendor("type")
        if not name:
            self._by_hand(part, "服务环节没有写由什么程序办理")
            return
        name = name.removeprefix("${").removesuffix("}")
        part.step = {"type": "service", "service": name}
        self.notes.check(xml, f"服务“{name}”要由插件登记（oa_workflow_services）")

    def _mail(self, part: Part) -> None:
        fields = {}
        for one in part.xml.vendors("field"):
            inside = [c.look().text.strip() for c in one.children]
            fields[one.get("name")] = one.get("stringValue") or one.get("expression") or "".join(inside)
        part.step = {"type": "notify", "people": "drafter"}
        if fields.get("subject") or fields.get("text"):
            part.step["message"] = fields.get("subject") or fields["text"]
        self.notes.replaced(part.xml, f"邮件环节（收件人 {fields.get('to') or '未写'}）", "改为给拟稿人的通知；请改收件人")

    def _sendTask(self, part: Part) -> None:
        people = self.people(part, first_guess="drafter")
        part.step = {"type": "notify", "people": people}
        if not (part.own or {}).get("people"):
            self.notes.check(part.xml, "发送消息", "改为通知；请核对收到的人")

    def _callActivity(self, part: Part) -> None:
        called = part.xml.get("calledElement")
        for one in part.xml.vendors("calledElement"):
            called = one.get("processId")
        own = (part.own or {}).get("definition")
        name = own if isinstance(own, str) else called
        if not name or "${" in name or name.startswith("="):
            self._by_hand(part, f"调用的流程“{name or '未写'}”不是固定的名称")
            return
        part.step = {"type": "subprocess", "definition": name}
        into: dict[str, str] = {}
        back: dict[str, str] = {}
        for tag, target in (("in", into), ("out", back)):
            for one in part.xml.vendors(tag):
                if one.get("source") and one.get("target"):
                    target[one.get("target")] = one.get("source")
        if into:
            part.step["map"] = into
        if back:
            part.step["back"] = back
        if part.xml.one("multiInstanceLoopCharacteristics") is not None:
            self.notes.lost(part.xml, "子流程的多实例没有对应", "只办一次")

    def _intermediateCatchEvent(self, part: Part) -> None:
        timer = part.event("timer")
        if timer is not None:
            part.step = {"type": "timer", "after": self._after(part, timer)}
            return
        if part.event("link") is not None:
            part.kind = "pass"
            return
        part.step = {"people": "drafter"}
        for kind, word in (("message", "消息"), ("signal", "信号"), ("conditional", "条件")):
            if part.event(kind) is not None:
                self._by_hand(part, f"等候{word}没有对应")
                return
        part.kind = "pass"
        self.notes.lost(part.xml, "没有内容的中间事件", "直接往下走")

    def _after(self, part: Part, timer: Element) -> Any:
        own = (part.own or {}).get("after")
        date, duration, cycle = (timer.value(t) for t in ("timeDate", "timeDuration", "timeCycle"))
        if isinstance(own, dict) and date == f"${{{own.get('field')}}}":
            return own
        if duration and same_period(own, duration):
            return own
        variable = re.fullmatch(r"[$#]\{\s*([^\W\d]\w*)\s*\}|=\s*([^\W\d]\w*)", date or duration)
        if variable and date:
            name = variable[1] or variable[2]
            self.form.setdefault(name, {"type": "date", "label": name})
            return {"field": name}
        return self.duration(part, duration or cycle.rpartition("/")[2], date or duration or cycle)

    def duration(self, part: Part, text: str, said: str = "") -> str:
        """A duration as a period of ours; a day where it is none."""
        try:
            made, exact = values.from_iso(text)
        except ValueError:
            self.notes.replaced(part.xml, f"时间“{said or text}”不是固定的时长", "改为 1 day；请核对")
            return "1 day"
        if not exact or (said and said != text):
            self.notes.check(part.xml, f"时间“{said or text}”", f"取作 {made}")
        return made

    def _intermediateThrowEvent(self, part: Part) -> None:
        if part.event("message") is not None or part.event("signal") is not None or part.event("escalation") is not None:
            part.step = {"type": "notify", "people": "drafter"}
            self.notes.replaced(part.xml, "发出消息", "改为给拟稿人的通知；请核对收到的人")
            return
        part.kind = "pass"
        if part.event("link") is None:
            self.notes.lost(part.xml, "没有对应的中间事件", "直接往下走")

    def _endEvent(self, part: Part) -> None:
        part.kind = "end"
        for kind, word in (("terminate", "终止"), ("error", "错误"), ("message", "消息"), ("signal", "信号"),
                           ("escalation", "升级"), ("cancel", "取消"), ("compensate", "补偿")):
            if part.event(kind) is not None:
                self.notes.check(part.xml, f"以{word}结束没有对应", "作为普通的结束，其他分支不受影响")

    # ---- gateways -----------------------------------------------------------------------------------------------

    def join(self, part: Part) -> None:
        """A gateway where branches come together."""
        part.kind, part.step = "join", {"type": "join"}
        own = (part.own or {}).get("wait")
        if part.tag == "complexGateway":
            said = part.xml.value("activationCondition")
            match = _AT_LEAST.fullmatch(said)
            if own not in (None, "all") and said == ARRIVED.format(own):
                part.step["wait"] = own
            elif match and int(match[1]) >= 1:
                part.step["wait"] = int(match[1])
            else:
                self.notes.replaced(part.xml, f"复杂网关的条件“{said[:120]}”没有对应", "等所有分支")
        elif own == "all":
            part.step["wait"] = own
        self._common(part)

    def fork(self, part: Part) -> None:
        """A gateway where branches begin."""
        part.kind, part.step = "fork", {"type": "fork"}
        if part.tag == "complexGateway":
            part.xml.one("activationCondition")
            self.notes.check(part.xml, "复杂网关", "作为有条件的分支")
        self._common(part)


def same_period(own: Any, iso: str) -> bool:
    """Whether a period of ours is what a duration says."""
    try:
        return isinstance(own, str) and values.to_iso(own) == iso
    except ValueError:
        return False


def _list(text: str) -> list[str]:
    return [w.strip() for w in text.split(",") if w.strip()]


def _votes(match: re.Match[str]) -> Any:
    if match[1]:
        ratio = float(match[3])
        if not 0 < ratio <= 1:
            return None
        return "all" if ratio == 1 else {"ratio": ratio}
    if match[6] == "1":
        return "one"
    return None if match[6].isdigit() else "all"
