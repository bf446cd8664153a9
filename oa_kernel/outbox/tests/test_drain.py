"""Errands: tried again with pauses, given up in the end, carried out at least once and never by two at a time."""

import datetime as dt
import os
import signal
import subprocess
import sys
import time

import pytest

from oa_kernel import clock, db, outbox
from oa_kernel.errors import Conflict, NotFound
from oa_kernel.outbox.models import Row

START = dt.datetime(2026, 11, 24, 1, tzinfo=dt.UTC)


def row(id_):
    return Row.get_by_id(id_)


def test_it_is_done_once_and_remembered(put):
    id_ = put(1)
    assert outbox.drain() == 1 and outbox.drain() == 0
    assert put.done() == [1] and row(id_).state == "done" and row(id_).ended_at


def test_it_exists_only_with_its_cause(put):
    with pytest.raises(RuntimeError), db.transaction():
        put(1)
        raise RuntimeError
    assert outbox.drain() == 0 and put.done() == []


def test_the_same_key_is_put_once(put):
    assert put(1, key="k") and put(1, key="k") is None
    outbox.drain()
    assert put(1, key="k") is None and put.done() == [1]


def test_not_before_its_time(put):
    with clock.freeze(START):
        put(1, after=START + dt.timedelta(minutes=5))
        assert outbox.drain() == 0 and not outbox.due()
    with clock.freeze(START + dt.timedelta(minutes=5)):
        assert outbox.due() and outbox.drain() == 1


def test_pauses_grow_to_an_hour():
    from oa_kernel.outbox.drain import pause_after

    assert [pause_after(n).total_seconds() / 60 for n in (1, 2, 3, 6, 7, 50)] == [1, 2, 4, 32, 60, 60]


def test_a_failure_is_tried_again_after_its_pause(put, courier):
    courier.fail = OSError("the server is down")
    with clock.freeze(START):
        id_ = put(1)
        assert outbox.drain() == 1 and outbox.drain() == 0
        found = row(id_)
        assert (found.state, found.attempts) == ("pending", 1) and "the server is down" in found.last_error
        assert found.next_at == START + dt.timedelta(minutes=1)
        assert [r.id for r in outbox.waiting().items] == [id_]
    courier.fail = None
    with clock.freeze(START + dt.timedelta(seconds=59)):
        assert outbox.drain() == 0
    with clock.freeze(START + dt.timedelta(minutes=1)):
        assert outbox.drain() == 1
    assert put.done() == [1] and row(id_).last_error == ""


def test_it_is_given_up_after_a_day_and_can_be_tried_again(put, courier, make):
    courier.fail = OSError("down")
    now = START
    with clock.freeze(now):
        id_ = put(1)
    while row(id_).state == "pending":
        now = row(id_).next_at
        assert now <= START + dt.timedelta(hours=24)
        with clock.freeze(now):
            assert outbox.drain() == 1
    assert row(id_).attempts > 20 and now > START + dt.timedelta(hours=22)
    assert outbox.counts() == {"pending": 0, "dead": 1}
    assert [r.id for r in outbox.dead_letters().items] == [id_]
    courier.fail = None
    with clock.freeze(now + dt.timedelta(days=2)):
        outbox.retry(id_, by=make.person("lin", "林"))
        assert outbox.drain() == 1
        with pytest.raises(Conflict):
            outbox.retry(id_)
    assert put.done() == [1] and outbox.counts()["dead"] == 0


def test_what_will_never_do_is_given_up_at_once(put, courier):
    courier.fail = outbox.Undeliverable("没有这个收件人")
    id_ = put(1)
    outbox.drain()
    assert row(id_).state == "dead" and "没有这个收件人" in row(id_).last_error
    outbox.discard(id_)
    assert row(id_).state == "discarded" and outbox.drain() == 0
    with pytest.raises(NotFound):
        outbox.discard(98_765)


def test_a_topic_nobody_handles_waits(put):
    id_ = outbox.put("nobody.listens", {})
    outbox.drain()
    assert row(id_).state == "pending" and "nobody.listens" in row(id_).last_error


def test_one_failure_does_not_hold_up_the_rest(put, courier):
    courier.fail = OSError("down")
    put(1)
    outbox.drain()
    courier.fail = None
    put(2)
    assert outbox.drain() == 1 and put.done() == [2]


def test_what_ended_long_ago_is_forgotten(put):
    with clock.freeze(START):
        put(1, key="k")
        outbox.drain()
        put(2)
    from oa_kernel.outbox.deadletters import tidy

    with clock.freeze(START + dt.timedelta(days=89)):
        assert tidy() == 0
    with clock.freeze(START + dt.timedelta(days=91)):
        assert tidy() == 1
    assert [r.state for r in Row.select()] == ["pending"]


DRAINER = """
import sys
from oa_kernel import outbox, runtime
from oa_kernel.outbox.tests.conftest import COURIER
runtime.boot(sys.argv[1], extra_plugins={"courier": COURIER})
print("ready", flush=True)
sys.stdin.readline()
if sys.argv[2] == "die":
    import os, signal
    deliver = type(COURIER).deliver
    handlers = outbox.drain.__globals__["_handlers"]()
    from oa_kernel.contributions import OutboxHandler
    def and_die(payload):
        deliver(COURIER, payload)
        os.kill(os.getpid(), signal.SIGKILL)
    handlers["test.errand"] = OutboxHandler("test.errand", and_die)
outbox.drain()
"""


def drainer(config, how="drain"):
    process = subprocess.Popen([sys.executable, "-c", DRAINER, str(config), how], text=True,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == "ready\n"
    return process


def test_two_drains_at_once_deliver_each_once(put, oa_installation):
    for n in range(60):
        put(n)
    processes = [drainer(oa_installation.config_path) for _ in range(2)]
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    assert [p.wait(60) for p in processes] == [0, 0]
    assert sorted(put.done()) == list(range(60))
    assert len({pid for _, pid in put.lines()}) == 2, "only one of them worked"


def test_killed_between_delivery_and_note_it_comes_again_when_the_lease_ends(put, oa_installation):
    id_ = put(1)
    process = drainer(oa_installation.config_path, "die")
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.wait(30) == -signal.SIGKILL and process.pid != os.getpid()
    assert put.done() == [1] and (row(id_).state, row(id_).attempts) == ("pending", 1)
    assert outbox.drain() == 0  # the lease: it might still be at work
    with clock.freeze(clock.now() + dt.timedelta(minutes=11)):
        assert outbox.drain() == 1
    assert put.done() == [1, 1] and row(id_).state == "done"


def test_waking(put):
    woken = []
    end = outbox.on_put(lambda: woken.append(time.monotonic()))
    try:
        with db.transaction():
            put(1)
            assert not woken
        assert len(woken) == 1
    finally:
        end()
    put(2)
    assert len(woken) == 1
