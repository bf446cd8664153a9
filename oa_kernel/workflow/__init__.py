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
from .case_files import attach_files, attachments, detach_file, may_attach
from .definition import Definition, Problem, Step
from .diagram import diagram
from .engine import (
    WORDS,
    act,
    can_see,
    first_step,
    instances_of,
    open_task,
    start,
    takes_part,
)
from .failing import failed_service_count, failed_service_page
from .fields import right as field_right
from .following import course, deadline_words, urge_again_at
from .migrating import migrate
from .models import Instance, Run, Task, Trail
from .open_work import open_work, open_work_counts, stands_in_for, taken_over
from .opinions import forget_phrase, keep_phrase, kept_phrases, phrases, remember_phrase
from .schema import json_schema
from .standing import delegate_standing, end_stand_in, hand_over, set_absent, stand_ins
from .statistics import case_counts, statistics
from .statistics import versions as definition_versions
from .steps import failed_services, repeat_service
from .store import check_text, definition, definition_text, definitions, publish, sync_definitions, validate_text
from .todo import actions_of, get_task, is_about, next_task, task_actions, todo, todo_counts
from .trial import simulate, simulate_text
from .view import (
    definition_of,
    get_instance,
    instance_actions,
    instance_view,
    next_steps_preview,
    return_targets,
    started_by,
    trail,
    view_of,
)
from .whole import admin_actions, cancel, jump, reopen, resume, retrieve, skip, suspend, urge, withdraw

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
    "admin_actions",
    "attach_files",
    "attachments",
    "can_see",
    "cancel",
    "case_counts",
    "case_url",
    "check_text",
    "course",
    "deadline_words",
    "definition",
    "definition_of",
    "definition_text",
    "definition_versions",
    "definitions",
    "delegate_standing",
    "detach_file",
    "diagram",
    "due_at",
    "end_stand_in",
    "failed_service_count",
    "failed_service_page",
    "failed_services",
    "field_right",
    "first_step",
    "forget_phrase",
    "get_instance",
    "get_task",
    "hand_over",
    "instance_actions",
    "instance_view",
    "instances_of",
    "is_about",
    "is_working_day",
    "json_schema",
    "jump",
    "keep_phrase",
    "kept_phrases",
    "may_attach",
    "migrate",
    "next_steps_preview",
    "next_task",
    "open_task",
    "open_work",
    "open_work_counts",
    "phrases",
    "publish",
    "remember_phrase",
    "reopen",
    "repeat_service",
    "resume",
    "retrieve",
    "return_targets",
    "set_absent",
    "simulate",
    "simulate_text",
    "skip",
    "stand_ins",
    "stands_in_for",
    "start",
    "started_by",
    "statistics",
    "suspend",
    "sync_definitions",
    "taken_over",
    "takes_part",
    "task_actions",
    "todo",
    "todo_counts",
    "trail",
    "urge",
    "urge_again_at",
    "validate_text",
    "view_of",
    "withdraw",
]
