"""Borrowing: approved, read with the reader's name on every page, over when its term is over."""

import datetime as dt
import io

import pytest
from oa_archives.models import Item
from oa_archives.models_use import Borrowing, Use
from oa_archives.services import access, borrowing, destruction, queries, reading, terms, uses

from oa_kernel import clock, workflow
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound

pytestmark = pytest.mark.oa_databases


@pytest.fixture(autouse=True)
def head(desk, make):
    """Who approves first."""
    desk.head = make.person("head", "范启航", desk.other, [("处长", "head")])
    return desk.head


def asked(desk, item, **more):
    return borrowing.ask(desk.stranger, {"number": item.archival_number, "purpose": "work", "reason": "核对", "days": "5", **more})


def approve(case_id, *people):
    for person in people:
        task = workflow.Task.get(workflow.Task.instance_id == case_id, workflow.Task.assignee_id == person.id,
                                 workflow.Task.state == "open")
        workflow.act(task.id, "approve", by=person)


def lent(desk, item, **more):
    row = asked(desk, item, **more)
    approve(row.instance_id, desk.head, desk.archivist)
    return Borrowing.get_by_id(row.id)


def words(data):
    from pypdf import PdfReader

    return PdfReader(io.BytesIO(data)).pages[0].extract_text()


def test_from_asking_to_the_end_of_the_term(desk, oa_outbox):
    item = desk.file(title="Notice on fire safety")
    with pytest.raises(Conflict, match="可以直接查阅"):
        borrowing.ask(desk.reader, {"number": item.archival_number, "purpose": "work", "reason": "看", "days": 5})
    with pytest.raises(Invalid) as caught:
        asked(desk, item, purpose="none", days="31", reason="")
    assert set(caught.value.errors) == {"purpose", "days", "reason"}
    with pytest.raises(NotFound):
        asked(desk, desk.file(title="Secret", level=3))
    row = asked(desk, item, download="1")
    with pytest.raises(Conflict):
        asked(desk, item)
    with pytest.raises(NotFound):
        borrowing.current(desk.stranger, row.id)
    approve(row.instance_id, desk.head, desk.archivist)
    row, found = borrowing.current(desk.stranger, row.id)
    assert found.id == item.id and row.until == clock.today() + dt.timedelta(days=5)
    assert not queries.readable(desk.stranger, str(item.id))  # neither the search nor the files of others open by it
    with pytest.raises(NotFound):
        borrowing.current(desk.reader, row.id)
    assert reading.page_count(desk.stranger, row.id, 1)[3] == 1
    assert reading.page_image(desk.stranger, row.id, 1, 1)[:4] == b"\x89PNG"
    data, mime, _ = reading.download(desk.stranger, row.id, 1)
    assert mime == "application/pdf" and "罗一鸣" in words(data) and str(clock.today()) in words(data)
    assert "Notice on fire safety" in words(data)
    with clock.freeze(clock.now() + dt.timedelta(days=4)):
        assert terms.daily() == {"reminded": 1, "ended": 0} and terms.daily()["reminded"] == 0
    with clock.freeze(clock.now() + dt.timedelta(days=6)):
        for call in (reading.page_image, reading.download):
            with pytest.raises(NotFound):
                call(desk.stranger, row.id, 1, *([1] if call is reading.page_image else []))
        assert borrowing.state_of(Borrowing.get_by_id(row.id)) == "ended"
        assert terms.daily()["ended"] == 1 and Borrowing.get_by_id(row.id).state == "ended"
    told = [n.title for n in oa_outbox.inbox(desk.stranger)]
    assert any("将到期" in t for t in told) and any("已到期" in t for t in told)


