"""Approving by service call, beside a hand-written peewee loop, raw sqlite3, and SpiffWorkflow without a database.

All run the same process of three steps, one person each; a step is one durable commit that ends the task and begins
the next, with trail, audit event and notification.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .figures import Figure, quick
from .rows import defaults, stamps

NAME = "bench.three"
STEPS = ("one", "two", "three")
_YAML = """name: bench.three
title: 三步审批
steps:
  - {id: draft, title: 拟稿, people: drafter, next: one}
  - {id: one, title: 初审, people: {user: head}, next: two}
  - {id: two, title: 审核, people: {user: deputy}, next: three}
  - {id: three, title: 签发, people: {user: leader}, next: end}
"""
_PEOPLE = ("head", "deputy", "leader")


def run(tell: Callable[[str], Any]) -> Iterator[Figure]:
    """Yields approvals a second."""
    from oa_kernel import db, runtime, workflow

    cases, rounds, rows = (30, 1, 1000) if quick() else (400, 3, 1_000_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "demo"
        tell(f"准备 {rows:,} 条任务")
        subprocess.run([sys.executable, "-m", "oa_kernel.cli", "demo", str(folder)], check=True, capture_output=True)
        subprocess.run([sys.executable, "-m", "oa_kernel.bench.seed", str(folder / "oa.yaml"), str(rows), "0"],
                       check=True, stdout=subprocess.DEVNULL)
        # messages to inboxes only: what goes outside is the worker's time
        config = folder / "oa.yaml"
        config.write_text(config.read_text(encoding="utf-8").replace("mail:\n  folder: mail ", "mail:\n  folder: ''"),
                          encoding="utf-8")
        runtime.boot(config)
        try:
            workflow.publish(_YAML)
            found: dict[str, list[float]] = {"ours": [], "peewee": [], "sqlite3": [], "spiff": []}
            ways: dict[str, Callable[[int], float]] = {
                "ours": _ours, "peewee": _peewee, "sqlite3": lambda n: _raw(folder / "oa.db", n), "spiff": _spiff,
            }
            for way in ways.values():
                way(5)
            for n in range(rounds):
                tell(f"第 {n + 1} 轮，每种 {cases * len(STEPS)} 次")
                for key, way in ways.items():
                    found[key].append(way(cases))
            middle = {key: sorted(values)[len(values) // 2] for key, values in found.items()}
            statements = _statements()
        finally:
            db.close()
    what = f"每次 {statements} 条语句、一次落盘提交"
    yield Figure("批准一步", middle["ours"], "次/秒", "手写 peewee", middle["peewee"], 0.6, note=what)
    yield Figure("批准一步", middle["ours"], "次/秒", "裸 sqlite3", middle["sqlite3"], note="同样的行")
    yield Figure("批准一步", middle["ours"], "次/秒", "SpiffWorkflow 3.2", middle["spiff"], note="对照只序列化，不写数据库")


def _people() -> dict[str, Any]:
    from oa_kernel import identity

    return {name: identity.by_username(name) for name in ("drafter", *_PEOPLE)}


def _ours(cases: int) -> float:
    """Approvals a second through ``workflow.act``."""
    from oa_kernel import workflow
    from oa_kernel.workflow.models import Task

    people = _people()
    begun = [workflow.start(NAME, f"第{n}件", {}, people["drafter"]).id for n in range(cases)]
    taken = 0.0
    for username in _PEOPLE:
        waiting = [
            t for (t,) in Task.select(Task.id).where(Task.instance_id.in_(begun), Task.state == "open").tuples()
        ]
        began = time.perf_counter()
        for task in waiting:
            workflow.act(task, "approve", people[username], comment="同意")
        taken += time.perf_counter() - began
    return cases * len(_PEOPLE) / taken


def _statements() -> int:
    from oa_kernel import db, workflow
    from oa_kernel.workflow.models import Task

    people = _people()
    case = workflow.start(NAME, "数语句", {}, people["drafter"])
    task = Task.get(Task.instance_id == case.id, Task.state == "open")
    with db.count_queries() as statements:
        workflow.act(task.id, "approve", people["head"], comment="同意")
    return len(statements)


def _peewee(cases: int) -> float:
    """The same rows, written by hand with peewee's models, on the same database."""
    from oa_kernel import clock, db
    from oa_kernel.audit.models import Event
    from oa_kernel.notifications.models import Notification
    from oa_kernel.workflow import definition
    from oa_kernel.workflow.models import Instance, Run, Task, Trail

    people = _people()
    order = [people[name] for name in _PEOPLE]
    known = definition(NAME)
    begun = []
    with db.transaction():
        for n in range(cases):
            now = clock.now()
            case = Instance.create(definition_id=known.row_id, definition_name=NAME, definition_version=known.version,
                                   title=f"第{n}件", drafter_id=people["drafter"].id, form={}, started_at=now)
            opened = Run.create(instance_id=case.id, step=STEPS[0], arrived_at=now)
            task = Task.create(instance_id=case.id, run_id=opened.id, step=STEPS[0], step_name=STEPS[0],
                               assignee_id=order[0].id, definition_name=NAME, title=case.title, arrived_at=now)
            begun.append((case, opened.id, task.id))
    began = time.perf_counter()
    for place, by in enumerate(order):
        last = place == len(order) - 1
        following = []
        for case, run_id, task_id in begun:
            with db.database.atomic("IMMEDIATE"):
                now = clock.now()
                task = Task.get_by_id(task_id)
                Task.update(state="done", action="approve", comment="同意", done_at=now, version=Task.version + 1).where(
                    Task.id == task.id, Task.state == "open", Task.version == task.version).execute()
                Run.update(state="done", done_at=now).where(Run.id == run_id, Run.state == "open").execute()
                Trail.create(instance_id=case.id, at=now, step=task.step, step_name=task.step_name, action="approve",
                             by_id=by.id, by_username=by.username, by_name=by.name, comment="同意", task_id=task.id)
                to, what = people["drafter"].id, "workflow.completed"
                if last:
                    Instance.update(state="completed", ended_at=now).where(Instance.id == case.id).execute()
                else:
                    step, to, what = STEPS[place + 1], order[place + 1].id, "workflow.task"
                    opened = Run.create(instance_id=case.id, step=step, from_task_id=task.id, arrived_at=now)
                    made = Task.create(
                        instance_id=case.id, run_id=opened.id, step=step, step_name=step, assignee_id=to,
                        definition_name=NAME, title=case.title, from_name=by.name, arrived_at=now)
                    following.append((case, opened.id, made.id))
                Notification.create(person_id=to, kind=what, title=case.title, url=f"/cases/{case.id}",
                                    subject_kind="workflow.instance", subject_id=str(case.id), at=now)
                Event.create(at=now.isoformat(), person_id=by.id, username=by.username, name=by.name, channel="cli",
                             ip="", user_agent="", credential="", request_id="",
                             action="workflow.approve", kind="workflow.task", object_id=str(task.id), title=case.title,
                             after='{"comment":"同意"}')
        begun = following
    return cases * len(order) / (time.perf_counter() - began)


