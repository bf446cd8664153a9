"""A real worker: queued and periodic work, errands, sealing; and what several workers do only once."""

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from oa_kernel import audit, builtin, clock, hookimpl, outbox, scheduling
from oa_kernel.audit.models import Event
from oa_kernel.contributions import OutboxHandler, PluginInfo, QueuedTask, ScheduledTask
from oa_kernel.errors import Invalid
from oa_kernel.scheduling import periodic


class Chores:
    """A plugin whose work is lines in a file."""

    @hookimpl
    def oa_plugin(self):
        return PluginInfo("chores", "杂务", "1")

    @hookimpl
    def oa_queued_tasks(self):
        return [QueuedTask("chores.write", self.write)]

    @hookimpl
    def oa_outbox_handlers(self):
        return [OutboxHandler("chores.errand", lambda payload: self.write(**payload))]

    @hookimpl
    def oa_scheduled_tasks(self):
        return [
            ScheduledTask("chores.minutely", "* * * * *", self.tick),
            ScheduledTask("chores.noon", "0 12 * * *", self.tick),
            ScheduledTask("chores.broken", "30 12 * * *", self.fail),
            ScheduledTask("chores.wrong", "never", self.tick),
        ]

    def write(self, file, text):
        with open(file, "a") as out:
            out.write(json.dumps([text, os.getpid()]) + "\n")

    def tick(self):
        from oa_kernel import runtime

        self.write(runtime.current().config.folder / "ticks", "tick")

    def fail(self):
        raise ValueError("it broke")


CHORES = Chores()


@pytest.fixture(scope="session")
def oa_extra_plugins():
    return {"chores": CHORES}


@pytest.fixture(scope="session")
def oa_settings():
    return {"organisation": {"name": "测试单位"}, "plugins": {"chores": {}}}


WORKER = """
import signal, sys, threading
from oa_kernel import runtime, scheduling
from oa_kernel.scheduling.tests.test_worker import CHORES
runtime.boot(sys.argv[1], extra_plugins={"chores": CHORES})
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
scheduling.run_worker(stop)
"""


@pytest.fixture
def worker(oa, oa_installation):
    made = []

    def start():
        made.append(subprocess.Popen([sys.executable, "-c", WORKER, str(oa_installation.config_path)]))
        return made[-1]

    yield start
    for process in made:
        process.kill()
        process.wait()


def until(condition, seconds=25):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come to pass")


def lines(file):
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_a_real_worker_works(worker, tmp_path):
    file = tmp_path / "out"
    id_ = audit.record("thing.changed", "thing", 1)
    scheduling.enqueue("chores.write", file=str(file), text="queued")
    outbox.put("chores.errand", {"file": str(file), "text": "errand"})
    assert scheduling.ping() == 1 and not scheduling.alive()
    process = worker()
    until(lambda: len(lines(file)) == 2)
    assert sorted(lines(file)) == [["errand", process.pid], ["queued", process.pid]]
    until(lambda: Event.get_by_id(id_).leaf is not None)
    assert scheduling.alive() and scheduling.ping() == 0
    process.send_signal(signal.SIGTERM)
    assert process.wait(40) == 0
    assert not scheduling.alive(), "a worker that ended in order says so"


def test_an_unknown_task_is_refused_at_once(oa):
    with pytest.raises(Invalid):
        scheduling.enqueue("no.such")


def test_queued_when_the_transaction_commits(oa, tmp_path):
    from oa_kernel import db

    with pytest.raises(RuntimeError), db.transaction():
        scheduling.enqueue("chores.write", file="x", text="x")
        raise RuntimeError
    assert scheduling.ping() == 0


def test_what_was_not_signed_by_us_is_not_unpickled(oa):
    queue = scheduling.huey()
    signed = queue.serializer.serialize({"a": 1})
    assert queue.serializer.deserialize(signed) == {"a": 1}
    with pytest.raises(ValueError, match="wrong signature"):
        queue.serializer.deserialize(signed[:-1] + bytes([signed[-1] ^ 1]))


def local(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=clock.zone()).astimezone(dt.UTC)


def test_what_is_due_by_the_organisations_clock(oa):
    def names(since, now):
        return {t.name for t, _ in periodic.due(local(since), local(now)) if t.name.startswith("chores.")}

    assert names("2026-11-24 11:59:30", "2026-11-24 12:00:10") == {"chores.minutely", "chores.noon"}
    assert names("2026-11-24 12:00:00", "2026-11-24 12:01:00") == {"chores.minutely"}
    # a worker that was busy for two minutes; one that slept for hours makes nothing up
    assert names("2026-11-24 11:59:00", "2026-11-24 12:01:30") == {"chores.minutely", "chores.noon"}
    assert "chores.noon" not in names("2026-11-24 08:00:00", "2026-11-24 15:00:00")


@pytest.mark.parametrize("line", ["never", "* * * *", "61 * * * *", "* 25 * * *", "a b c d e"])
def test_lines_that_are_none(oa, line):
    with pytest.raises(ValueError):
        periodic.matches(line)


def test_a_slot_is_run_once_however_many_workers(oa, oa_installation):
    task = next(t for t in builtin.collect("oa_scheduled_tasks") if t.name == "chores.noon")
    slot = local("2026-11-24 12:00:00")
    answers = []

    def one():
        from oa_kernel import db

        answers.append(periodic.run_if_first(task, slot))
        db.close()

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False] * 5 + [True] and len(lines(oa_installation.folder / "ticks")) == 1
    assert not periodic.run_if_first(task, slot - dt.timedelta(days=1))
    assert periodic.run_if_first(task, slot + dt.timedelta(days=1))


def test_a_failure_is_kept_and_harms_nobody(oa):
    task = next(t for t in builtin.collect("oa_scheduled_tasks") if t.name == "chores.broken")
    assert periodic.run_if_first(task, local("2026-11-24 12:30:00"))
    run = next(r for r in scheduling.runs() if r.name == "chores.broken")
    assert run.error == "ValueError: it broke" and run.ended_at


@pytest.mark.slow
def test_a_periodic_task_runs_in_a_worker_once_a_minute_with_two_of_them(worker, oa_installation):
    worker(), worker()
    ticks = oa_installation.folder / "ticks"
    until(lambda: lines(ticks), 75)
    time.sleep(3)
    assert len(lines(ticks)) == 1
