"""What workflow definitions call by name, and what cases are about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class WorkflowEffect:
    """What a definition may do when a step is completed (``on_complete: [documents.number]``).

    ``run(instance, task, by) -> None`` is called inside the transaction of the action; raising undoes it all.
    A step that is done again after a return does not repeat it (no second number), unless ``repeat`` is set.
    """

    name: str
    title: str
    run: Callable[[Any, Any, Any], None]
    #: True: happens each time the step is completed
    repeat: bool = False


@dataclass(frozen=True)
class WorkflowService:
    """What a service step calls (``{type: service, service: plugin.name}``), after the commit, through the outbox.

    ``run(instance, key) -> dict | None`` gives form fields to take over, or nothing. Raising means: try again later;
    the step shows the reason, and an administrator may have it tried again. It is called at least once: ``key`` is the
    same at every try of one step, so that a second call can be told.
    """

    name: str
    title: str
    run: Callable[[Any, str], Mapping[str, Any] | None]


@dataclass(frozen=True)
class PeopleRule:
    """A plugin's own rule for who gets a step (``people: {rule: plugin.name}``).

    ``find(instance, step, form) -> list[int]`` gives ids of people.
    """

    name: str
    title: str
    find: Callable[[Any, Any, Mapping[str, Any]], list[int]]


@dataclass(frozen=True)
class WorkflowSubject:
    """How the kernel speaks of what a case is about (``subject_kind`` of an instance).

    ``url(subject_id) -> str`` is the page where the work is done;
    ``visible(person, subject_id) -> bool`` says whether somebody may see it beyond taking part in the case.
    """

    kind: str
    title: str
    url: Callable[[str], str]
    visible: Callable[[Any, str], bool] | None = None


__all__ = ["PeopleRule", "WorkflowEffect", "WorkflowService", "WorkflowSubject"]
