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
