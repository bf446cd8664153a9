"""Whatever is altered, removed, moved or put in between is found, and the first of it named."""

import datetime as dt
import sys

import pytest

from oa_kernel import audit, clock, db
from oa_kernel.audit import leaves as tree
from oa_kernel.audit.models import Event, Head, Node
from oa_kernel.errors import Conflict

#: the module; the room has a function of that name
sealing = sys.modules["oa_kernel.audit.seal"]


@pytest.fixture
def record(oa, monkeypatch):
    """Thirty sealed events under six heads; returns their ids."""
    monkeypatch.setattr(sealing, "BATCH", 5)
    ids = write(30)
    assert audit.seal() == 30 and Head.select().count() == 6
    assert audit.verify()["ok"]
    return ids


def write(count):
    return [audit.record("thing.changed", "thing", n, title=f"第{n}项", after={"n": n}) for n in range(count)]


def sql(text, *values):
    with db.transaction():
        return db.database.execute_sql(text.replace("?", db.database.param), values)


def copied(source, id_, leaf=None, at=None):
    """An event like the source's, under an id and a leaf of its own, written past the record."""
    columns = ", ".join(tree.FIELDS[1:])
    sql(f"INSERT INTO audit_event (id, {columns}, leaf) SELECT ?, {columns}, NULL FROM audit_event WHERE id = ?", id_, source)
    sql("UPDATE audit_event SET leaf = ? WHERE id = ?", leaf, id_)
    if at is not None:
        Event.update(at=at).where(Event.id == id_).execute()


def swap(ids, a, b):
    sql("UPDATE audit_event SET leaf = NULL WHERE id = ?", ids[a])
    sql("UPDATE audit_event SET leaf = ? WHERE id = ?", a, ids[b])
    sql("UPDATE audit_event SET leaf = ? WHERE id = ?", b, ids[a])


def test_nothing_yet(oa):
    result = audit.verify()
    assert result["ok"] and result["events"] == 0 and audit.seal() == result["unsealed"]


def test_what_waits_is_no_fault_and_is_sealed_next(record):
    write(3)
    result = audit.verify()
    assert result["ok"] and (result["events"], result["unsealed"]) == (30, 3)
    assert audit.seal() == 3 and audit.seal() == 0
    assert audit.verify()["events"] == 33


@pytest.mark.parametrize("column, value", [
    ("at", "2020-01-01 00:00:00.000000"), ("person_id", 7), ("username", "x"), ("name", "x"), ("channel", "web"),
    ("ip", "10.0.0.1"), ("user_agent", "x"), ("credential", "x"), ("request_id", "x"), ("action", "x"), ("kind", "x"),
    ("object_id", "x"), ("title", "第12项 "), ("before", "{}"), ("after", '{"n": 12}'),
])
def test_an_altered_column(record, column, value):
    sql(f"UPDATE audit_event SET {column} = ? WHERE id = ?", value, record[12])
    result = audit.verify()
    assert not result["ok"]
    assert result["first"] == record[12] and "被改动" in result["summary"]


@pytest.mark.parametrize("places", [[0], [12], [29], [4, 5], [3, 12, 29]])
def test_removed_events(record, places):
    for place in places:
        sql("DELETE FROM audit_event WHERE id = ?", record[place])
    result = audit.verify()
    assert result["first"] == record[places[0]] and "被删除" in result["summary"]


@pytest.mark.parametrize("a, b", [(11, 12), (2, 27)])
def test_reordered_events(record, a, b):
    swap(record, a, b)
    result = audit.verify()
    assert result["first"] == record[a] and "次序" in result["summary"]


def test_contents_exchanged_between_events(record):
    first, second = (Event.select(Event.title).where(Event.id == record[n]).scalar() for n in (7, 8))
    sql("UPDATE audit_event SET title = ? WHERE id = ?", second, record[7])
    sql("UPDATE audit_event SET title = ? WHERE id = ?", first, record[8])
    result = audit.verify()
    assert result["first"] == record[7]


def test_removed_and_closed_up(record):
    """The leaves after a removed event moved down, so that none is missing."""
    sql("DELETE FROM audit_event WHERE id = ?", record[12])
    for place in range(13, 30):
        sql("UPDATE audit_event SET leaf = ? WHERE id = ?", place - 1, record[place])
    assert audit.verify()["first"] == record[12]


def test_inserted_among_the_leaves(record):
    """An event put in between and those after it moved up."""
    for place in range(29, 11, -1):
        sql("UPDATE audit_event SET leaf = ? WHERE id = ?", place + 1, record[place])
    copied(record[12], 10_000, leaf=12)
    assert audit.verify()["first"] == record[12]


@pytest.mark.parametrize("leaf", [30, 99, -1])
def test_a_forged_leaf(record, leaf):
    copied(record[12], 10_000, leaf=leaf)
    result = audit.verify()
    assert result["first"] == 10_000 and "没有树头" in result["summary"]


def test_a_lost_place(record):
    sql("UPDATE audit_event SET leaf = NULL WHERE id = ?", record[12])
    result = audit.verify()
    assert result["first"] == record[12] and "位置被抹去" in result["summary"]


@pytest.mark.parametrize("sealed", [False, True])
def test_an_event_put_in_before_the_sealed_ones(record, sealed):
    low = 0  # an id nobody has, and a time of then
    copied(record[12], low, at=clock.now() - dt.timedelta(days=2))
    if sealed:
        assert audit.seal() == 1
    result = audit.verify()
    assert result["first"] == low and "后来插入" in result["summary"]


