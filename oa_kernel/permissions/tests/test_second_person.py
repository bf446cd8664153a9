"""Changes of security that a second person confirms: asked for by one, decided by another, carried out once."""

import datetime as dt
import multiprocessing

import pytest

from oa_kernel import clock, context, db, identity, permissions
from oa_kernel.audit.models import Event
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound
from oa_kernel.permissions import changes
from oa_kernel.permissions.models import Change, Grant

ALL = ["grants", "roles", "clearance", "accounts"]


@pytest.fixture
def policy(oa_configure):
    """Boots with the second person asked for everywhere."""
    return oa_configure("security", second_person=ALL)


@pytest.fixture(autouse=True)
def on_the_web():
    with context.acting(context.Actor(channel="web", ip="10.0.0.7")):
        yield


@pytest.fixture
def office(make):
    with context.acting(context.SYSTEM):
        top = make.department("综合处")
        return {"general": top, "zhang": make.person("zhang", "张三", department=top),
                "li": make.person("li", "李四", department=top)}


@pytest.fixture
def two(make):
    with context.acting(context.SYSTEM):
        found = []
        for number in (1, 2):
            person = make.person(f"safe{number}", f"安{number}")
            permissions.grant(person, "security_admin")
            found.append(identity.get(person.id))
        return found


def give(person, role="papers.all", **more):
    return {"subject_kind": "person", "subject_id": person.id, "role": role, **more}


def open_grants(person):
    return [g.role for g in permissions.grants_to(person)]


def test_without_the_policy_it_is_done_at_once(office, two):
    done = permissions.submit("grants.give", give(office["zhang"]), by=two[0])
    assert done.change is None and open_grants(office["zhang"]) == ["papers.all"]
    assert Change.select().count() == 0


def test_with_it_the_change_waits_and_another_confirms(policy, office, two):
    change = permissions.submit("grants.give", give(office["zhang"], reason="接替"), by=two[0], reason="接替").change
    assert (change.state, open_grants(office["zhang"])) == ("pending", [])
    assert permissions.waiting_for(two[1]) == 1 and permissions.waiting_for(two[0]) == 0
    done = permissions.confirm(change.id, by=two[1], comment="已核实")
    assert done.result.change_id == change.id
    assert open_grants(office["zhang"]) == ["papers.all"]
    assert permissions.allows(identity.get(office["zhang"].id), "papers.read")
    events = {e.action: e for e in Event.select()}
    assert events["change.asked"].person_id == two[0].id and events["change.confirmed"].person_id == two[1].id
    assert events["change.confirmed"].before["was"] == change.base
    assert events["change.confirmed"].after["asked_by"] == "安1"
    assert events["permission.granted"].after["role"] == "papers.all"


def test_never_the_same_person(policy, office, two):
    change = permissions.submit("grants.give", give(office["zhang"]), by=two[0]).change
    with pytest.raises(Forbidden, match="自己提交"):
        permissions.confirm(change, by=two[0])
    assert not permissions.may_decide(change, two[0]) and permissions.may_decide(change, two[1])


def test_nor_whom_it_concerns(policy, office, two):
    change = permissions.submit("clearance.set", {"person": two[1].id, "level": 0}, by=two[0]).change
    with pytest.raises(Forbidden, match="本人"):
        permissions.confirm(change, by=two[1])


def test_nor_who_may_not_decide_and_for_them_it_is_not_there(policy, office, two):
    change = permissions.submit("grants.give", give(office["zhang"]), by=two[0]).change
    for stranger in (office["li"], office["zhang"]):
        with pytest.raises(NotFound):
            permissions.confirm(change, by=stranger)
        with pytest.raises(NotFound):
            permissions.change(change.id, stranger)
        assert permissions.list_changes(stranger).items == []


def test_who_may_not_ask_may_not(policy, office):
    with pytest.raises(Forbidden):
        permissions.submit("grants.give", give(office["li"]), by=office["zhang"])


WAYS = [
    ("grant", lambda o: permissions.grant(o["zhang"], "papers.all")),
    ("revoke", lambda o: permissions.revoke(o["zhang"], "papers.writer")),
    ("change", lambda o: permissions.change_grant(Grant.get(Grant.role == "papers.writer"), until=None)),
    ("create", lambda o: permissions.create_role("own.b", "乙", {})),
    ("update", lambda o: permissions.update_role("own.a", title="丙")),
    ("delete", lambda o: permissions.delete_role("own.a")),
    ("clearance", lambda o: identity.set_clearance(o["zhang"], 0)),
    ("password", lambda o: identity.set_password(o["li"], "Neu-Geheim-77x", by=o["zhang"])),
    ("factor", lambda o: identity.remove_totp(o["li"], by=o["zhang"])),
]


