"""Many people at once: everything slow before the transaction, few statements in it, each of them on record."""

import datetime as dt
import io
import threading

import pytest
from openpyxl import Workbook

from oa_kernel import audit, clock, db, identity, sheets, signals
from oa_kernel.errors import Unauthenticated
from oa_kernel.identity import many, posts
from oa_kernel.identity.models import Person, PersonPost
from oa_kernel.identity.people import SHOWN

pytestmark = pytest.mark.oa_databases
HEADS = ["用户名", "姓名", "部门", "职务", "邮箱", "电话", "手机", "在用"]


def book(*rows):
    made = Workbook()
    made.active.title = "人员"
    for row in (HEADS, *rows):
        made.active.append(row)
    out = io.BytesIO()
    made.save(out)
    out.seek(0)
    return out


def load(*rows, **how):
    return sheets.load("people", book(*rows), **how)


@pytest.fixture
def office(make):
    office = make.department("办公室")
    make.post(office, "主任", "head")
    make.post(office, "科员")
    return office


def events(person):
    return [(e.action, e.title, e.before, e.after, e.person_id, e.name)
            for e in audit.events(kind="person", object_id=str(person.id), limit=100).items][::-1]


def elsewhere(function):
    """Runs it as another process would: on a connection of its own."""
    failed = []

    def run():
        try:
            function()
        except Exception as error:
            failed.append(error)
        finally:
            db.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)
    assert not failed, failed


def crowd(number, phone=""):
    return [[f"p{n}", f"人{n}", "办公室", "主任、科员" if n % 3 else "科员", f"p{n}@x.cn", phone, "", "是"] for n in range(number)]


def in_transaction(number, phone, count_queries):
    """Statements of an import from the beginning of its transaction on."""
    began = []
    with count_queries() as statements:
        result = load(*crowd(number, phone), before=lambda: began.append(len(statements)))
        assert (result.faults, result.written) == ([], number)
    return len(statements) - began[0]


def test_three_hundred_people_take_as_many_statements_as_three(office, make, count_queries):
    few = in_transaction(3, "8601", count_queries)
    assert few <= 20
    # some are known now, and one statement holds 666 events
    assert in_transaction(300, "8602", count_queries) <= few + 4
    assert in_transaction(300, "8603", count_queries) <= few
    assert Person.select().count() == 300 and PersonPost.select().count() == 500
    assert {p.phone for p in Person.select()} == {"8603"}


def test_while_it_prepares_everybody_else_writes(office):
    told = []

    def progress(done, total):
        told.append(done)
        assert not db.in_transaction()
        elsewhere(lambda: identity.create_department(f"新处 {done}"))

    result = load(*crowd(4), progress=progress)
    assert result.faults == [] and told == [1, 2, 3, 4]
    assert len(identity.department_tree()) == 5


def test_it_is_told_to_the_record_as_if_done_one_by_one(office, make):
    admin, post = make.person("admin", "管理员"), posts.posts_in(office)[0]
    one = identity.create_person(
        "one", "张三", office, email="z@x.cn", phone="8601", password_hash="x", password_expired=True, by=admin)
    identity.disable_person(one, by=admin)
    identity.assign(one, post, main=True, acting=True, by=admin)
    identity.update_person(one, name="张三丰", by=admin)
    for name in ("张三", "张三丰"):
        assert load(["two", name, "办公室", "主任（代理）", "z@x.cn", "8601", "", "否"], by=admin).faults == []
    two = identity.by_username("two")
    one = identity.by_username("one")
    assert len(events(two)) == 4
    assert [(*e[:3], {**e[3], "username": "two"} if "username" in e[3] else e[3], *e[4:]) for e in events(one)] == events(two)
    same = [n for n in Person._meta.fields if n not in ("id", "username", "created_at", "password_hash", "password_set_at")]
    assert {n: one.__data__[n] for n in same} == {n: two.__data__[n] for n in same}
    assert two.password_set_at is not None and set(SHOWN) <= set(events(two)[0][3])


def test_listeners_are_told_of_everybody_inside_the_transaction(office):
    heard = []

    def listen(_sender, person, before):
        heard.append((person.id, person.username, db.in_transaction(), before))

    with signals.person_changed.connected_to(listen):
        load(["one", "一", "办公室", "科员"], ["two", "二"])
    ids = {p.username: p.id for p in Person.select()}
    assert heard == [(ids["one"], "one", True, {}), (ids["one"], "one", True, {}), (ids["two"], "two", True, {})]


def test_a_name_taken_while_it_prepared_is_somebody_known(office):
    result = load(["zhang", "张三", "", "", "", "8601"],
                  before=lambda: identity.create_person("zhang", "张", office, mobile="13900000000"))
    assert result.faults == [] and result.told == []
    person = identity.by_username("zhang")
    assert (person.name, person.phone, person.mobile, person.department_id) == ("张三", "8601", "13900000000", office.id)