def _statement(model: Any, **columns: Any) -> tuple[str, tuple[Any, ...]]:
    """An INSERT by hand; the values of all columns but the first ones, which change (``0`` or empty here)."""
    more = {**{k: v for k, v in columns.items() if v}, **defaults(model, list(columns))}
    names = [*(k for k, v in columns.items() if not v), *more]
    sql = f"INSERT INTO {model._meta.table_name} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    return sql, tuple(more.values())


def _raw(path: Path, cases: int) -> float:
    """The same statements by the driver alone, each step one durable commit."""
    from oa_kernel.workflow import Run, Task

    connection = sqlite3.connect(path, isolation_level=None, timeout=30)
    connection.execute("PRAGMA synchronous=FULL")
    now = stamps()[0]
    run_sql, run_rest = _statement(Run, instance_id=0, step="", arrived_at="")
    task_sql, task_rest = _statement(
        Task, instance_id=0, run_id=0, step="", step_name="", assignee_id=0, arrived_at="", definition_name=NAME, title="第n件")
    execute = connection.execute
    begun = []
    execute("BEGIN IMMEDIATE")
    for n in range(cases):
        case = 20_000_000 + n
        first = execute(run_sql, (case, "one", now, *run_rest)).lastrowid
        begun.append((case, first, execute(task_sql, (case, first, "one", "one", 5, now, *task_rest)).lastrowid))
    execute("COMMIT")
    began = time.perf_counter()
    for place in range(len(STEPS)):
        following = []
        for case, run_id, task_id in begun:
            execute("BEGIN IMMEDIATE")
            execute("SELECT * FROM workflow_task WHERE id = ?", (task_id,)).fetchone()
            execute("UPDATE workflow_task SET state='done', action='approve', comment='同意', done_at=?, version=version+1"
                    " WHERE id=? AND state='open' AND version=1", (now, task_id))
            execute("UPDATE workflow_run SET state='done', done_at=? WHERE id=? AND state='open'", (now, run_id))
            execute("INSERT INTO workflow_trail (instance_id, at, step, step_name, action, by_id, by_username, by_name,"
                    " comment, task_id) VALUES (?, ?, 'one', 'one', 'approve', 5, 'head', '周承业', '同意', ?)",
                    (case, now, task_id))
            if place == len(STEPS) - 1:
                execute("UPDATE workflow_instance SET state='completed', ended_at=? WHERE id=?", (now, case))
            else:
                step = STEPS[place + 1]
                opened = execute(run_sql, (case, step, now, *run_rest)).lastrowid
                following.append((case, opened, execute(task_sql, (case, opened, step, step, 6, now, *task_rest)).lastrowid))
            execute("INSERT INTO notifications_notification (person_id, kind, title, body, url, subject_kind, subject_id,"
                    " at) VALUES (6, 'workflow.task', '第n件', '', '/cases/1', 'workflow.instance', ?, ?)", (str(case), now))
            execute("INSERT INTO audit_event (at, person_id, username, name, channel, ip, user_agent, credential,"
                    " request_id, action, kind, object_id, title, after) VALUES (?, 5, 'head', '周承业', 'cli', '', '', '',"
                    " '', 'workflow.approve', 'workflow.task', ?, '第n件', '{}')", (now, str(task_id)))
            execute("COMMIT")
        begun = following
    taken = time.perf_counter() - began
    connection.close()
    return cases * len(STEPS) / taken