@pytest.mark.parametrize("channel", ["web", "api", "cli"])
@pytest.mark.parametrize(("name", "do"), WAYS, ids=[w[0] for w in WAYS])
def test_the_services_themselves_are_closed_to_people(policy, office, name, do, channel):
    with context.acting(context.SYSTEM):
        permissions.grant(office["zhang"], "papers.writer")
        permissions.grant(office["li"], "security_admin")
        permissions.create_role("own.a", "甲", {})
    before = Grant.select().where(Grant.ended_at.is_null()).count()
    with context.acting(context.Actor(channel=channel)), pytest.raises(Conflict) as caught:
        do(office)
    assert caught.value.code == "second_person_required"
    assert Grant.select().where(Grant.ended_at.is_null()).count() == before


def test_an_ordinary_account_and_ones_own_password_need_nobody(policy, office, two):
    identity.set_password(office["zhang"], "Neu-Geheim-77x", by=two[0])
    identity.set_password(two[0], "Neu-Geheim-78x", by=two[0])
    assert Change.select().count() == 0
    assert identity.check_password(office["zhang"], "Neu-Geheim-77x") and identity.check_password(two[0], "Neu-Geheim-78x")


def test_what_a_rule_refuses_is_refused_when_it_is_asked_for(policy, office, two):
    with pytest.raises(Invalid) as caught:
        permissions.submit("grants.give", give(office["zhang"], "no.such"), by=two[0])
    assert "role" in caught.value.errors
    with pytest.raises(Forbidden, match="自己"):
        permissions.submit("grants.give", give(two[0]), by=two[0])
    with context.acting(context.SYSTEM):
        permissions.grant(office["zhang"], "system_admin")
    with pytest.raises(Conflict, match="三员分立"):
        permissions.submit("grants.give", give(office["zhang"], "audit_admin"), by=two[0])
    assert Change.select().count() == 0


def test_asking_twice_is_told(policy, office, two):
    first = permissions.submit("grants.give", give(office["zhang"]), by=two[0]).change
    with pytest.raises(Conflict) as caught:
        permissions.submit("grants.give", give(office["zhang"]), by=two[1])
    assert (caught.value.code, caught.value.details["change"]) == ("change_waits", first.id)


def test_it_happens_once(policy, office, two):
    change = permissions.submit("grants.give", give(office["zhang"]), by=two[0]).change
    permissions.confirm(change, by=two[1])
    for again in (lambda: permissions.confirm(change, by=two[1]),
                  lambda: permissions.refuse(change, by=two[1], comment="晚了")):
        with pytest.raises(Conflict) as caught:
            again()
        assert caught.value.code == "change_decided"


def test_what_changed_meanwhile_makes_it_stale(policy, office, two):
    with context.acting(context.SYSTEM):
        permissions.create_role("own.a", "甲", {"papers.read": "own"})
        permissions.grant(office["zhang"], "own.a")
    grant = Grant.get(Grant.role == "own.a")
    ending = permissions.submit("grants.end", {"grant": grant.id}, by=two[0]).change
    giving = permissions.submit("grants.give", give(office["li"], "own.a"), by=two[0]).change
    with context.acting(context.SYSTEM):
        permissions.change_grant(grant, until=clock.today() + dt.timedelta(days=3))
        permissions.update_role("own.a", permissions={"papers.read": "all"})
    for change in (ending, giving):
        with pytest.raises(Conflict) as caught:
            permissions.confirm(change, by=two[1])
        assert caught.value.code == "change_stale"
        assert Change.get_by_id(change.id).state == "stale"
    assert open_grants(office["li"]) == [] and open_grants(office["zhang"]) == ["own.a"]


def test_an_asker_who_lost_the_right_meanwhile_asks_for_nothing(policy, office, two):
    change = permissions.submit("grants.give", give(office["zhang"]), by=two[0]).change
    with context.acting(context.SYSTEM):
        permissions.revoke(two[0], "security_admin")
    with pytest.raises(Conflict) as caught:
        permissions.confirm(change, by=two[1])
    assert caught.value.code == "change_stale" and open_grants(office["zhang"]) == []


def test_a_rule_that_refuses_at_the_end_leaves_it_waiting(policy, office, two):
    change = permissions.submit("grants.give", give(office["zhang"], "audit_admin"), by=two[0]).change
    with context.acting(context.SYSTEM):
        permissions.grant(office["zhang"], "system_admin")
    with pytest.raises(Conflict, match="三员分立"):
        permissions.confirm(change, by=two[1])
    assert Change.get_by_id(change.id).state == "pending"


