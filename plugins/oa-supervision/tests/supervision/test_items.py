"""Items are made, answered, extended and closed by the right people."""

import datetime as dt

import pytest
from oa_supervision.models import Feedback, Item
from oa_supervision.services import items, lights, lists

from oa_kernel import clock, workflow
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound

pytestmark = pytest.mark.oa_databases
SAID = {"progress": "已采购八成", "problems": "无", "suggestions": "无"}


def again(item):
    return Item.get_by_id(item.id)


def test_the_leading_department_is_told(desk, oa_outbox):
    item = desk.item(stages=[{"title": "采购", "due_on": "2026-11-27"}])
    assert [n.title for n in oa_outbox.inbox(desk.head)] == ["督办：落实防汛物资储备"]
    more = lists.details(item)
    assert [(i.department_name, i.lead) for i in more["involved"]] == [("业务处", True), ("财务处", False)]
    assert [s.title for s in more["stages"]] == ["采购"]


@pytest.mark.parametrize(("data", "field"), [
    ({"title": ""}, "title"), ({"due_on": "2026-11-01"}, "due_on"), ({"due_on": "明天"}, "due_on"), ({"due_on": ""}, "due_on"),
    ({"department": "没有的处"}, "department"), ({"department": ""}, "department"), ({"assisting": ["没有的处"]}, "assisting"),
    ({"person": "nobody"}, "person"), ({"stages": [{"title": ""}]}, "stages"), ({"requirement": "长" * 5001}, "requirement")])
def test_what_cannot_be_is_named_and_nothing_is_written(desk, data, field):
    with pytest.raises(Invalid) as caught:
        items.create({"title": "一事", "due_on": "2026-12-04", "department": "业务处", **data}, desk.supervisor)
    assert field in caught.value.errors and Item.select().count() == 0


def test_only_supervisors_make_items(desk):
    with pytest.raises(Forbidden):
        items.create({"title": "一事", "due_on": "2026-12-04", "department": "业务处"}, desk.head)


@pytest.mark.parametrize("empty", ["progress", "problems", "suggestions"])
def test_feedback_has_three_parts_none_of_them_empty(desk, empty):
    with pytest.raises(Invalid) as caught:
        items.feed_back(desk.item(), {**SAID, empty: "  "}, desk.officer)
    assert list(caught.value.errors) == [empty] and Feedback.select().count() == 0


def test_people_of_the_departments_involved_answer_and_nobody_else(desk):
    item = desk.item()
    for person in (desk.officer, desk.helper, desk.head):
        items.feed_back(item, SAID, person)
    with pytest.raises(Forbidden):
        items.feed_back(item, SAID, desk.stranger)
    assert Feedback.select().count() == 3


def test_closing_needs_feedback_and_ends_it(desk):
    item = desk.item()
    with pytest.raises(Conflict, match="还没有反馈"):
        items.close(item, desk.supervisor)
    items.feed_back(item, {**SAID, "finished": True}, desk.officer)
    with pytest.raises(Forbidden):
        items.close(item, desk.head)
    closed = items.close(item, desk.supervisor, "已落实")
    assert (closed.state, lights.light(closed)) == ("done", "done")
    with pytest.raises(Conflict):
        items.feed_back(item, SAID, desk.officer)
    with pytest.raises(Conflict):
        items.close(item, desk.supervisor)


def test_cancelling_needs_a_reason(desk):
    item = desk.item()
    with pytest.raises(Invalid):
        items.close(item, desk.supervisor, cancel=True)
    assert items.close(item, desk.supervisor, "不再需要", cancel=True).state == "cancelled"


def test_more_time_is_decided_by_the_supervisors(desk):
    item = desk.item()
    with pytest.raises(Invalid):
        items.ask_for_extension(item, "2026-12-01", "来不及", desk.officer)
    case = items.ask_for_extension(item, "2026-12-18", "供货推迟", desk.officer)
    with pytest.raises(Conflict):
        items.ask_for_extension(item, "2026-12-25", "再推迟", desk.officer)
    for person in (desk.head, desk.supervisor):
        workflow.act(workflow.open_task(case.id, person).id, "approve", person)
    item = again(item)
    assert (item.due_on, item.first_due_on) == (dt.date(2026, 12, 18), dt.date(2026, 12, 4))


def test_a_refused_extension_changes_nothing(desk):
    item = desk.item()
    case = items.ask_for_extension(item, "2026-12-18", "供货推迟", desk.head)  # the head's own step is passed by itself
    workflow.act(workflow.open_task(case.id, desk.supervisor).id, "reject", desk.supervisor, comment="不同意")
    assert again(item).due_on == dt.date(2026, 12, 4)
    assert items.ask_for_extension(again(item), "2026-12-18", "再申请", desk.head).id != case.id


def test_a_closed_item_leaves_no_extension_to_be_decided(desk):
    item = desk.item()
    case = items.ask_for_extension(item, "2026-12-18", "供货推迟", desk.head)
    assert items.extension_of(item).id == case.id
    items.feed_back(item, SAID, desk.officer)
    items.close(item, desk.supervisor)
    assert workflow.open_task(case.id, desk.supervisor) is None and items.extension_of(item) is None


def test_the_light_follows_working_days(desk):
    item = desk.item(due="2026-11-30")  # a Monday
    for day, light in (("2026-11-24", "green"), ("2026-11-25", "yellow"), ("2026-11-30", "yellow"), ("2026-12-01", "red")):
        with clock.freeze(f"{day}T10:00:00+08:00"):
            assert lights.light(item) == light, day
            assert [i.id for i in lists.board(desk.supervisor, {"light": light}).items] == [item.id]
            assert lists.counts(desk.supervisor)[light] == 1


def test_who_is_not_involved_does_not_see_it(desk):
    item = desk.item()
    for person in (desk.head, desk.helper, desk.supervisor):
        assert lists.get(person, item.id).id == item.id
    assert lists.board(desk.stranger, {}).items == []
    with pytest.raises(NotFound):
        lists.get(desk.stranger, item.id)


def test_urgent_cases_become_items_by_themselves(desk):
    workflow.publish("name: t.case\ntitle: 事项\nversion: 1\nsteps:\n  - {id: draft, people: drafter, next: a}\n"
                     "  - {id: a, people: {user: head}, next: end}\n")
    workflow.start("t.case", "平件", {}, desk.officer, subject=("t.thing", "1"))
    workflow.start("t.case", "特急的事", {}, desk.officer, subject=("t.thing", "2"), urgency="特急")
    workflow.start("t.case", "没有对象", {}, desk.officer, urgency="特急")
    made = list(Item.select())
    assert [(i.title, i.department_name, i.due_on, i.source_id) for i in made] == [
        ("特急的事", "业务处", dt.date(2026, 11, 24), "2")]


def test_a_board_is_one_query_a_page(desk, count_queries):
    desk.item()
    lists.board(desk.supervisor, {})
    with count_queries() as statements:
        lists.board(desk.supervisor, {"light": "green", "q": "防汛"})
    assert len([s for s in statements if "supervision_item" in s]) == 1
