"""A definition in memory, and the words that may stand in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

END = "end"
DRAFTER = "drafter"

#: what a step offers when its ``actions`` is left out (contract: "all of these")
DEFAULT_ACTIONS = ("approve", "return", "reject", "transfer", "delegate", "add_sign", "circulate")
STEP_ACTIONS = (*DEFAULT_ACTIONS, "remove_sign", "claim", "save", "read", "urge", "withdraw")

#: rule → what it is called on the screen
PEOPLE_RULES = {
    "drafter": "拟稿人", "user": "指定人员", "users": "指定的几个人", "post": "岗位", "role": "角色",
    "department": "部门", "head_of": "部门负责人", "deputy_for": "分管领导", "field": "表单字段",
    "chosen_by": "由上一步选定", "rule": "插件规则",
}
MODES = ("one", "all", "sequence")
STEP_TYPES = ("task", "fork", "join", "subprocess", "service", "timer", "notify")
FIELD_RIGHTS = ("read", "edit", "hidden", "required")
OVERDUE = ("urge", "escalate", "pass")

DEFINITION_KEYS = ("name", "title", "version", "description", "form", "steps", "subject", "fallback", "skip_same_person",
                   "on_start", "on_complete", "withdraw")
STEP_KEYS = ("id", "title", "type", "people", "mode", "actions", "fields", "due", "remind", "on_overdue", "next",
             "branches", "wait", "on_complete", "fallback", "skip_same_person", "description", "definition", "map", "back",
             "service", "after", "message", "copy")


@dataclass(frozen=True)
class Problem:
    """Something wrong in a definition. ``line`` counts from 1."""

    line: int
    message: str
    #: error: it cannot be published | warning: it can, and somebody should look (nobody holds the post now)
    level: str = "error"
    #: id of the step it stands in; empty where it is about the whole
    step: str = ""


@dataclass(frozen=True)
class Branch:
    """Where to go, under a condition; ``when`` empty: in any case."""

    to: str
    when: str = ""


@dataclass(frozen=True)
class Step:
    """One step."""

    id: str
    title: str
    type: str = "task"
    people: Mapping[str, Any] = field(default_factory=dict)
    #: one | all | sequence | ratio | weights
    mode: str = "one"
    ratio: float = 0.0
    weights: Mapping[str, float] = field(default_factory=dict)
    passing: float = 0.0
    veto: Sequence[str] = ()
    actions: Sequence[str] = DEFAULT_ACTIONS
    fields: Mapping[str, str] = field(default_factory=dict)
    due: str = ""
    remind: Sequence[str] = ()
    on_overdue: Any = ""
    next: Sequence[Branch] = ()
    branches: Sequence[Branch] = ()
    #: of a join: all | a number
    wait: Any = "all"
    on_complete: Sequence[str] = ()
    fallback: Mapping[str, Any] | None = None
    skip_same_person: bool = False
    #: of a sub-process: the definition to run, what it gets (its field → ours), what comes back (our field → its)
    definition: str = ""
    map: Mapping[str, str] = field(default_factory=dict)
    back: Mapping[str, str] = field(default_factory=dict)
    #: of a service step: name of a plugin's ``WorkflowService``
    service: str = ""
    #: of a timer: a period, or ``{"field": f}`` with a date
    after: Any = ""
    #: of a notification: its text, and whether it is a copy to be read (抄送)
    message: str = ""
    copy: bool = False
    #: of a join: the fork whose branches come together here (worked out, not written)
    joins: str = ""


@dataclass(frozen=True)
class Definition:
    """A checked definition; ``row_id`` is that of its WorkflowDefinition once it is stored."""

    name: str
    title: str
    version: int
    steps: Mapping[str, Step]
    form: Any = None
    fallback: Mapping[str, Any] | None = None
    on_start: Sequence[str] = ()
    on_complete: Sequence[str] = ()
    withdraw: bool = True
    row_id: int = 0
    source: str = ""

    @property
    def first(self) -> Step:
        """Where the drafter starts."""
        return next(iter(self.steps.values()))

    @property
    def fields(self) -> dict[str, Any]:
        """The form's fields, where the form stands in the definition itself."""
        return dict(self.form) if isinstance(self.form, Mapping) else {}