def test_a_name_that_was_anothers_while_it_prepared_is_refused(office, make):
    other = make.person("zhang", "张")
    result = load(["zhang", "张三"], before=lambda: identity.update_person(other, username="zhang2"))
    assert result.written == 0 and "再导入一次" in result.faults[0]["message"]
    assert {p.username for p in Person.select()} == {"zhang"}  # the renaming was part of the import here


@pytest.mark.oa_databases("postgresql")
def test_a_name_taken_at_the_very_moment_names_its_row(office, monkeypatch):
    known = many._by_usernames

    def late(usernames):
        found = known(usernames)
        elsewhere(lambda: identity.create_person("zhang", "别的张"))
        return found

    monkeypatch.setattr(many, "_by_usernames", late)
    result = load(["li", "李"], ["zhang", "张三"])
    assert [(f["row"], f["column"]) for f in result.faults] == [(3, "用户名")] and "已有人使用" in result.faults[0]["message"]
    assert [p.name for p in Person.select()] == ["别的张"]


def test_wrong_fields_of_the_new_and_of_the_known_are_named_in_the_order_of_the_rows(office, make):
    make.person("known", "旧")
    result = load(["好人", "一"], ["known", "新", "", "", "not an address"], ["good", "二", "没有的处"],
                  ["also", "三", "办公室", "处长"], ["last", "四", "", "科员"])
    assert [(f["row"], f["column"]) for f in result.faults] == [
        (2, "用户名"), (3, "邮箱"), (4, "部门"), (5, "职务"), (6, "职务")]
    assert [p.name for p in Person.select()] == ["旧"]


def test_a_first_post_is_the_main_one_and_takes_the_place_of_another(office, make):
    lab = make.department("实验室")
    make.post(lab, "研究员")
    load(["zhang", "张三", "办公室", "主任、科员"])
    assert load(["zhang", "张三", "", "实验室：研究员、主任"], ["zhang", "张三", "办公室", "科员"]).faults == []
    held = identity.holdings(identity.by_username("zhang"))
    assert [(h.post.title, h.main) for h in held] == [("研究员", True), ("主任", False), ("科员", False)]


def test_a_post_gives_a_department_to_who_had_none(office):
    assert load(["zhang", "张三", "", "办公室：科员"]).faults == []
    assert identity.by_username("zhang").department_id == office.id


def test_a_post_that_is_to_come_is_not_given_twice(office, make):
    person = make.person("zhang", "张三", office)
    later = clock.today() + dt.timedelta(days=30)
    identity.assign(person, posts.posts_in(office)[0], since=later)
    result = load(["zhang", "张三", "办公室", "主任"])
    assert [(f["row"], f["column"]) for f in result.faults] == [(2, "")] and "已经担任" in result.faults[0]["message"]
    assert PersonPost.select().count() == 1


def test_who_is_disabled_is_signed_out_and_nobody_disables_themselves(office, make):
    admin, other = make.person("admin", "管理员"), make.person("other", "别人")
    _session, secret = identity.open_session(other, ip="127.0.0.1", user_agent="test")
    _token, key = identity.create_token(other, title="x")
    result = load(["admin", "管理员", "", "", "", "", "", "否"], by=admin)
    assert "自己" in result.faults[0]["message"] and identity.by_username("admin").active
    assert load(["other", "别人", "", "", "", "", "", "否"], by=admin).faults == []
    assert identity.session_by_secret(secret) is None
    with pytest.raises(Unauthenticated, match="撤销"):
        identity.token_by_secret(key)


def test_two_administrations_in_one_person_undo_the_whole_import(office, make):
    from oa_kernel import permissions
    from oa_kernel.errors import Conflict

    head = posts.posts_in(office)[0]
    permissions.grant(head, "security_admin")
    permissions.grant(make.person("boss", "甲"), "system_admin")
    with pytest.raises(Conflict, match="三员分立"):
        load(["new", "新", "办公室", "科员"], ["boss", "甲", "办公室", "主任"])
    assert identity.by_username("new") is None and PersonPost.select().count() == 0


def test_a_dry_run_refuses_the_same_and_leaves_nothing(office):
    rows = [["good", "好", "办公室", "主任"], ["good", "好"], ["bad", "坏", "办公室", "处长"]]
    checked, written = load(*rows, dry_run=True), load(*rows)
    assert checked.faults == written.faults and len(written.faults) == 2
    assert Person.select().count() == PersonPost.select().count() == 0
    assert [e.action for e in audit.events(action="person.").items] == []
