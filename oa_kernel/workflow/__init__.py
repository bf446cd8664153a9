"""The workflow engine: definitions in YAML, cases, tasks, trail.

    from oa_kernel import workflow

    case = workflow.start("office.purchase", "采购显示器", {"amount": 12000}, by=person)
    workflow.act(task_id, "approve", by=head, comment="同意")

Every call is one transaction with its trail entry, audit event and notifications. What a definition may say
stands in the contract of the YAML (``docs/workflows.md``); what happened is told by the signals
``oa_kernel.signals.workflow_*``.
"""

from .calendar import due_at, is_working_day
from .case import case_url
from .definition import Definition, Problem, Step
from .diagram import diagram
from .engine import (
    WORDS,
    act,
    can_see,
    cancel,
    first_step,
    instances_of,
    open_task,
    retrieve,
    start,
    takes_part,
    urge,
    withdraw,
)
from .models import Instance, Run, Task, Trail
from .store import definition, definitions, publish, sync_definitions, validate_text
from .todo import actions_of, get_task, is_about, next_task, task_actions, todo, todo_counts
from .view import (
    definition_of,
    get_instance,
    instance_actions,
    instance_view,
    next_steps_preview,
    return_targets,
    simulate,
    started_by,
    trail,
    view_of,
)

__all__ = [
    "WORDS",
    "Definition",
    "Instance",
    "Problem",
    "Run",
    "Step",
    "Task",
    "Trail",
    "act",
    "actions_of",
    "can_see",
    "cancel",
    "case_url",
    "definition",
    "definition_of",
    "definitions",
    "diagram",
    "due_at",
    "first_step",
    "get_instance",
    "get_task",
    "instance_actions",
    "instance_view",
    "instances_of",
    "is_about",
    "is_working_day",
    "next_steps_preview",
    "next_task",
    "open_task",
    "publish",
    "retrieve",
    "return_targets",
    "simulate",
    "start",
    "started_by",
    "sync_definitions",
    "takes_part",
    "task_actions",
    "todo",
    "todo_counts",
    "trail",
    "urge",
    "validate_text",
    "view_of",
    "withdraw",
]
