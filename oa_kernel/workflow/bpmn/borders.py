"""Timers on the border of a task as its deadline and what happens when it is over."""

from __future__ import annotations

from typing import Any

from . import values
from .activities import Activities, same_period
from .notes import Notes
from .process import Part, Process


class Borders:
    """Reads boundary events onto the tasks they sit on. What only they lead to is no way of the process."""

    def __init__(self, process: Process, activities: Activities, notes: Notes) -> None:
        self.process, self.activities, self.notes = process, activities, notes

    def take_all(self) -> None:
        """All of them; tasks whose deadline is gone from the picture lose ours too."""
        for border in self.process.boundaries:
            border.kind = "gone"
            host = self.process.parts.get(border.xml.get("attachedToRef"))
            timer = border.event("timer")
            if host is None or timer is None or host.kind != "step" or host.tag not in ("userTask", "manualTask", "task"):
                self._other(border, host)
                continue
            border.xml.get("cancelActivity")
            self._deadline(border, host, timer)
        for part in self.process.parts.values():
            if part.own and "due" in part.own and part.kind == "step" and "due" not in part.step:
                if part.tag in ("userTask", "manualTask", "task"):
                    self.notes.check(part.xml, "图上已没有期限", "环节不设期限")
                else:
                    part.step["due"] = part.own["due"]
            if part.own and "on_overdue" in part.own and part.kind == "step" and "due" not in (part.own or {}):
                part.step["on_overdue"] = part.own["on_overdue"]

    def _other(self, border: Part, host: Part | None) -> None:
        kind = next((k for k in ("timer", "error", "message", "signal", "escalation", "compensate", "conditional", "cancel")
                     if border.event(k) is not None), "")
        words = {"timer": "定时", "error": "错误", "message": "消息", "signal": "信号", "escalation": "升级",
                 "compensate": "补偿", "conditional": "条件", "cancel": "取消"}
        where = f"“{host.title}”" if host is not None else "没有这个环节"
        self.notes.lost(border.xml, f"{where}边上的{words.get(kind, '')}事件没有对应", "它引出的路不导入")

    def _deadline(self, border: Part, host: Part, timer: Any) -> None:
        said = timer.value("timeDuration") or timer.value("timeCycle").rpartition("/")[2]
        whole = timer.value("timeDuration") or timer.value("timeCycle") or timer.value("timeDate")
        own = host.own or {}
        if "due" in host.step:
            self.notes.lost(border.xml, f"“{host.title}”已有期限", "第二个定时未导入")
            return
        if same_period(own.get("due"), said):
            host.step["due"] = own["due"]
        else:
            host.step["due"] = self.activities.duration(border, said, whole)
        found = self._what_then(border, host)
        exact = own.get("on_overdue")
        if (border.own is not None or not border.ways) and _say(exact or "urge") == _say(found):
            found = exact
        elif found is None:
            found = "urge"
            self.notes.replaced(border.xml, f"“{host.title}”到期后另走的路没有对应", "改为催办")
        if found is not None:
            host.step["on_overdue"] = found

    def _what_then(self, border: Part, host: Part) -> Any:
        """urge | escalate | pass | {transfer: …}; None for what is none of them."""
        parts = self.process.parts
        interrupts = border.xml.get("cancelActivity") != "false"
        if not border.ways:
            return "urge"
        if len(border.ways) > 1:
            return None
        target = parts[border.ways[0].to]
        onward = {f.to for f in host.ways}
        if interrupts:
            if target.id in onward:
                return "pass"
            if target.tag == "userTask" and {f.to for f in target.ways} == onward and onward:
                self._part_of_it(target)
                return {"transfer": self.activities.people(target)}
            return None
        message = target
        while message.tag in ("sendTask", "serviceTask", "intermediateThrowEvent") and len(message.ways) == 1:
            message = parts[message.ways[0].to]
        if message.tag != "endEvent":
            return None
        escalates = False
        one: Part | None = target
        while one is not None:
            escalates |= one.event("escalation") is not None
            one.event("message")
            self._part_of_it(one)
            one = parts[one.ways[0].to] if one.ways and one.tag != "endEvent" else None
        return "escalate" if escalates else "urge"

    def _part_of_it(self, part: Part) -> None:
        """A node that says what happens when time is over: no step of its own."""
        part.kind = "gone"
        self.notes.forget(part.xml)


def _say(rule: Any) -> Any:
    """A rule as BPMN says it, to compare ours with what the picture says."""
    if isinstance(rule, dict) and "transfer" in rule:
        return ("transfer", values.to_expression(rule["transfer"]))
    return rule
