"""What an event holds: who by the circumstances, only what differs, no secret."""

import json

import pytest

from oa_kernel import audit, context, db
from oa_kernel.audit.models import Event


def event(**arguments):
    return Event.get_by_id(audit.record("thing.changed", "thing", 7, **arguments))


def test_only_what_differs(oa):
    found = event(before={"a": 1, "b": 2, "c": [1]}, after={"a": 1, "b": 3, "c": [1]})
    assert (found.before, found.after) == ({"b": 2}, {"b": 3})


def test_one_side_is_kept_whole(oa):
    assert event(after={"a": 1, "b": 2}).after == {"a": 1, "b": 2}
    assert event(before={"a": 1}).after is None


@pytest.mark.parametrize("name", [
    "password", "new_password", "apiKey", "totp_secret", "token", "smtp.passphrase", "口令", "登录密码", "sessionCookie",
])
def test_secrets_are_masked_however_deep(oa, name):
    found = event(before={name: "hunter2"}, after={"list": [{name: "hunter3"}], "plain": "seen"})
    row = json.dumps(found.__data__, default=str, ensure_ascii=False)
    assert "hunter" not in row and found.before == {name: "***"} and found.after["plain"] == "seen"


def test_an_unset_secret_shows_as_unset(oa):
    assert event(after={"password": ""}).after == {"password": ""}


def test_long_texts_are_cut_and_told_by_their_hash(oa):
    from oa_kernel.crypto import sm3_hex

    text = "字" * 5000
    found = event(after={"body": text}).after["body"]
    assert len(found) < 400 and sm3_hex(text.encode()) in found and "5000" in found


def test_characters_no_database_keeps(oa):
    found = event(title="a\0b\ud800c", after={"x": "\0"})
    assert "\0" not in found.title and "\0" not in found.after["x"]


def test_who_and_from_where(make):
    lin = make.person("lin", "林")
    actor = context.Actor(channel="web", ip="10.0.0.9", user_agent="Firefox", credential="session:3", request_id="r1")
    with context.acting(actor):
        found = event(by=lin)
    assert (found.person_id, found.username, found.name) == (lin.id, "lin", "林")
    assert (found.channel, found.ip, found.credential, found.request_id) == ("web", "10.0.0.9", "session:3", "r1")
    assert event(by=lin.id).name == "林"


def test_it_exists_only_with_its_cause(oa):
    before = Event.select().count()
    with pytest.raises(RuntimeError), db.transaction():
        event()
        raise RuntimeError
    assert Event.select().count() == before


def test_many_are_told_at_once_as_each_would_be(oa, make):
    actor, other = make.person("actor", "张三"), make.person("other", "李四")
    deed = {"action": "thing.changed", "kind": "thing", "title": "一\0件", "before": {"a": 1, "b": 2}, "after": {"a": 1, "b": 3}}
    with context.acting(context.SYSTEM.with_person(actor)), db.transaction():
        for by in (None, actor, actor.id, other, other.id, 10**6):
            audit.record(id=7, by=by, **deed)
            assert audit.record_many((audit.Deed(id=7, **deed) for _ in range(2)), by=by) == 2
    found = [{k: v for k, v in row.__data__.items() if k not in ("id", "at")} for row in
             Event.select().where(Event.action == "thing.changed").order_by(Event.id)]
    assert len(found) == 18
    for n in range(0, 18, 3):
        assert found[n] == found[n + 1] == found[n + 2]
    assert [f["name"] for f in found[::3]] == ["张三", "张三", "张三", "李四", "李四", ""]


def test_many_are_told_inside_the_transaction_of_what_they_tell(oa):
    with pytest.raises(RuntimeError):
        audit.record_many([audit.Deed("thing.changed", "thing", 7)])