_BPMN = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d" targetNamespace="bench">
<process id="three" isExecutable="true"><startEvent id="start"><outgoing>f0</outgoing></startEvent>{tasks}
<endEvent id="end"><incoming>f3</incoming></endEvent>
<sequenceFlow id="f0" sourceRef="start" targetRef="one"/><sequenceFlow id="f1" sourceRef="one" targetRef="two"/>
<sequenceFlow id="f2" sourceRef="two" targetRef="three"/><sequenceFlow id="f3" sourceRef="three" targetRef="end"/>
</process></definitions>"""


def _spiff(cases: int) -> float:
    """Steps a second: each run, then the whole case serialised, as one that keeps it would."""
    from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser
    from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
    from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
    from SpiffWorkflow.util.task import TaskState

    tasks = "".join(
        f'<userTask id="{step}" name="{step}"><incoming>f{n}</incoming><outgoing>f{n + 1}</outgoing></userTask>'
        for n, step in enumerate(STEPS)
    )
    parser = BpmnParser()
    parser.add_bpmn_str(_BPMN.format(tasks=tasks).encode())
    spec = parser.get_spec("three")
    serializer = BpmnWorkflowSerializer()
    begun = []
    for _ in range(cases):
        case = BpmnWorkflow(spec)
        case.do_engine_steps()
        begun.append(case)
    began = time.perf_counter()
    for _ in STEPS:
        for case in begun:
            task = case.get_next_task(state=TaskState.READY, manual=True)
            task.run()
            case.do_engine_steps()
            serializer.serialize_json(case)
    taken = time.perf_counter() - began
    if not all(case.is_completed() for case in begun):
        raise RuntimeError("SpiffWorkflow did not finish")
    return cases * len(STEPS) / taken
