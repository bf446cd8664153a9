"""Long work: one worker at a time, a lease, taken up again after a kill or a hang, given up by who is no longer wanted."""

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from oa_kernel import clock, db, scheduling
from oa_kernel.audit.models import Event
from oa_kernel.scheduling import longwork


class Chore(db.Model):
    """A row of long work."""

    state = db.CharField(max_length=10, default="waiting")
    done = db.IntegerField(default=0)
    runner = db.CharField(max_length=120, default="")
    beat_at = db.UTCDateTimeField(null=True)

    class Meta:
        table_name = "longwork_chore"


WORK = scheduling.LongWork("tests.chore", Chore, lambda: Chore.state << ("waiting", "running"))
LONG_AGO = dt.timedelta(hours=1)
KILLED = """
import os, signal, sys
from oa_kernel import runtime
from oa_kernel.scheduling.tests.test_longwork import WORK
runtime.boot(sys.argv[1])
with WORK.working(int(sys.argv[2]), state="running") as mine:
    mine.tell(done=3)
    os.kill(os.getpid(), signal.SIGKILL)
"""
#: short times: what hangs is found within the test
HASTY = scheduling.LongWork("tests.chore", Chore, lambda: Chore.state << ("waiting", "running"), silent=1, stalled=1)
HANGS = """
import sys
from oa_kernel import runtime, scheduling
from oa_kernel.scheduling.tests.test_longwork import HASTY
runtime.boot(sys.argv[1])
try:
    with HASTY.working(int(sys.argv[2]), state="running") as mine:
        mine.tell(done=3)
        print("at it", flush=True)
        sys.stdin.readline()
        mine.moving()
        print("went on", flush=True)
        mine.tell(done=4)
except scheduling.GivenUp:
    print("gave up", flush=True)
"""


@pytest.fixture(autouse=True)
def table(oa):
    db.database.create_tables([Chore])
    yield
    db.database.drop_tables([Chore])


def asked():
    return Chore.create(**WORK.asked())


def again(row):
    return Chore.get_by_id(row.id)


def run(row_id):
    with WORK.working(row_id, state="running") as mine:
        if mine is not None:
            mine.tell(done=again(mine).done + 1)
            mine.end(state="done")


def test_what_is_done_is_wanted_no_more():
    row = asked()
    run(row.id)
    run(row.id)
    assert (again(row).state, again(row).done, again(row).runner, again(row).beat_at) == ("done", 1, "", None)
    with WORK.working(999) as mine:
        assert mine is None


def test_one_worker_at_a_time():
    row, seen = asked(), []

    def other():
        with WORK.working(row.id) as mine:
            seen.append(mine)
        db.close()

    with WORK.working(row.id, state="running") as mine:
        assert mine is not None and WORK.alive(again(row)) and WORK.abandoned() == []
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert seen == [None]
        Chore.update(beat_at=clock.now() - LONG_AGO).where(Chore.id == row.id).execute()
        assert WORK.abandoned() == []  # this process knows that it is at it
    assert again(row).runner == "" and again(row).state == "running"


