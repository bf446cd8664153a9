"""Somebody moves: rights follow the posts, in one transaction."""

import datetime as dt

import pytest

from oa_kernel import clock, identity, permissions
from oa_kernel.errors import Conflict, Invalid


@pytest.fixture
def offices(make):
    first, second = make.department("综合处"), make.department("档案处")
    old, new = make.post(first, "处长", "head"), make.post(second, "副处长", "deputy_head")
    permissions.grant(old, "system_admin")
    lin = make.person("lin", "林", first)
    identity.assign(lin, old)
    return first, second, old, new, lin


def test_old_posts_and_rights_end_and_new_begin(offices):
    first, second, old, new, lin = offices
    permissions.grant(new, "audit_admin")
    moved = identity.move_person(lin, second, [new])
    assert (moved.posts_ended, moved.posts_given) == (["综合处 处长"], ["档案处 副处长"])
    assert (moved.roles_lost, moved.roles_gained) == (["system_admin"], ["audit_admin"])
    lin = identity.get(lin.id)
    assert lin.department_id == second.id
    assert not permissions.allows(lin, "kernel.people.manage")
    assert permissions.allows(lin, "kernel.audit.read")


def test_a_second_post_can_be_kept(offices, make):
    first, second, old, new, lin = offices
    moved = identity.move_person(lin, second, [new], keep=[old])
    assert moved.posts_ended == [] and moved.roles_lost == []
    assert {h.post_id for h in identity.holdings(lin)} == {old.id, new.id}


def test_what_cannot_be_done_whole_is_not_done_at_all(offices):
    first, second, old, new, lin = offices
    permissions.grant(new, "audit_admin")
    with pytest.raises(Conflict) as caught:
        identity.move_person(lin, second, [new], keep=[old])
    assert caught.value.code == "separation_of_duties"
    assert identity.get(lin.id).department_id == first.id
    assert [h.post_id for h in identity.holdings(lin)] == [old.id]


def test_a_post_of_another_department_is_refused(offices):
    first, second, old, new, lin = offices
    with pytest.raises(Invalid):
        identity.move_person(lin, first, [new])


def test_who_was_head_on_a_day(offices, make, frozen):
    first, second, old, new, lin = offices
    today = clock.today()
    identity.move_person(lin, second, [new])
    wu = make.person("wu", "吴", first)
    identity.assign(wu, old, since=today + dt.timedelta(days=30))
    assert identity.held_post(old, today + dt.timedelta(days=40))[0].username == "wu"
    assert identity.held_post(old, today + dt.timedelta(days=10)) == []


def test_a_preview_tells_the_move_and_writes_nothing(offices):
    first, second, old, new, lin = offices
    permissions.grant(new, "audit_admin")
    before = identity.get(lin.id)
    seen = identity.preview_move(lin, second, [new])
    again = identity.get(lin.id)
    assert (again.department_id, again.version) == (before.department_id, before.version)
    assert [h.post_id for h in identity.holdings(lin)] == [old.id]
    done = identity.move_person(lin, second, [new])
    assert seen.as_dict() == done.as_dict()
    assert "管理人员" in done.rights_lost and "查看和验证审计记录" in done.rights_gained
    assert (done.left, done.entered) == ("综合处", "档案处")


def test_a_preview_refuses_in_the_same_words(offices):
    first, second, old, new, lin = offices
    permissions.grant(new, "audit_admin")
    with pytest.raises(Conflict) as seen:
        identity.preview_move(lin, second, [new], keep=[old])
    with pytest.raises(Conflict) as done:
        identity.move_person(lin, second, [new], keep=[old])
    assert seen.value.message == done.value.message


def test_who_changed_since_the_preview_is_not_moved(offices, make):
    first, second, old, new, lin = offices
    version = identity.preview_move(lin, second, [new]).person.version
    identity.assign(lin, make.post(first, "科员"))
    with pytest.raises(Conflict) as caught:
        identity.move_person(lin, second, [new], version=version)
    assert caught.value.code == "stale"
    assert identity.get(lin.id).department_id == first.id


@pytest.mark.oa_databases
def test_a_move_of_a_day_to_come_begins_that_day(offices):
    first, second, old, new, lin = offices
    permissions.grant(new, "phone_book")
    day = clock.today() + dt.timedelta(days=10)
    moved = identity.move_person(lin, second, [new], on=day)
    assert (moved.roles_lost, moved.roles_gained) == (["system_admin"], ["phone_book"])
    assert identity.get(lin.id).department_id == first.id
    assert [(h.post_id, h.main) for h in identity.holdings(lin)] == [(old.id, True)]
    assert permissions.allows(identity.get(lin.id), "kernel.people.manage")
    assert identity.begin_moves() == 0
    with clock.freeze(clock.now() + dt.timedelta(days=10)):
        assert permissions.scopes_of(identity.get(lin.id))["kernel.people.mobile"].all
        assert not permissions.allows(identity.get(lin.id), "kernel.people.manage")
        assert identity.begin_moves() == 1 and identity.begin_moves() == 0
        assert identity.get(lin.id).department_id == second.id
        assert [(h.post_id, h.main) for h in identity.holdings(lin)] == [(new.id, True)]


def test_a_day_to_come_needs_a_post(offices):
    first, second, old, new, lin = offices
    with pytest.raises(Invalid) as caught:
        identity.move_person(lin, second, on=clock.today() + dt.timedelta(days=1))
    assert "posts" in caught.value.errors
