"""批注 find their passage again after the wording changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oa_documents.services import annotations, drafts

from oa_kernel import notifications
from oa_kernel.errors import Conflict, Forbidden, Invalid

from .office import DRAFT, again

PASSAGE = "各单位要高度重视"


def place(document):
    (thread,) = annotations.threads(again(document))
    return None if thread.start is None else again(document).body[thread.start:thread.end]


def annotated(office, **more):
    document = office.submitted()
    note = annotations.add(document, office.head, text="改为“认真落实”", quote=PASSAGE, **more)
    return office.act(document, "head", "return", target="draft", comment="请改"), note


def test_the_drafter_is_told_and_sees_it_beside_the_text(office):
    document, note = annotated(office)
    assert place(document) == PASSAGE and note.quote == PASSAGE
    assert any("批注" in n.title for n in notifications.list_for(office.drafter).items)


@pytest.mark.parametrize("change", [
    lambda body: "新增一段，放在最前面。\n" + body,
    lambda body: body.replace("市、县两级", "市、县、乡三级"),
    lambda body: body.replace("一、检查范围\n", ""),
    lambda body: body + "\n另有一段。",
    lambda body: body.replace("。", "；"),
])
def test_an_edit_elsewhere_does_not_move_it_off_its_passage(office, change):
    document, _ = annotated(office)
    drafts.update(document, {"body": change(document.body)}, office.drafter)
    assert place(document) == PASSAGE


def test_a_passage_that_is_gone_is_said_to_be_gone(office):
    document, _ = annotated(office)
    drafts.update(document, {"body": document.body.replace(PASSAGE, "请认真落实")}, office.drafter)
    assert place(document) is None


def test_equal_passages_are_told_apart_by_their_place(office):
    body = "甲单位要落实。\n乙单位要落实。\n丙单位要落实。"
    document = office.draft(body=body)
    at = body.index("要落实", body.index("乙"))
    annotations.add(document, office.drafter, text="哪一级？", quote="要落实", start=at)
    drafts.update(document, {"body": "开头加一句要落实的话。\n" + body}, office.drafter)
    (thread,) = annotations.threads(again(document))
    new = again(document).body
    assert new[thread.start - 3:thread.end] == "乙单位要落实"


def test_a_selection_over_line_ends_of_the_page_is_found(office):
    note = annotations.add(office.draft(), office.drafter, text="看", quote="各单位\n要高 度重视")
    assert note.quote == PASSAGE


@given(st.text(alphabet="市县要落实。\n", min_size=1, max_size=40), st.data())
def test_what_is_chosen_is_found(body, data):
    start = data.draw(st.integers(0, len(body) - 1))
    end = data.draw(st.integers(start + 1, len(body)))
    quote = body[start:end]
    found = annotations.locate(body, quote, start)
    if quote.strip():
        assert found == (start, end)
    else:
        assert found is None


def test_it_is_answered_and_resolved_by_those_concerned(office):
    document, note = annotated(office)
    annotations.reply(document, note.id, office.drafter, "已改")
    (thread,) = annotations.threads(document)
    assert [r.text for r in thread.replies] == ["已改"]
    with pytest.raises(Forbidden):
        annotations.resolve(document, note.id, office.deputy)
    assert annotations.resolve(document, note.id, office.drafter).resolved_by_name == "林晓燕"
    assert annotations.resolve(document, note.id, office.head, resolved=False).resolved_at is None


def test_a_passage_that_is_not_there_and_a_signed_document_are_refused(office):
    with pytest.raises(Invalid):
        annotations.add(office.draft(), office.drafter, text="看", quote="没有这句话")
    with pytest.raises(Conflict):
        annotations.add(office.signed(), office.head, text="看", quote=PASSAGE)
    assert PASSAGE in DRAFT["body"]
