"""The engine in a large organisation: the same calls with a thousand running cases and with a million.

Every size is an installation of its own, measured in turn, so that a machine that changes speed changes all. A case has
ten trail entries, one task that is done and one that is open; the person whose list is measured has as many to do
at each size.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from .figures import Figure, quick
from .rows import insert, stamps

SIZES = (1_000, 10_000, 100_000, 1_000_000)
#: trail entries of a case
TRAIL = 10
#: open tasks of the measured person
OPEN = 30
#: people asked at once
COUNTERSIGN = 200
#: first id of what is seeded
FIRST = 10_000_000
NAME = "bench.volume"
_YAML = """name: bench.volume
title: 采购审批
steps:
  - {id: draft, title: 拟稿, people: drafter, next: one}
  - {id: one, title: 初审, people: {user: head}, next: two}
  - {id: two, title: 审核, people: {user: deputy}, next: end}
"""
_CALLS = {
    "todo": "待办第一页与各数", "due": "按期限排的待办第二页", "view": "一件事项与经过", "started": "我发起的第一页",
    "urge": "催办", "approve": "批准一步", "start": "发起一件",
}


def run(tell: Callable[[str], Any]) -> Iterator[Figure]:
    """Yields each call's milliseconds at every size beside the smallest, and 200 people answering at once."""
    sizes, rounds = ((200, 2_000), 1) if quick() else (SIZES, 3)
    with tempfile.TemporaryDirectory() as name:
        configs = {}
        for size in sizes:
            folder = Path(name) / str(size)
            tell(f"准备 {size:,} 件在办事项、{size * TRAIL:,} 条经过")
            subprocess.run([sys.executable, "-m", "oa_kernel.cli", "demo", str(folder)], check=True, capture_output=True)
            configs[size] = folder / "oa.yaml"
            _program("seed", configs[size], size)
        found: dict[int, dict[str, list[float]]] = {size: {} for size in sizes}
        for n in range(rounds):
            tell(f"第 {n + 1} 轮")
            for size in sizes:
                for key, value in _program("measure", configs[size], size).items():
                    found[size].setdefault(key, []).append(value)
    middle = {size: {k: statistics.median(v) for k, v in kept.items()} for size, kept in found.items()}
    small = sizes[0]
    for key, title in _CALLS.items():
        for size in sizes[1:]:
            yield Figure(f"{title}，{size:,} 件在办", middle[size][key], "ms", f"{small:,} 件", middle[small][key],
                         1.5 if size == sizes[-1] else None, False)
    yield Figure(f"会签 {COUNTERSIGN} 人同时同意，每人", middle[sizes[-1]]["countersign"], "ms", "批准一步",
                 middle[sizes[-1]]["approve"], 2.0, False, note="8 个线程，全部成功，事项前进一次")


def _program(what: str, config: Path, size: int) -> dict[str, float]:
    done = subprocess.run([sys.executable, "-m", "oa_kernel.bench.volume", what, str(config), str(size)], check=True,
                          stdout=subprocess.PIPE, text=True, env={**os.environ})
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def seed(size: int) -> None:
    """``size`` running cases at their first review, a thirtieth of them with a deadline."""
    from oa_kernel import identity, workflow
    from oa_kernel.workflow import Instance, Run, Task, Trail

    workflow.publish(_YAML)
    known = workflow.definition(NAME)
    everyone = identity.Person.select(identity.Person.username, identity.Person.id).where(identity.Person.active)
    ids: dict[str, int] = dict(everyone.tuples())
    measured, drafter = ids["head"], ids["drafter"]
    others = [i for name, i in ids.items() if name not in ("head", "deputy", "drafter")]
    Task.update(state="done").where(Task.assignee_id == measured).execute()
    times = stamps()

    def at(n: int) -> str:
        return times[n % len(times)]

    def instances() -> Iterator[Sequence[Any]]:
        for n in range(size):
            yield (FIRST + n, known.row_id, NAME, known.version, f"关于购置第{n}批办公设备的请示", "running", "{}",
                   drafter if n < OPEN else others[n % len(others)], at(n))

    def runs() -> Iterator[Sequence[Any]]:
        for n in range(size):
            yield FIRST + n, FIRST + n, "one", "open", at(n)

    def tasks() -> Iterator[Sequence[Any]]:
        for n in range(size):
            for done in (True, False):
                person = measured if n < OPEN and not done else others[(n + done) % len(others)]
                yield (FIRST + n, FIRST + n, "draft" if done else "one", "拟稿" if done else "初审", person,
                       "done" if done else "open", NAME, f"关于购置第{n}批办公设备的请示", "加急" if n % 9 == 0 else "", "林晓岚",
                       at(n), at(n + 1) if n % 30 == 0 or n < OPEN else None, "submit" if done else "")

    def trail() -> Iterator[Sequence[Any]]:
        for n in range(size):
            for k in range(TRAIL):
                yield (FIRST + n, at(n + k), "one", "初审", "urge" if k else "submit", drafter, "drafter", "林晓岚",
                       "请尽快办理")

    insert(Instance, ("id", "definition_id", "definition_name", "definition_version", "title", "state", "form",
                      "drafter_id", "started_at"), instances())
    insert(Run, ("id", "instance_id", "step", "state", "arrived_at"), runs())
    insert(Task, ("instance_id", "run_id", "step", "step_name", "assignee_id", "state", "definition_name", "title",
                  "urgency", "from_name", "arrived_at", "due_at", "action"), tasks())
    insert(Trail, ("instance_id", "at", "step", "step_name", "action", "by_id", "by_username", "by_name", "comment"),
           trail())


