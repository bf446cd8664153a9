"""Fills a demo organisation with as many tasks as a large one has after years. Run as a program:

``python -m oa_kernel.bench.seed CONFIG TASKS DOCUMENTS`` prints ``{"session", "person", "rows"}`` as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from .rows import insert, stamps

#: open tasks of the person whose list is measured: what one page shows
OPEN = 30


def tasks(number: int, measured: int, people: Sequence[int]) -> None:
    """``number`` tasks in a fourth as many cases; ``measured`` has exactly :data:`OPEN` of them to do."""
    from oa_kernel.workflow import Instance, Task, definitions

    definition = next(iter(definitions()))
    others = [p for p in people if p != measured]
    times = stamps()
    cases = max(1, number // 4)
    first = 10_000_000

    def instances() -> Iterator[Sequence[Any]]:
        for n in range(cases):
            yield (first + n, definition.id, definition.name, definition.version, f"关于第{n}件事项的请示", "completed",
                   others[n % len(others)], "{}", times[n % len(times)], "", "", "")

    def rows() -> Iterator[Sequence[Any]]:
        for n in range(number):
            mine = n < OPEN
            state = "open" if mine or n % 40 == 0 else "done"
            yield (first + n % cases, first + n, "review", "部门负责人审核", "work",
                   measured if mine or n % 120 == 0 and state == "done" else others[n % len(others)], state, 0, "",
                   definition.name, f"关于第{n % cases}件事项的请示", "加急" if n % 9 == 0 else "", "", "", "林晓岚",
                   times[n % len(times)], None if n % 3 else times[n % 50], "approve" if state == "done" else "", "", 1)

    insert(Instance, ("id", "definition_id", "definition_name", "definition_version", "title", "state",
                                 "drafter_id", "form", "started_at", "subject_kind", "subject_id", "urgency"), instances())
    insert(Task, ("instance_id", "run_id", "step", "step_name", "kind", "assignee_id", "state", "position",
                             "place", "definition_name", "title", "urgency", "subject_kind", "subject_id", "from_name",
                             "arrived_at", "due_at", "action", "comment", "version"), rows())


def main(config: str, number: int, documents: int) -> None:
    """Seeds and prints what the measurement needs."""
    from oa_kernel import builtin, db, identity, runtime
    from oa_kernel.workflow.models import Task

    runtime.boot(config)
    try:
        person = identity.by_username("d05p2")
        assert person is not None
        people = [p.id for p in identity.Person.select(identity.Person.id).where(identity.Person.active)]
        Task.update(state="done").where(Task.assignee_id == person.id).execute()
        tasks(number, person.id, people)
        for suite in builtin.collect("oa_benchmarks"):
            if suite.seed is not None and documents:
                suite.seed(documents)
        _, secret = identity.open_session(person, ip="127.0.0.1", user_agent="bench")
        print(json.dumps({"session": secret, "person": person.id, "rows": OPEN}))
    finally:
        db.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