@pytest.mark.parametrize("number", [0, 2, 5])
def test_a_removed_head(record, number):
    head = list(Head.select().order_by(Head.size))[number]
    head.delete_instance()
    result = audit.verify()
    assert result["first"] == record[head.first] and "树头" in result["summary"]


def test_nothing_is_sealed_on_top_of_a_removed_head(record):
    Head.select().order_by(Head.size.desc()).first().delete_instance()
    write(1)
    with pytest.raises(Conflict, match="oa audit verify"):
        audit.seal()


def test_the_last_heads_removed_with_their_leaves_leave_nodes(oa, monkeypatch):
    monkeypatch.setattr(sealing, "BATCH", 200)
    write(300)
    audit.seal()
    last = Head.select().order_by(Head.size.desc()).first()
    sql("UPDATE audit_event SET leaf = NULL WHERE leaf >= ?", last.first)
    last.delete_instance()
    result = audit.verify()
    assert not result["ok"] and "末尾的树头或记录被删除" in result["summary"]
    sealing.anchor_path().unlink()  # nor without the file beside the configuration
    assert "节点" in audit.verify()["summary"]


@pytest.mark.parametrize("field, value", [
    ("root", "00" * 32), ("signature", "3006020101020101"), ("signature", "x"), ("at", dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),
    ("previous", "11" * 32), ("complete", None), ("key_id", "sm2-audit-0009-00000000"), ("public_key", "22" * 64),
    ("entries", b"short"),
])
@pytest.mark.parametrize("number", [0, 2, 5])
def test_an_altered_head(record, field, value, number):
    head = list(Head.select().order_by(Head.size))[number]
    value = not head.complete if field == "complete" else value
    Head.update({field: value}).where(Head.id == head.id).execute()
    result = audit.verify()
    assert result["first"] == record[head.first] and "树头" in result["summary"], result


def test_event_and_entry_altered_together(record):
    head = list(Head.select().order_by(Head.size))[2]
    sql("UPDATE audit_event SET title = 'x' WHERE id = ?", record[12])
    row = db.database.execute_sql(f"SELECT {', '.join(tree.FIELDS)} FROM audit_event WHERE id = {record[12]}").fetchone()
    entries = bytearray(head.entries)
    at = (12 - head.first) * tree.ENTRY
    entries[at + 8 : at + tree.ENTRY] = tree.leaf_of(tree.event_of(row))
    Head.update(entries=bytes(entries)).where(Head.id == head.id).execute()
    result = audit.verify()
    assert not result["ok"] and result["first"] == record[head.first]


def test_a_record_resealed_with_another_key(record):
    """Who can write to the database and knows the format, but has not the ring."""
    from oa_kernel.crypto import generate_keypair, sign

    pair = generate_keypair()
    head = Head.select().order_by(Head.size.desc()).first()
    head.public_key, head.complete = pair.public.hex(), not head.complete
    head.signature = sign(pair.private, pair.public, tree.head_text(tree.head_of(head))).hex()
    head.save()
    result = audit.verify()
    assert not result["ok"] and result["first"] == record[head.first]
    sealing.anchor_path().unlink()
    assert "签名不对" in audit.verify()["summary"]


@pytest.mark.parametrize("change", ["altered", "removed", "added"])
def test_nodes(oa, change):
    ids = write(600)
    audit.seal()
    assert audit.verify()["ok"] and Node.select().count() == 2
    if change == "altered":
        Node.update(hash="00" * 32).where(Node.index == 1).execute()
    elif change == "removed":
        Node.delete().where(Node.index == 1).execute()
    else:
        Node.create(level=8, index=2, hash="00" * 32)
    result = audit.verify()
    assert not result["ok"] and "节点" in result["summary"]
    if change != "added":
        assert ids[0] < result["first"] == Event.select(Event.id).where(Event.leaf == 256).scalar()


def test_an_older_key_still_verifies(record, oa):
    oa.keys.rotate_signing("audit")
    write(1)
    audit.seal()
    result = audit.verify()
    assert result["ok"] and result["fingerprint"] == audit.head()["fingerprint"]
    assert len({h.key_id for h in Head.select()}) == 2


@pytest.mark.parametrize("column, value", [("title", "CAST(x'ff41' AS TEXT)"), ("title", "x'00ff'"), ("person_id", "'text'")])
def test_values_that_are_none_of_the_columns(record, column, value):
    if db.is_postgresql():
        pytest.skip("PostgreSQL keeps such values out itself")
    sql(f"UPDATE audit_event SET {column} = {value} WHERE id = {record[12]}")
    result = audit.verify()
    assert result["first"] == record[12] and "被改动" in result["summary"]


@pytest.mark.parametrize("number", [0, 2, 5])
@pytest.mark.parametrize("value", ["'not json'", "'{}'", "'{\"size\": 1, \"peaks\": []}'"])
def test_a_frontier_that_is_none(record, number, value):
    head = list(Head.select().order_by(Head.size))[number]
    sql(f"UPDATE audit_head SET frontier = {value} WHERE id = {head.id}")
    result = audit.verify()
    assert result["first"] == record[head.first] and "树头" in result["summary"]
    if number == 5:
        write(1)
        with pytest.raises(Conflict):
            audit.seal()


def test_reading_keeps_no_writer_waiting(record):
    """A second connection writes while the snapshot is open, and the snapshot does not see it."""
    import threading

    done = []

    def other():
        done.append(audit.record("thing.changed", "thing", 1))
        db.close()

    with tree.snapshot():
        before = Event.select().count()
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(10)
        assert done and Event.select().count() == before
    assert Event.select().count() == before + 1