def test_no_means_no_and_says_why(policy, office, two):
    change = permissions.submit("grants.give", give(office["zhang"]), by=two[0]).change
    with pytest.raises(Invalid):
        permissions.refuse(change, by=two[1], comment=" ")
    permissions.refuse(change, by=two[1], comment="不需要")
    assert Change.get_by_id(change.id).comment == "不需要" and open_grants(office["zhang"]) == []


def test_who_asked_may_take_it_back_and_nobody_else(policy, office, two):
    change = permissions.submit("grants.give", give(office["zhang"]), by=two[0]).change
    with pytest.raises(NotFound):
        permissions.withdraw(change, by=two[1])
    permissions.withdraw(change, by=two[0])
    assert permissions.waiting_for(two[1]) == 0


def test_it_runs_out(policy, office, two):
    asked = clock.now()
    change = permissions.submit("grants.give", give(office["zhang"]), by=two[0]).change
    with clock.freeze(asked + dt.timedelta(days=8)):
        with pytest.raises(Conflict) as caught:
            permissions.confirm(change, by=two[1])
        assert caught.value.code == "change_decided"
        again = permissions.submit("grants.give", give(office["zhang"]), by=two[0]).change
        assert Change.get_by_id(change.id).state == "expired"
    with clock.freeze(asked + dt.timedelta(days=14, hours=23)):
        assert changes.expire() == 0
    with clock.freeze(asked + dt.timedelta(days=16)):
        assert changes.expire() == 1 and Change.get_by_id(again.id).state == "expired"


def test_a_first_password_is_made_when_it_is_confirmed_and_kept_nowhere(policy, office, two):
    with context.acting(context.SYSTEM):
        permissions.grant(office["zhang"], "system_admin")
    change = permissions.submit("accounts.password", {"person": two[0].id}, by=office["zhang"]).change
    with pytest.raises(Forbidden):
        permissions.confirm(change, by=two[0])
    password = permissions.confirm(change, by=two[1]).result
    assert identity.authenticate("safe1", password).password_expired
    assert password not in str([row.__data__ for row in Change.select()])


def test_the_console_has_a_way_round_that_is_on_record(policy, office, two, oa):
    with pytest.raises(Forbidden):
        permissions.break_glass("grants.give", give(office["zhang"]), reason="急")
    with context.acting(context.Actor(channel="cli", username="cli:root", name="命令行（root）")):
        with pytest.raises(Invalid):
            permissions.break_glass("grants.give", give(office["zhang"]), reason="")
        permissions.break_glass("grants.give", give(office["zhang"]), reason="两位安全管理员均不在")
    assert open_grants(office["zhang"]) == ["papers.all"]
    event = Event.get(Event.action == "security.break_glass")
    assert event.after["why"] == "两位安全管理员均不在" and event.username == "cli:root"


def race(config_path, plugin, start, change_id, results):
    from oa_kernel import runtime

    runtime.boot(config_path, extra_plugins={"papers": plugin})
    with context.acting(context.Actor(channel="web")):
        person = identity.by_username("safe2")
        start.wait()
        try:
            permissions.confirm(change_id, by=person)
            results.put("done")
        except Conflict as error:
            results.put(error.code)
    db.close()


def test_of_processes_confirming_at_once_one_does(policy, oa_installation, office, two):
    from .conftest import PapersPlugin

    change = permissions.submit("grants.give", give(office["zhang"]), by=two[0]).change
    spawn = multiprocessing.get_context("spawn")
    start, results = spawn.Barrier(3), spawn.Queue()
    workers = [spawn.Process(target=race, args=(oa_installation.config_path, PapersPlugin(), start, change.id, results))
               for _ in range(3)]
    for worker in workers:
        worker.start()
    answers = sorted(results.get(timeout=60) for _ in workers)
    for worker in workers:
        worker.join(60)
    assert answers == ["change_decided", "change_decided", "done"]
    assert Grant.select().where(Grant.subject_id == office["zhang"].id).count() == 1


def test_a_list_of_them_is_one_query(policy, office, two, count_queries):
    for role in ("papers.all", "papers.writer", "papers.division"):
        permissions.submit("grants.give", give(office["zhang"], role), by=two[0])
    permissions.allows(two[1], "kernel.changes.decide")
    _, secret = identity.open_session(two[1])
    person = identity.session_by_secret(secret)[1]
    permissions.list_changes(person)
    with count_queries() as statements:
        page = permissions.list_changes(person, state="pending", limit=2)
    assert len(statements) == 1 and len(page.items) == 2 and page.next