def test_no_download_unless_granted_and_renewed_returned_called_back(desk, count_queries):
    item = desk.file()
    row = lent(desk, item)
    with pytest.raises(Forbidden):
        reading.download(desk.stranger, row.id, 1)
    case = borrowing.renew(desk.stranger, row.id, 3, "还没看完")
    with pytest.raises(Conflict, match="已有一件"):
        borrowing.renew(desk.stranger, row.id, 3, "再")
    approve(case.id, desk.head, desk.archivist)
    again = Borrowing.get_by_id(row.id)
    assert (again.until - row.until, again.renewals) == (dt.timedelta(days=3), 1)
    with pytest.raises(NotFound):
        borrowing.give_back(desk.reader, row.id)
    with pytest.raises(Invalid):
        borrowing.give_back(desk.archivist, row.id)
    assert borrowing.give_back(desk.stranger, row.id).state == "returned"
    with pytest.raises(NotFound):
        reading.page_image(desk.stranger, row.id, 1, 1)
    second = lent(desk, item)
    assert borrowing.give_back(desk.archivist, second.id, "原件要用").state == "recalled"
    third = asked(desk, item)
    approve(third.instance_id, desk.head)
    task = workflow.Task.get(workflow.Task.instance_id == third.instance_id, workflow.Task.assignee_id == desk.archivist.id)
    workflow.act(task.id, "reject", by=desk.archivist, comment="不合规定")
    assert Borrowing.get_by_id(third.id).state == "refused"
    borrowing.register(desk.archivist, {})
    for call in (lambda: borrowing.register(desk.archivist, {"state": "lent"}), lambda: borrowing.mine(desk.stranger)):
        with count_queries() as statements:
            call()
        assert len([s for s in statements if "archives_borrowing" in s]) == 1
    with pytest.raises(Forbidden):
        borrowing.register(desk.stranger, {})


def test_uses_are_counted_once_a_day_by_department_month_purpose_and_record(desk):
    item = desk.file()
    row = lent(desk, item)
    for _ in range(2):
        reading.page_image(desk.stranger, row.id, 1, 1)
    uses.note(item, desk.reader, "read")
    found = uses.statistics(desk.archivist)
    assert Use.select().count() == 3 and found["total"] == 3
    assert dict(found["departments"]) == {"业务处": 2, "办公室": 1} and found["purposes"] == [("工作查考", 2)]
    assert found["months"] == [(clock.today().strftime("%Y-%m"), 3)] and found["records"][0][2] == 3
    assert uses.spreadsheet(desk.archivist)[:2] == b"PK"
    with pytest.raises(Forbidden):
        uses.statistics(desk.reader)


def test_open_records_are_everybodys_from_their_day_on(desk):
    item, secret = desk.file(title="Open one"), desk.file(title="Secret", level=2)
    with pytest.raises(Forbidden):
        access.decide(desk.reader, [item.id], open_from=clock.today(), reason="r")
    with pytest.raises(Conflict, match="解密"):
        access.decide(desk.archivist, [item.id, secret.id], open_from=clock.today(), reason="满 25 年")
    assert queries.years(desk.stranger) == [] and queries.years(desk.reader) == [2026]
    access.decide(desk.archivist, [item.id], open_from=clock.today() + dt.timedelta(days=2), reason="两天后开放")
    assert queries.find(desk.stranger, {"q": "消防"}).items == [] and queries.find(desk.stranger, {}).items == []
    with clock.freeze(clock.now() + dt.timedelta(days=3)):
        assert [i.id for i in queries.find(desk.stranger, {"q": "消防"}).items] == [item.id]
        assert [i.id for i in queries.find(desk.stranger, {"access": "open"}).items] == [item.id]
        assert queries.years(desk.stranger) == [2026] and queries.readable(desk.stranger, str(item.id))
        access.decide(desk.archivist, [item.id], open_from=None, reason="涉及未了事项")
        assert queries.find(desk.stranger, {"q": "消防"}).items == [] and not queries.readable(desk.stranger, str(item.id))
    assert destruction.told(item) == ""


def test_lending_is_used_where_it_is_not_ones_own(desk, used_rights):
    row = lent(desk, desk.file(title="Notice"))
    for person, expected in ((desk.stranger, set()), (desk.archivist, {"archives.borrowing.manage"})):
        with used_rights(person) as used:
            assert borrowing.get(person, row.id).id == row.id
        assert used == expected


def test_a_number_is_found_however_the_keyboard_writes_it(desk):
    item = desk.file()
    Item.update(number="云政办发〔2026〕41号").where(Item.id == item.id).execute()
    typed = item.archival_number.lower().replace("·", ".").replace("-", "－")
    assert [i.id for i in queries.find(desk.archivist, {"number": typed}).items] == [item.id]
    for number in ("云政办发[2026]41号", "云政办发（2026）第41号"):
        assert [i.id for i in queries.find(desk.archivist, {"number": number}).items] == [item.id]
    assert asked(desk, item, number=typed).item_id == item.id
