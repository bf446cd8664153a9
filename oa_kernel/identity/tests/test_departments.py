"""The tree of departments, and posts in it."""

import datetime as dt

import pytest

from oa_kernel import clock, identity
from oa_kernel.audit.models import Event
from oa_kernel.errors import Conflict, Invalid


def names(rows):
    return [r.name for r in rows]


def test_below_is_the_department_and_everything_under_it(make):
    top = make.department("局")
    office = make.department("办公室", top)
    desk = make.department("秘书科", office)
    other = make.department("业务处", top)
    assert set(identity.department_ids_below(office.id)) == {office.id, desk.id}
    assert set(identity.department_ids_below(top.id)) == {top.id, office.id, desk.id, other.id}


def test_moving_a_department_takes_along_all_below(make):
    top = make.department("局")
    office, affairs = make.department("办公室", top), make.department("业务处", top)
    desk = make.department("秘书科", office)
    room = make.department("文印室", desk)
    identity.update_department(desk, parent=affairs)
    assert set(identity.department_ids_below(affairs.id)) == {affairs.id, desk.id, room.id}
    assert identity.department_ids_below(office.id) == [office.id]


def test_a_department_cannot_stand_below_itself(make):
    top = make.department("局")
    office = make.department("办公室", top)
    with pytest.raises(Invalid, match="自己"):
        identity.update_department(top, parent=office)
    assert identity.department(top.id).parent_id is None


def test_sisters_have_different_names(make):
    top = make.department("局")
    make.department("办公室", top)
    with pytest.raises(Invalid) as caught:
        make.department("办公室", top)
    assert "办公室" in caught.value.errors["name"][0]
    make.department("办公室", make.department("分局"))


def test_the_tree_lists_parents_before_children_in_one_query(make, count_queries):
    top = make.department("局")
    second = identity.create_department("乙", parent=top, sort=2)
    first = identity.create_department("甲", parent=top, sort=1)
    inner = identity.create_department("乙一", parent=second)
    with count_queries() as statements:
        tree = identity.department_tree()
    assert [d.id for d in tree] == [top.id, first.id, second.id, inner.id]
    assert len(statements) == 1


def test_a_department_with_people_is_not_closed(make):
    office = make.department("办公室")
    person = make.person("clerk", department=office)
    with pytest.raises(Conflict, match="人员"):
        identity.update_department(office, active=False)
    identity.disable_person(person)
    identity.update_department(office, active=False)
    assert identity.department_tree() == []


def test_every_change_leaves_one_event(make):
    office = make.department("办公室")
    identity.update_department(office, name="综合处")
    events = list(Event.select().where(Event.kind == "department").order_by(Event.id))
    assert [e.action for e in events] == ["department.created", "department.changed"]
    assert (events[1].before, events[1].after) == ({"name": "办公室"}, {"name": "综合处"})


def test_two_posts_have_two_codes(make):
    office = make.department("办公室")
    make.post(office, "文书", code="office.clerk")
    with pytest.raises(Invalid) as caught:
        make.post(office, "机要", code="office.clerk")
    assert "code" in caught.value.errors


def test_nobody_holds_a_post_twice_at_a_time(make):
    office = make.department("办公室")
    person, post = make.person("clerk", department=office), make.post(office, "文书")
    identity.assign(person, post)
    with pytest.raises(Conflict, match="已经担任"):
        identity.assign(person, post)


def test_a_post_that_ended_can_be_given_again_and_stays_in_history(make):
    office = make.department("办公室")
    person, post = make.person("clerk", department=office), make.post(office, "文书")
    first = identity.assign(person, post, since=clock.today() - dt.timedelta(days=30))
    identity.end_assignment(first)
    assert identity.holdings(person) == []
    identity.assign(person, post)
    assert len(identity.holdings(person)) == 1
    assert len(identity.holdings(person, on=clock.today() - dt.timedelta(days=3))) == 1
    assert identity.holdings(person, on=clock.today() - dt.timedelta(days=31)) == []


def test_the_first_post_is_the_main_one_until_another_is(make):
    office = make.department("办公室")
    person = make.person("clerk", department=office)
    identity.assign(person, make.post(office, "文书"))
    identity.assign(person, make.post(office, "机要"))
    assert [h.post.title for h in identity.holdings(person) if h.main] == ["文书"]
    identity.assign(person, make.post(office, "档案"), main=True)
    assert [h.post.title for h in identity.holdings(person) if h.main] == ["档案"]


def test_posts_of_many_people_come_in_one_query(make, count_queries):
    office = make.department("办公室")
    people = [make.person(f"p{i}", department=office, posts=[("科员", "member")]).id for i in range(5)]
    with count_queries() as statements:
        found = identity.holdings_of(people)
        assert all(found[i][0].post.department.name == "办公室" for i in people)
    assert len(statements) == 1
