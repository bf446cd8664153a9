"""A worker is killed in the middle of a service step: it is repeated, with the same key, and the case advances once."""

import datetime as dt
import multiprocessing
import os
import signal
import time

import pytest

from oa_kernel import clock, db, hookimpl, outbox, runtime, workflow
from oa_kernel.contributions import PluginInfo, WorkflowService
from oa_kernel.workflow import Run


class Abroad:
    """A plugin whose service writes down each call's key, and hangs where it is told to."""

    @hookimpl
    def oa_plugin(self):
        return PluginInfo("abroad", "外部系统", "1")

    @hookimpl
    def oa_workflow_services(self):
        return [WorkflowService("abroad.book", "记账", self.book)]

    def book(self, instance, key):
        with open(os.environ["OA_TEST_BOOK"], "a", encoding="utf-8") as book:
            book.write(f"{key}\n")
        if os.environ.get("OA_TEST_HANG"):
            time.sleep(600)
        return {}


@pytest.fixture(scope="session")
def oa_extra_plugins():
    return {"abroad": Abroad()}


@pytest.fixture(scope="session")
def oa_settings():
    return {"organisation": {"name": "测试"}, "plugins": {"abroad": {}}}


def _work(config):
    os.environ["OA_TEST_HANG"] = "1"
    runtime.boot(config, extra_plugins={"abroad": Abroad()})
    outbox.drain()


@pytest.mark.slow
@pytest.mark.oa_databases
def test_killed_in_the_middle_of_a_service_it_is_repeated_once_by_key(desk, oa_installation, tmp_path, monkeypatch):
    book = tmp_path / "book.txt"
    monkeypatch.setenv("OA_TEST_BOOK", str(book))
    desk.publish(("{id: draft, people: drafter, next: book}", "{id: book, type: service, service: abroad.book, next: last}",
                  "{id: last, people: {user: a}, next: end}"))
    case = desk.start()
    db.close()
    worker = multiprocessing.get_context("spawn").Process(target=_work, args=(oa_installation.config_path,))
    worker.start()
    for _ in range(600):
        if book.exists() and book.read_text():
            break
        time.sleep(0.1)
    os.kill(worker.pid, signal.SIGKILL)
    worker.join(30)
    assert desk.open(case) == set()
    with clock.freeze(clock.now() + dt.timedelta(minutes=11)):  # the dead worker's lease has run out
        outbox.drain()
        outbox.drain()
    keys = book.read_text().split()
    assert len(keys) == 2 and len(set(keys)) == 1
    assert desk.open(case) == {("last", "a")}
    assert Run.select().where(Run.instance_id == case.id, Run.step == "last").count() == 1
    assert [t["action"] for t in workflow.trail(case.id)] == ["submit", "service"]
