"""The address book as one person sees it: mobile numbers, pickers, cards, and nothing beyond one's scope."""

import pytest

from oa_kernel import db, identity, permissions
from oa_kernel.audit.models import Event
from oa_kernel.errors import BadRequest, NotFound


@pytest.fixture
def people(make):
    office, other = make.department("综合处"), make.department("财务处")
    clerk = make.person("clerk", "李科员", office)
    make.person("lin01", "林晓岚", office, posts=[("科员", "member")], phone="8612", mobile="13900001234")
    make.person("zhou", "周承业", other, posts=[("处长", "head")], phone="8700", mobile="13811110000")
    return clerk


def names(page):
    return [p.name for p in page.items]


def found(viewer, q):
    return [one["name"] for one in identity.pick(viewer, q)["items"]]


@pytest.mark.oa_databases
@pytest.mark.parametrize(("q", "first"), [
    ("lxl", "林晓岚"), ("linxiao", "林晓岚"), ("lin xiao lan", "林晓岚"), ("8700", "周承业"), ("财务", "周承业"), ("zhou", "周承业"),
    ("周 承", "周承业"), ("ye", "周承业"),
])
def test_a_picker_finds_by_name_pinyin_extension_and_department(people, q, first):
    assert found(people, q) == [first]


@pytest.mark.oa_databases
def test_who_begins_with_what_was_typed_stands_first_and_pages_join_up(people, make):
    for n in range(25):
        make.person(f"x{n:02}", f"欧阳林{n}")
    make.person("lin", "林")
    first = identity.pick(people, "lin", limit=2)
    assert [one["value"] for one in first["items"]] == ["lin", "lin01"]
    seen, cursor = [], None
    while True:
        page = identity.pick(people, "lin", limit=10, cursor=cursor)
        seen += [one["value"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 27


def test_a_picker_asks_as_often_for_sixty_as_for_one(people, make):
    with db.count_queries() as few:
        assert len(identity.pick(people, "林", limit=50)["items"]) == 1
    for n in range(60):
        make.person(f"x{n:02}", f"林{n}")
    with db.count_queries() as many:
        assert len(identity.pick(people, "林", limit=50)["items"]) == 50
    assert len(many) <= len(few)


def test_a_strange_cursor_is_refused(people):
    with pytest.raises(BadRequest):
        identity.pick(people, "lin", cursor="1 or 1=1")


def test_mobile_numbers_are_shown_in_ones_own_department_and_found_nowhere_else(people):
    shown = identity.mobile_shown(people)
    assert shown(identity.by_username("lin01")) and not shown(identity.by_username("zhou"))
    assert found(people, "1390000") == ["林晓岚"] and found(people, "1381111") == []
    assert names(identity.contacts(people, q="1381111")) == []


def test_a_role_shows_all_mobile_numbers_and_managers_see_them(people, make):
    permissions.grant(people, "phone_book")
    assert found(people, "1381111") == ["周承业"]
    admin = make.person("admin", "管理", roles=["system_admin"])
    assert identity.mobile_shown(admin)(identity.by_username("zhou"))


def test_ones_own_mobile_number_is_always_shown(make):
    lone = make.person("lone", "独", mobile="13700000000")
    assert identity.mobile_shown(lone)(lone) and found(lone, "13700000000") == ["独"]


def test_cards_of_what_a_filter_finds_are_on_record_and_keep_numbers_back(people):
    text = "".join(identity.cards(people))
    assert text.count("BEGIN:VCARD") == 3
    assert "13900001234" in text and "13811110000" not in text
    assert Event.select().where(Event.action == "people.cards_taken").get().person_id == people.id
    assert "".join(identity.cards(people, q="zhou")).count("BEGIN:VCARD") == 1


def test_cards_of_forty_take_as_many_queries_as_of_three(people, make):
    with db.count_queries() as few:
        assert len(list(identity.cards(people))) == 3
    for n in range(40):
        make.person(f"x{n:02}", f"林{n}")
    with db.count_queries() as many:
        assert len(list(identity.cards(people))) == 43
    assert len(many) <= len(few)


def test_disabled_people_are_gone_from_book_and_pickers(people):
    identity.disable_person(identity.by_username("zhou"))
    assert found(people, "zhou") == []
    with pytest.raises(NotFound):
        identity.contact_named(people, "zhou")


def test_departments_are_picked_with_what_is_above_them(people, make):
    bureau = make.department("局")
    make.department("局办公室", bureau)
    items = identity.pick_department("办公室")["items"]
    assert [(one["name"], one["department"]) for one in items] == [("局办公室", "局")]
    assert identity.pick_department("", ids=[bureau.id])["items"][0]["name"] == "局"
