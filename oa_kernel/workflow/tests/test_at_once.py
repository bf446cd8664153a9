"""Two people act at the same instant, in processes of their own: the case moves once."""

import multiprocessing

import pytest

from oa_kernel import db, runtime, workflow
from oa_kernel.errors import Conflict
from oa_kernel.workflow import Instance, Run, Task


def _act(config, task_id, username, barrier, answers):
    from oa_kernel import identity

    runtime.boot(config)
    person = identity.by_username(username)
    barrier.wait(30)
    try:
        workflow.act(task_id, "approve", person)
        answers.put("done")
    except Conflict as error:
        answers.put(error.code)
    finally:
        db.close()


def at_once(oa_installation, pairs):
    db.close()
    method = multiprocessing.get_context("spawn")
    barrier, answers = method.Barrier(len(pairs)), method.Queue()
    running = [method.Process(target=_act, args=(oa_installation.config_path, t, u, barrier, answers)) for t, u in pairs]
    for process in running:
        process.start()
    found = sorted(answers.get(timeout=60) for _ in pairs)
    for process in running:
        process.join(60)
    return found


@pytest.mark.parametrize(("mode", "expected"), [("one", ["done", "task_done", "task_done"]), ("all", ["done"] * 3)])
def test_a_step_is_left_once(desk, oa_installation, mode, expected):
    desk.publish(("{id: draft, people: drafter, next: sign}",
                  f"{{id: sign, people: {{users: [a, b, c]}}, mode: {mode}, next: last}}",
                  "{id: last, people: {user: d}, next: end}"))
    case = desk.start()
    assert at_once(oa_installation, [(desk.task(case, w).id, w) for w in "abc"]) == expected
    assert desk.open(case) == {("last", "d")}
    assert Run.select().where(Run.instance_id == case.id, Run.step == "last").count() == 1


def test_the_last_two_branches_fire_their_join_once(desk, oa_installation):
    desk.publish(("{id: draft, people: drafter, next: split}", "{id: split, type: fork, branches: [x, y]}",
                  "{id: x, people: {user: a}, next: both}", "{id: y, people: {user: b}, next: both}",
                  "{id: both, type: join, next: last}", "{id: last, people: {user: d}, next: end}"))
    case = desk.start()
    assert at_once(oa_installation, [(desk.task(case, w).id, w) for w in "ab"]) == ["done", "done"]
    assert Task.select().where(Task.instance_id == case.id, Task.step == "last").count() == 1
    assert Instance.get_by_id(case.id).state == "running"


def test_the_same_task_is_done_once_whoever_clicks_twice(desk, oa_installation):
    desk.publish(("{id: draft, people: drafter, next: one}", "{id: one, people: {user: a}, next: last}",
                  "{id: last, people: {user: d}, next: end}"))
    case = desk.start()
    task = desk.task(case, "a").id
    assert at_once(oa_installation, [(task, "a")] * 2) == ["done", "task_done"]
    assert desk.open(case) == {("last", "d")}


# ---- many, and several processes that work as engines do ---------------------------------------------------------


def _many(config, work, barrier, answers):
    """One process: its people's tasks one after the other."""
    from oa_kernel import identity

    runtime.boot(config)
    barrier.wait(60)
    for task_id, username in work:
        try:
            workflow.act(task_id, "approve", identity.by_username(username))
            answers.put("done")
        except Conflict as error:
            answers.put(error.code)
    db.close()


def in_processes(oa_installation, shares):
    db.close()
    method = multiprocessing.get_context("spawn")
    barrier, answers = method.Barrier(len(shares)), method.Queue()
    running = [method.Process(target=_many, args=(oa_installation.config_path, s, barrier, answers)) for s in shares]
    for process in running:
        process.start()
    found = [answers.get(timeout=120) for s in shares for _ in s]
    for process in running:
        process.join(60)
    return found


@pytest.mark.slow
@pytest.mark.oa_databases
def test_two_hundred_people_countersign_at_once_and_the_case_advances_once(desk, make, oa_installation):
    names = [f"m{n}" for n in range(200)]
    for name in names:
        make.person(name)
    desk.publish(("{id: draft, people: drafter, next: sign}",
                  f"{{id: sign, people: {{users: [{', '.join(names)}]}}, mode: all, next: last}}",
                  "{id: last, people: {user: d}, next: end}"))
    case = desk.start()
    ids = {p: t for t, p in Task.select(Task.id, Task.assignee_id).where(Task.instance_id == case.id, Task.step == "sign").tuples()}
    from oa_kernel.identity.models import Person

    work = [(ids[i], u) for i, u in Person.select(Person.id, Person.username).where(Person.id.in_(list(ids))).tuples()]
    assert in_processes(oa_installation, [work[n::4] for n in range(4)]) == ["done"] * 200
    assert desk.open(case) == {("last", "d")}
    assert Run.select().where(Run.instance_id == case.id, Run.step == "last").count() == 1


@pytest.mark.slow
@pytest.mark.oa_databases
def test_four_processes_on_the_same_cases_advance_each_once(desk, oa_installation):
    """Everybody tries everything, in another order: of four tries at a task one is it."""
    import random

    desk.publish(("{id: draft, people: drafter, next: split}", "{id: split, type: fork, branches: [x, y]}",
                  "{id: x, people: {users: [a, b]}, next: both}", "{id: y, people: {user: c}, next: both}",
                  "{id: both, type: join, next: last}", "{id: last, people: {user: d}, next: end}"))
    cases = [desk.start() for _ in range(15)]
    work = [(t, {desk.a.id: "a", desk.b.id: "b", desk.c.id: "c"}[p])
            for t, p in Task.select(Task.id, Task.assignee_id).where(Task.state == "open").tuples()]
    shares = [random.Random(n).sample(work, len(work)) for n in range(4)]
    answers = in_processes(oa_installation, shares)
    assert sorted(answers) == ["done"] * 30 + ["task_done"] * (len(work) * 4 - 30)
    for case in cases:
        assert desk.open(case) == {("last", "d")}
        assert Run.select().where(Run.instance_id == case.id, Run.step == "last").count() == 1
        assert Run.select().where(Run.instance_id == case.id, Run.step == "both").count() == 1
