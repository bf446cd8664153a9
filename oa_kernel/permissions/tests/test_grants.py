"""Granting and taking back; three administrations apart."""

import datetime as dt
import multiprocessing

import pytest

from oa_kernel import clock, db, identity, permissions
from oa_kernel.audit.models import Event
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound
from oa_kernel.permissions.models import Grant


def test_a_grant_and_its_end_are_on_record(office):
    made = permissions.grant(office["zhang"], "papers.all", reason="接替", by=office["li"])
    permissions.revoke(made, by=office["li"], reason="到期")
    events = list(Event.select().where(Event.action.startswith("permission.")).order_by(Event.id))
    assert [(e.action, e.kind, e.object_id, e.person_id) for e in events] == [
        ("permission.granted", "person", str(office["zhang"].id), office["li"].id),
        ("permission.revoked", "person", str(office["zhang"].id), office["li"].id),
    ]
    assert permissions.grants_to(office["zhang"]) == []
    assert [g.reason for g in permissions.grants_to(office["zhang"], ended=True)] == ["接替"]


def test_a_role_is_granted_once_at_a_time(office):
    made = permissions.grant(office["zhang"], "papers.all")
    with pytest.raises(Conflict) as caught:
        permissions.grant(office["zhang"], "papers.all")
    assert caught.value.code == "granted_already"
    permissions.revoke(made)
    permissions.grant(office["zhang"], "papers.all")
    with pytest.raises(Conflict):
        permissions.revoke(made)


def test_it_is_taken_back_by_subject_and_role_too(office):
    permissions.grant(office["zhang"], "papers.all")
    permissions.revoke(office["zhang"], "papers.all")
    assert permissions.grants_to(office["zhang"]) == []
    with pytest.raises(NotFound, match="张三"):
        permissions.revoke(office["zhang"], "papers.all")


def test_one_that_ran_out_makes_room(office):
    today = clock.today()
    permissions.grant(office["zhang"], "papers.all", until=today + dt.timedelta(days=1))
    with clock.freeze(clock.now() + dt.timedelta(days=1)):
        permissions.grant(office["zhang"], "papers.all")
        assert len(permissions.grants_to(office["zhang"])) == 1


@pytest.mark.parametrize(
    ("role", "more", "field"),
    [
        ("no.such", {}, "role"),
        ("member", {}, "role"),
        ("papers.chosen", {}, "scope_departments"),
        ("papers.all", {"below": True}, "below"),
        ("papers.all", {"until": dt.date(2020, 1, 1)}, "until"),
    ],
)
def test_a_wrong_grant_names_the_field(office, role, more, field):
    with pytest.raises(Invalid) as caught:
        permissions.grant(office["zhang"], role, **more)
    assert list(caught.value.errors) == [field]
    assert Grant.select().count() == 0


def test_departments_are_chosen_only_where_they_mean_something(office):
    with pytest.raises(Invalid) as caught:
        permissions.grant(office["zhang"], "papers.all", scope_departments=[office["affairs"]])
    assert "scope_departments" in caught.value.errors


def test_nobody_who_is_not_there_gets_a_role(oa):
    for kind in ("person", "post", "department"):
        with pytest.raises(NotFound):
            permissions.grant((kind, 99), "papers.all")
    with pytest.raises(TypeError):
        permissions.grant("zhang", "papers.all")


def test_nobody_grants_to_themselves_by_any_way(office, make):
    post = make.post(office["general"], "文书")
    identity.assign(office["zhang"], post)
    for subject in (office["zhang"], post, office["general"]):
        with pytest.raises(Forbidden, match="自己"):
            permissions.grant(subject, "papers.all", by=office["zhang"])
    with pytest.raises(Forbidden):
        permissions.grant(office["top"], "papers.all", below=True, by=office["zhang"])
    assert Grant.select().count() == 0


PAIRS = [("system_admin", "security_admin"), ("security_admin", "audit_admin"), ("audit_admin", "system_admin")]


@pytest.mark.parametrize(("one", "other"), [*PAIRS, ("papers.keeper", "audit_admin")])
def test_nobody_holds_two_administrations(office, one, other):
    permissions.grant(office["zhang"], one)
    with pytest.raises(Conflict, match="三员分立") as caught:
        permissions.grant(office["zhang"], other)
    assert "张三" in caught.value.message
    assert permissions.roles_of_people([office["zhang"].id]) == {office["zhang"].id: [one]}
    permissions.grant(office["li"], other)


def test_two_roles_of_one_administration_are_one(office):
    permissions.grant(office["zhang"], "system_admin")
    permissions.grant(office["zhang"], "papers.keeper")
    permissions.grant(office["zhang"], "papers.all")
    assert {g.role for g in permissions.grants_to(office["zhang"])} == {"system_admin", "papers.keeper", "papers.all"}