def measure(size: int) -> dict[str, float]:
    """Median milliseconds of each call."""
    import random

    from oa_kernel import db, identity, workflow
    from oa_kernel.workflow import Instance, Task

    head, drafter = identity.by_username("head"), identity.by_username("drafter")
    assert head is not None and drafter is not None
    count = 5 if quick() else 60
    anywhere = random.Random(size)

    looked = [FIRST + anywhere.randrange(OPEN, size) for _ in range(count)]
    viewers = {p.id: p for p in identity.Person.select()}
    drafters = {i: viewers[d] for i, d in Instance.select(Instance.id, Instance.drafter_id).where(
        Instance.id.in_(looked)).tuples()}

    def due() -> None:
        first = workflow.todo(head, sort="due", limit=10)
        workflow.todo(head, sort="due", limit=10, cursor=first.next)

    found = {
        "todo": _median([lambda: (workflow.todo(head), workflow.todo_counts(head))] * count),
        "due": _median([due] * count),
        "view": _median([lambda i=i: workflow.instance_view(i, drafters[i]) for i in looked]),
        "started": _median([lambda: workflow.started_by(drafter)] * count),
        "start": _median([lambda n=n: workflow.start(NAME, f"第{n}件", {}, drafter) for n in range(count)]),
    }
    fresh = [i for (i,) in Instance.select(Instance.id).where(Instance.drafter_id == drafter.id).order_by(
        Instance.id.desc()).limit(count).tuples()]
    found["urge"] = _median([lambda i=i: workflow.urge(i, drafter) for i in fresh])
    waiting = [t for (t,) in Task.select(Task.id).where(
        Task.instance_id.in_(fresh), Task.state == "open", Task.assignee_id == head.id).tuples()]
    found["approve"] = _median([lambda t=t: workflow.act(t, "approve", head, comment="同意") for t in waiting])
    found["countersign"] = _countersign(identity, drafter, db)
    return found


def _median(calls: Sequence[Callable[[], Any]]) -> float:
    import time

    taken = []
    for call in calls:
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


def _countersign(identity: Any, drafter: Any, db: Any) -> float:
    """Milliseconds a person when all of a 会签 answer at once; raises if one fails or the case moves twice."""
    import time
    from concurrent.futures import ThreadPoolExecutor

    from oa_kernel import clock, context, workflow
    from oa_kernel.workflow import Run, Task

    people = 20 if quick() else COUNTERSIGN
    names = [f"cs{n}" for n in range(people)]
    known = {u for (u,) in identity.Person.select(identity.Person.username).where(
        identity.Person.username.in_(names)).tuples()}
    if missing := [n for n in names if n not in known]:
        identity.Person.insert_many([
            {"username": n, "name": f"会签{n[2:]}", "department_id": drafter.department_id, "active": True,
             "created_at": clock.now()} for n in missing]).execute()
    everyone = {p.id: p for p in identity.Person.select().where(identity.Person.username.in_(names))}
    workflow.publish(f"""name: bench.countersign
title: 会签
steps:
  - {{id: draft, title: 拟稿, people: drafter, next: all}}
  - {{id: all, title: 会签, people: {{users: [{', '.join(names)}]}}, mode: all, next: last}}
  - {{id: last, title: 签发, people: {{user: head}}, next: end}}
""")
    case = workflow.start("bench.countersign", "二百人会签", {}, drafter)
    waiting = list(Task.select(Task.id, Task.assignee_id).where(Task.instance_id == case.id, Task.state == "open").tuples())

    def approve(row: tuple[int, int]) -> None:
        context.set_current(context.SYSTEM)
        try:
            workflow.act(row[0], "approve", everyone[row[1]], comment="同意")
        finally:
            db.close()

    began = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(approve, waiting))
    taken = time.perf_counter() - began
    last = Run.select().where(Run.instance_id == case.id, Run.step == "last").count()
    if len(waiting) != people or last != 1:
        raise RuntimeError(f"asked {len(waiting)} of {people}, the case moved {last} times")
    return taken / people * 1000


def main(what: str, config: str, size: int) -> None:
    """``python -m oa_kernel.bench.volume seed|measure CONFIG SIZE`` prints JSON."""
    from oa_kernel import db, runtime

    runtime.boot(Path(config))
    try:
        if what == "seed":
            seed(size)
            print("{}")
        else:
            print(json.dumps(measure(size)))
    finally:
        db.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
