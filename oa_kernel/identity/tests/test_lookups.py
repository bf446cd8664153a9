"""Who is who: heads, deputies, holders, members."""

import datetime as dt

import pytest

from oa_kernel import clock, identity


@pytest.fixture
def bureau(make):
    """局 ← 综合处 ← 一科, with a leader in charge at the top and heads below."""
    leader = make.person("leader")
    top = make.department("局", deputy=leader)
    division = make.department("综合处", top)
    section = make.department("一科", division)
    people = {
        "leader": leader,
        "head": make.person("head", department=division, posts=[("处长", "head")]),
        "section_head": make.person("section_head", department=section, posts=[("科长", "head")]),
        "clerk": make.person("clerk", department=section),
    }
    return {"top": top, "division": division, "section": section, **people}


def test_heads_go_up_level_by_level(bureau):
    section = bureau["section"].id
    assert identity.heads_of(section) == [bureau["section_head"].id]
    assert identity.heads_of(section, levels=2) == [bureau["head"].id]
    assert identity.heads_of(section, levels=3) == []
    assert identity.heads_of(section, levels=9) == []


def test_the_deputy_in_charge_is_the_nearest_one_above(bureau, make):
    assert identity.deputy_for(bureau["section"].id) == [bureau["leader"].id]
    nearer = make.person("nearer")
    identity.update_department(bureau["division"], deputy=nearer)
    assert identity.deputy_for(bureau["section"].id) == [nearer.id]
    identity.disable_person(nearer)
    assert identity.deputy_for(bureau["section"].id) == [bureau["leader"].id]


def test_a_disabled_head_is_nobody(bureau):
    identity.disable_person(bureau["head"])
    assert identity.heads_of(bureau["division"].id) == []


def test_holders_by_code_row_and_id_include_who_stands_in(bureau, make):
    post = make.post(bureau["division"], "文书", code="office.clerk")
    identity.assign(bureau["clerk"], post)
    identity.assign(bureau["head"], post, acting=True)
    expected = [bureau["clerk"].id, bureau["head"].id]
    assert identity.holders("office.clerk") == identity.holders(post) == identity.holders(post.id) == expected


def test_a_post_counts_from_its_first_day_to_the_day_before_its_last(bureau, make):
    post = make.post(bureau["division"], "文书", code="office.clerk")
    today = clock.today()
    identity.assign(bureau["clerk"], post, since=today + dt.timedelta(days=2), until=today + dt.timedelta(days=4))
    seen = []
    for days in range(6):
        with clock.freeze(clock.now() + dt.timedelta(days=days)):
            seen.append(len(identity.holders(post)))
    assert seen == [0, 0, 1, 1, 0, 0]


def test_people_belong_by_main_department_and_by_post(bureau, make):
    guest = make.person("guest", department=make.department("外单位"))
    identity.assign(guest, make.post(bureau["section"], "借调"))
    assert set(identity.people_in(bureau["section"].id)) == {
        bureau["section_head"].id, bureau["clerk"].id, guest.id
    }
    assert set(identity.people_in(bureau["top"].id, below=True)) == {
        bureau["head"].id, bureau["section_head"].id, bureau["clerk"].id, guest.id
    }
    assert identity.people_in(bureau["top"].id) == []
    assert identity.departments_of(guest) == [guest.department_id, bureau["section"].id]