def test_nor_by_a_post_a_department_or_one_to_come(office, make):
    permissions.grant(office["zhang"], "system_admin")
    post = make.post(office["affairs"], "审计员")
    permissions.grant(post, "audit_admin")
    with pytest.raises(Conflict, match="三员分立"):
        identity.assign(office["zhang"], post)
    with pytest.raises(Conflict, match="三员分立"):
        identity.assign(office["zhang"], post, since=clock.today() + dt.timedelta(days=9))
    assert identity.holdings(office["zhang"]) == []
    with pytest.raises(Conflict, match="三员分立"):
        permissions.grant(office["general"], "audit_admin")
    with pytest.raises(Conflict, match="三员分立"):
        permissions.grant(office["top"], "audit_admin", below=True)
    permissions.grant(office["affairs"], "audit_admin")
    with pytest.raises(Conflict, match="三员分立"):
        identity.update_person(office["zhang"], department=office["affairs"])
    with pytest.raises(Conflict, match="三员分立"):
        permissions.grant(office["zhang"], "audit_admin", since=clock.today() + dt.timedelta(days=9))
    assert identity.get(office["zhang"].id).department_id == office["general"].id


def test_nor_by_moving_a_department_or_coming_back(office):
    permissions.grant(office["li"], "system_admin")
    permissions.grant(office["affairs"], "audit_admin", below=True)
    with pytest.raises(Conflict, match="三员分立"):
        identity.update_department(office["section"], parent=office["affairs"])
    identity.disable_person(office["wang"])
    permissions.grant(office["wang"], "system_admin")
    with pytest.raises(Conflict, match="三员分立"):
        identity.enable_person(office["wang"])


def test_nor_by_an_own_role_that_changes_sides(office):
    permissions.create_role("own.it", "信息员", {}, domain="business")
    permissions.grant(office["zhang"], "own.it")
    permissions.grant(office["zhang"], "audit_admin")
    with pytest.raises(Conflict, match="三员分立"):
        permissions.update_role("own.it", domain="system")


def race(config_path, plugin, start, role, results):
    from oa_kernel import runtime

    runtime.boot(config_path, extra_plugins={"papers": plugin})
    person = identity.by_username("zhang")
    start.wait()
    try:
        permissions.grant(person, role)
        results.put("granted")
    except Conflict as error:
        results.put(error.code)
    db.close()


@pytest.mark.parametrize(
    ("roles", "code"),
    [(["papers.all"] * 4, "granted_already"), (["system_admin", "audit_admin"], "separation_of_duties")],
)
def test_of_processes_granting_at_once_one_wins(oa_installation, office, roles, code):
    from .conftest import PapersPlugin

    context = multiprocessing.get_context("spawn")
    start, results = context.Barrier(len(roles)), context.Queue()
    workers = [
        context.Process(target=race, args=(oa_installation.config_path, PapersPlugin(), start, role, results))
        for role in roles
    ]
    for worker in workers:
        worker.start()
    answers = sorted(results.get(timeout=60) for _ in workers)
    for worker in workers:
        worker.join(60)
    assert answers == sorted(["granted"] + [code] * (len(roles) - 1))
    assert Grant.select().where(Grant.ended_at.is_null()).count() == 1


def test_the_database_itself_refuses_a_second_open_grant(office):
    permissions.grant(office["zhang"], "papers.all")
    row = Grant.get()
    values = {**row.__data__}
    values.pop("id")
    with pytest.raises(db.IntegrityError):
        Grant.create(**values)
    db.database.rollback() if db.is_postgresql() else None


def test_who_holds_what(office, make):
    post = make.post(office["affairs"], "文书")
    identity.assign(office["li"], post)
    permissions.grant(post, "papers.writer")
    permissions.grant(office["general"], "papers.all")
    assert permissions.people_with_role("papers.writer") == [office["li"].id]
    assert permissions.people_with("papers.read") == sorted([office["zhang"].id, office["li"].id])
    assert permissions.people_with("papers.lock") == []
    everybody = sorted(office[n].id for n in ("zhang", "li", "wang"))
    assert permissions.people_with("kernel.tasks.own") == permissions.people_with_role("member") == everybody
    identity.disable_person(office["li"])
    assert permissions.people_with_role("papers.writer") == []


def test_subjects_of_a_page_of_grants_have_names(office, make):
    post = make.post(office["affairs"], "文书")
    for subject in (office["zhang"], post, office["general"]):
        permissions.grant(subject, "papers.all")
    page = permissions.list_grants(role="papers.all", limit=2)
    rest = permissions.list_grants(role="papers.all", limit=2, cursor=page.next)
    titles = permissions.subject_titles([*page.items, *rest.items])
    assert sorted(titles.values()) == sorted(["张三", "业务处 文书", "综合处"])
