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