def test_what_a_killed_worker_left_is_taken_up_at_once(oa):
    row = asked()
    killed = subprocess.run([sys.executable, "-c", KILLED, str(oa.config.path), str(row.id)], capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    left = again(row)
    assert (left.state, left.done) == ("running", 3) and left.runner and not WORK.alive(left)
    assert WORK.resume(run) == 1 and (again(row).state, again(row).done) == ("done", 4)


def test_of_another_machine_only_silence_tells():
    row = asked()
    Chore.update(state="running", runner="elsewhere:1").execute()
    assert WORK.alive(again(row)) and WORK.abandoned() == []
    with WORK.working(row.id) as mine:
        assert mine is None
    Chore.update(beat_at=clock.now() - LONG_AGO).execute()
    assert WORK.abandoned() == [row.id]


def test_what_was_asked_for_is_the_queue_s_for_a_while():
    row = asked()
    assert WORK.resume(run) == 0
    Chore.update(beat_at=clock.now() - LONG_AGO).execute()
    assert WORK.resume(run) == 1 and again(row).state == "done"


def test_a_process_number_that_came_again_is_not_taken_for_the_worker():
    row = asked()
    Chore.update(state="running", runner=f"{longwork._host()}:{os.getppid()}", beat_at=clock.now() - LONG_AGO).execute()
    assert WORK.abandoned() == [row.id]


def test_who_was_cancelled_or_overtaken_writes_nothing_more():
    row = asked()
    with pytest.raises(scheduling.GivenUp), WORK.working(row.id, state="running") as mine:
        assert WORK.cancel(row.id, state="stopped")
        mine.tell(done=9)
    assert (again(row).state, again(row).done) == ("stopped", 0) and not WORK.cancel(row.id, state="stopped")
    row = asked()
    with pytest.raises(scheduling.GivenUp), WORK.working(row.id, state="running") as mine:
        Chore.update(runner="elsewhere:1").where(Chore.id == row.id).execute()
        mine.end(state="done")
    assert (again(row).state, again(row).runner) == ("running", "elsewhere:1")


def test_an_error_leaves_it_wanted_and_the_others_go_on():
    rows = [asked(), asked()]
    Chore.update(beat_at=None).execute()

    def breaks(row_id):
        with WORK.working(row_id) as mine:
            if row_id == rows[0].id:
                raise ValueError
            mine.end(state="done")

    with pytest.raises(ValueError):
        WORK.resume(breaks)
    Chore.update(beat_at=None).execute()
    assert WORK.resume(breaks, failures=(ValueError,)) == 1
    assert [again(r).state for r in rows] == ["waiting", "done"]
    told = Event.select(Event.action).where(Event.action.startswith("tests.chore")).order_by(Event.id).tuples()
    assert [action for (action,) in told] == ["tests.chore_begun", "tests.chore_left"] * 2 + ["tests.chore_begun"]


def test_a_sign_of_life_comes_by_itself():
    work = scheduling.LongWork("tests.chore", Chore, lambda: Chore.state << ("waiting", "running"), silent=0.2)
    row = asked()
    Chore.update(beat_at=clock.now() - LONG_AGO).execute()
    told = threading.Event()
    before = again(row).beat_at
    with work.working(row.id, state="running"):
        Chore.update(beat_at=before).execute()
        while again(row).beat_at == before:
            assert not told.wait(0.02)
    assert again(row).beat_at > before


def until(condition):
    """Waits for it; a test that waits in vain fails."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.parametrize("stopped", [False, True], ids=["hangs", "stopped"])
def test_a_worker_that_lives_and_makes_no_progress_is_overtaken_and_stops(oa, stopped):
    row = asked()
    worker = subprocess.Popen([sys.executable, "-c", HANGS, str(oa.config.path), str(row.id)], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert worker.stdout.readline() == "at it\n"
        if stopped:
            os.kill(worker.pid, signal.SIGSTOP)
        until(lambda: HASTY.abandoned() == [row.id])
        assert worker.poll() is None, "it lives"
        with HASTY.working(row.id, state="running") as mine:
            mine.tell(done=again(row).done + 1)
            if stopped:
                os.kill(worker.pid, signal.SIGCONT)
            said, _ = worker.communicate("\n", timeout=60)
            assert said == "gave up\n" and again(row).runner == mine.claim
            mine.end(state="done")
    finally:
        worker.kill()
        worker.communicate()
    assert (again(row).state, again(row).done) == ("done", 4)
    told = [e.action for e in Event.select().where(Event.action.startswith("tests.chore")).order_by(Event.id)]
    assert told == ["tests.chore_begun"] * 2, "who was overtaken leaves nothing undone"


def test_in_the_same_process_too_each_claim_is_another():
    row = asked()
    with pytest.raises(scheduling.GivenUp), WORK.working(row.id, state="running") as first:
        assert WORK.alive(again(row)) and not first.stalled
        first.moved_at -= longwork.STALLED + 1
        assert first.stalled and WORK.abandoned() == [row.id]
        with WORK.working(row.id, state="running") as second:
            first.moving()  # its lease has not run out by its own clock: the next word in the database tells
            with pytest.raises(scheduling.GivenUp):
                first.tell(done=9)
            second.tell(done=1)
            with pytest.raises(scheduling.GivenUp):
                first.end(state="done")
            second.end(state="done")
        first.moving()
    assert (again(row).state, again(row).done) == ("done", 1)


def test_who_was_away_for_longer_than_the_lease_asks_for_it_first():
    row = asked()
    with WORK.working(row.id, state="running") as mine:
        Chore.update(beat_at=clock.now() - LONG_AGO).execute()
        mine.moving()
        assert again(row).beat_at < clock.now() - LONG_AGO / 2, "within the lease it costs nothing"
        mine.renewed_at -= longwork.SILENT + 1
        mine.moving()
        assert again(row).beat_at > clock.now() - LONG_AGO / 2
        Chore.update(runner="elsewhere:1").execute()
        mine.renewed_at -= longwork.SILENT + 1
        for _ in range(2):
            with pytest.raises(scheduling.GivenUp):
                mine.moving()
