"""文号: without gap or double, kept when returned, void with its reason, reserved, begun at a number."""

import subprocess
import sys

import pytest
from oa_documents.models import Outgoing
from oa_documents.services import drafts, numbers, seals

from oa_kernel import clock, db, numbering, signals
from oa_kernel.errors import Conflict, Forbidden, Invalid

from .office import again

PROCESSES, EACH = 4, 3
#: what one of several processes does: the office's step of the documents it was given
CLERK = """
import sys
from oa_kernel import context, identity, runtime, workflow
from oa_documents.models import Outgoing

context.set_current(context.SYSTEM)
runtime.boot(sys.argv[1])
clerk = identity.by_username("clerk")
for number in sys.argv[2:]:
    task = workflow.open_task(Outgoing.get_by_id(int(number)).instance_id, clerk)
    workflow.act(task.id, "approve", clerk)
"""


def year():
    return clock.today().year


def given():
    return sorted(n for (n,) in Outgoing.select(Outgoing.number_seq).where(Outgoing.number_seq > 0).tuples())


def test_the_office_gives_the_number_when_it_completes_its_step(office):
    document = office.submitted(("head", "deputy", "leader"))
    assert document.number is None and document.state == "reviewing" and document.date == clock.today()
    document = office.act(document, "clerk")
    assert document.number == f"云政办发〔{year()}〕1号" and document.state == "signed"
    assert office.signed().number == f"云政办发〔{year()}〕2号"


def test_several_processes_leave_no_gap_and_no_double(office, oa_installation):
    documents = [office.submitted(("head", "deputy", "leader")).id for _ in range(PROCESSES * EACH)]
    db.close()
    running = [
        subprocess.Popen([sys.executable, "-c", CLERK, str(oa_installation.config_path),
                          *map(str, documents[n::PROCESSES])], stderr=subprocess.PIPE, text=True)
        for n in range(PROCESSES)
    ]
    errors = [process.communicate(timeout=120)[1] for process in running]
    assert [process.returncode for process in running] == [0] * PROCESSES, errors
    assert given() == list(range(1, PROCESSES * EACH + 1))


def test_a_number_whose_step_fails_is_free_again(office):
    seal = seals.ensure()
    document = office.submitted(("head", "deputy", "leader"))
    seals.set_active(seal.id, False, office.clerk)  # after the number is given, sealing fails
    with pytest.raises(Conflict, match="印章都已停用"):
        office.act(document, "clerk")
    assert again(document).number is None and again(document).state == "reviewing" and given() == []
    seals.set_active(seal.id, True, office.clerk)
    assert office.act(document, "clerk").number == f"云政办发〔{year()}〕1号"


def test_a_returned_and_resubmitted_document_keeps_its_number(office):
    document = office.submitted(("head", "deputy", "leader"))
    numbers.reserve("云政办发", year(), office.clerk, seq=5, note="专用")
    document = numbers.assign_reserved(document, 5, office.clerk)
    document = office.act(document, "clerk", "return", target="draft", comment="错字")
    assert document.state == "draft" and document.number == f"云政办发〔{year()}〕5号"
    drafts.update(document, {"title": "云岭市人民政府办公室关于窗口作风检查的通知"}, office.drafter)
    drafts.submit(again(document), office.drafter)
    for who in ("head", "deputy", "leader", "clerk"):
        document = office.act(document, who)
    assert document.number == f"云政办发〔{year()}〕5号" and document.state == "signed"
    assert office.signed().number == f"云政办发〔{year()}〕1号"


def test_a_numbered_draft_is_voided_not_deleted(office):
    document = office.submitted(("head", "deputy", "leader"))
    numbers.reserve("云政办发", year(), office.clerk, seq=1, note="专用")
    document = office.act(numbers.assign_reserved(document, 1, office.clerk), "clerk", "return", target="draft", comment="改")
    with pytest.raises(Conflict, match="不能删除"):
        drafts.delete(document, office.drafter)


def test_a_voided_number_stays_in_the_register_with_its_reason(office):
    document, gone = office.signed(), []

    def heard(_sender, **told):
        gone.append((told["subject_id"], told["reason"]))

    signals.record_gone.connect(heard)
    drafts.void(document, "内容有误，另行发文", office.clerk)
    assert gone == [(str(document.id), "内容有误，另行发文")]  # nobody waits to file it
    (entry,) = numbering.register(numbers.key("云政办发", year())).items
    assert (entry.number, entry.state, entry.reason) == (1, "void", "内容有误，另行发文")
    assert again(document).number == f"云政办发〔{year()}〕1号" and again(document).state == "voided"
    assert office.signed().number_seq == 2


def test_voiding_needs_a_reason_and_the_right(office):
    document = office.signed()
    with pytest.raises(Invalid, match="原因"):
        drafts.void(document, "  ", office.clerk)
    with pytest.raises(Forbidden):
        drafts.void(document, "不要了", office.drafter)
    assert again(document).state == "signed"


def test_a_reserved_number_is_left_out_until_it_is_assigned(office):
    assert numbers.reserve("云政办发", year(), office.clerk, seq=2, note="春节通知") == f"云政办发〔{year()}〕2号"
    assert [office.signed().number_seq, office.signed().number_seq] == [1, 3]
    late = office.submitted(("head", "deputy", "leader"))
    numbers.assign_reserved(late, 2, office.clerk)
    assert office.act(late, "clerk").number_seq == 2
    with pytest.raises(Conflict):
        numbers.reserve("云政办发", year(), office.clerk, seq=3, note="已用")


def test_a_series_begins_at_a_given_number(office):
    numbers.create_series("云政办函", office.clerk, begin_at=41)
    assert office.signed(series="云政办函").number == f"云政办函〔{year()}〕41号"
    with pytest.raises(Conflict):
        numbers.begin_at("云政办函", year(), 1, office.clerk)
    assert office.signed(series="云政办函").number_seq == 42 and office.signed().number_seq == 1


@pytest.mark.parametrize("code", ["", "云政 办", "云政办1", "云〔政〕", "字" * 21])
def test_a_code_that_cannot_stand_before_a_year_is_refused(office, code):
    with pytest.raises(Invalid):
        numbers.create_series(code, office.clerk)


def test_numbers_are_for_who_may_give_them(office):
    for call in (lambda: numbers.reserve("云政办发", year(), office.drafter, seq=9, note="x"),
                 lambda: numbers.create_series("新", office.drafter),
                 lambda: numbers.begin_at("云政办发", year(), 9, office.drafter)):
        with pytest.raises(Forbidden):
            call()


def test_cited_numbers_of_our_series_are_looked_up_in_two_queries(office, count_queries):
    mine = office.signed().number
    missing = f"云政办发〔{year()}〕99号"
    with count_queries() as statements:
        assert numbers.known([mine, missing, "国办发〔2024〕12号"]) == {mine: True, missing: False}
    assert len(statements) <= 2


def test_two_at_once_one_wins(office):
    document = office.submitted()
    from oa_kernel import workflow

    task = workflow.open_task(document.instance_id, office.head)
    workflow.act(task.id, "approve", office.head, version=task.version)
    with pytest.raises(Conflict):
        workflow.act(task.id, "approve", office.head, version=task.version)
