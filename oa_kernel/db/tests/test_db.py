"""Transactions nest, pages are one query, instants keep their zone; on both engines."""

import datetime as dt
import multiprocessing

import peewee
import pytest

from oa_kernel import clock, db, runtime
from oa_kernel.db.transactions import NestedTransactionFailed
from oa_kernel.errors import BadRequest


class Thing(db.Model):
    title = db.CharField()
    at = db.UTCDateTimeField(null=True)
    data = db.JSONField(null=True)

    class Meta:
        table_name = "test_thing"


@pytest.fixture
def things(oa):
    Thing.create_table()
    return Thing


def titles():
    return sorted(t for (t,) in Thing.select(Thing.title).tuples())


class Free(db.Model):
    n = db.IntegerField()

    class Meta:
        table_name = "try_free"


def test_nested_transactions_are_one(things):
    with pytest.raises(ZeroDivisionError), db.transaction():
        Thing.create(title="outer")
        with db.transaction():
            Thing.create(title="inner")
        raise ZeroDivisionError
    assert titles() == []


def test_a_swallowed_failure_inside_keeps_the_outer_from_committing(things):
    with pytest.raises(NestedTransactionFailed), db.transaction():
        Thing.create(title="outer")
        try:
            with db.transaction():
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass
    assert titles() == []


def test_a_savepoint_may_fail_by_itself(things):
    with db.transaction():
        Thing.create(title="kept")
        with pytest.raises(ZeroDivisionError), db.savepoint():
            with db.transaction():
                Thing.create(title="undone")
            raise ZeroDivisionError
    assert titles() == ["kept"]


def test_on_commit_runs_after_the_outermost_commit_and_not_after_a_rollback(things):
    ran = []
    with db.transaction():
        with db.transaction():
            db.on_commit(lambda: ran.append(db.in_transaction()))
        assert ran == []
    assert ran == [False]
    with pytest.raises(ZeroDivisionError), db.transaction():
        db.on_commit(lambda: ran.append("never"))
        raise ZeroDivisionError
    assert ran == [False]


def test_instants_are_utc_and_naive_ones_are_refused(things):
    at = dt.datetime(2026, 11, 24, 9, 0, 0, 5, tzinfo=clock.zone())
    Thing.create(title="x", at=at, data={"a": [1, "二"]})
    row = Thing.get()
    assert row.at == at
    assert row.at.utcoffset() == dt.timedelta(0)
    assert row.data == {"a": [1, "二"]}
    with pytest.raises(ValueError, match="time zone"):
        Thing.create(title="y", at=dt.datetime(2026, 1, 1))


def test_every_row_is_on_exactly_one_page_and_each_page_is_one_query(things):
    at = clock.now()
    with db.transaction():
        for i in range(25):
            Thing.create(title=f"{i:02d}", at=at + dt.timedelta(seconds=i // 3))
    seen, cursor = [], None
    while True:
        with db.count_queries() as statements:
            page = db.page(Thing.select(), [Thing.at.desc(), Thing.id.desc()], limit=7, cursor=cursor)
        assert len(statements) == 1
        seen += [t.title for t in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == [f"{i:02d}" for i in reversed(range(25))]


@pytest.mark.parametrize("cursor", ["x", "e30", "WzFd", "W251bGwsbnVsbF0", "ÿ"])
def test_a_cursor_of_somebody_elses_is_refused(things, cursor):
    with pytest.raises(BadRequest):
        db.page(Thing.select(), [Thing.at.desc(), Thing.id.desc()], cursor=cursor)


def _add(path, name, times):
    runtime.boot(path)
    for i in range(times):
        with db.transaction():
            count = Thing.select().count()
            Thing.create(title=f"{name}-{i}-{count}")


def test_writers_in_several_processes_wait_for_each_other(things, oa_installation):
    db.close()
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_add, args=(oa_installation.config_path, n, 25)) for n in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [w.exitcode for w in writers] == [0, 0, 0]
    assert Thing.select().count() == 75


def test_foreign_keys_are_enforced(oa):
    from oa_kernel.identity.models import Department

    with pytest.raises(peewee.IntegrityError), db.transaction():
        Department.create(name="x", parent=999)


@pytest.mark.oa_databases("sqlite")
def test_what_may_be_left_out_does_not_wait_for_another_writer(oa_installation):
    import sqlite3

    oa_installation.boot()
    db.database.create_tables([Free])
    row = Free.create(n=1)
    other = sqlite3.connect(oa_installation.config_path.parent / "oa.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert db.write_if_free(Free.update(n=2).where(Free.id == row.id)) is False
    other.execute("COMMIT")
    assert db.write_if_free(Free.update(n=2).where(Free.id == row.id)) is True
    assert Free.get_by_id(row.id).n == 2
    other.close()
