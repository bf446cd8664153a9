"""Who sees what: rights and clearance are in the query; what one may not see is not there."""

import pytest
from oa_documents.models import Outgoing
from oa_documents.services import dispatches, queries

from oa_kernel import identity
from oa_kernel.errors import NotFound

PATHS = ("", "/pdf", "/sheet", "/checks", "/revisions", "/annotations", "/dispatches")


def ids(page):
    return {row.id for row in page.items}


def test_a_stranger_does_not_find_the_drafters_document(office, oa_api):
    document = office.submitted()
    api = oa_api(office.officer)
    for path in PATHS:
        assert api.get(f"/api/v1/documents/outgoing/{document.id}{path}").status_code == 404, path
    assert api.put(f"/api/v1/documents/outgoing/{document.id}", json={"title": "x"}).status_code == 404
    assert api.post(f"/api/v1/documents/outgoing/{document.id}/submit", json={}).status_code == 404
    assert api.delete(f"/api/v1/documents/outgoing/{document.id}").status_code == 404
    assert api.post(f"/api/v1/documents/outgoing/{document.id}/annotations", json={"text": "x"}).status_code == 404
    assert api.get("/api/v1/documents/outgoing").get_json()["items"] == []
    with pytest.raises(NotFound):
        queries.get(office.officer, document.id)
    assert queries.search(office.officer, "窗口作风", 10) == [] and len(queries.search(office.drafter, "窗口作风", 10)) == 1


def test_what_is_not_there_answers_like_what_one_may_not_see(office, oa_api):
    document, api = office.submitted(), oa_api(office.officer)
    hidden = api.get(f"/api/v1/documents/outgoing/{document.id}").get_json()
    absent = api.get("/api/v1/documents/outgoing/999999").get_json()
    for answer in (hidden, absent):
        answer.pop("instance", None)
        answer.pop("request", None)
    assert {k: v for k, v in hidden.items() if k != "request_id"} == {k: v for k, v in absent.items() if k != "request_id"}


def test_a_reviewer_sees_it_from_the_moment_it_reaches_him(office):
    document = office.submitted()
    assert queries.get_whole(office.head, document.id).id == document.id
    with pytest.raises(NotFound):
        queries.get(office.deputy, document.id)
    office.act(document, "head")
    assert queries.get_whole(office.deputy, document.id) and queries.get_whole(office.head, document.id)


def test_a_receiving_department_sees_the_formal_version_only(office, oa_api):
    document = office.signed()
    dispatches.dispatch(document, [{"kind": "department", "id": office.business.id}], office.clerk)
    api = oa_api(office.officer)
    assert api.get(f"/api/v1/documents/outgoing/{document.id}").status_code == 200
    assert api.get(f"/api/v1/documents/outgoing/{document.id}/pdf").status_code == 200
    for path in ("/sheet", "/checks", "/revisions", "/annotations"):
        assert api.get(f"/api/v1/documents/outgoing/{document.id}{path}").status_code == 404, path


def test_a_department_sees_its_own_receipts_only(office, oa_api, make):
    document = office.signed()
    other = make.department("财务处")
    dispatches.dispatch(document, [{"kind": "department", "id": office.business.id}, {"kind": "department", "id": other.id}],
                        office.clerk)
    rows = oa_api(office.officer).get(f"/api/v1/documents/outgoing/{document.id}/dispatches").get_json()["items"]
    assert [r["recipient"]["name"] for r in rows] == ["业务处"]


def test_clearance_holds_for_everybody(office):
    secret = office.signed(secrecy="秘密", secrecy_term="3年")
    plain = office.signed()
    for document in (secret, plain):
        dispatches.dispatch(document, [{"kind": "department", "id": office.business.id}], office.clerk)
    assert ids(queries.listing(office.officer, {})) == {plain.id}
    assert {d.document_id for d in dispatches.waiting_for(office.officer).items} == {plain.id}
    with pytest.raises(NotFound):
        queries.get(office.officer, secret.id)
    assert not queries.formal_readable(office.officer, str(secret.id))
    assert ids(queries.listing(office.clerk, {})) == {plain.id, secret.id}


def test_lists_take_the_same_number_of_queries_however_long(office, count_queries, oa_api):
    api = oa_api(office.clerk)

    def counted(path):
        with count_queries() as statements:
            answer = api.get(path)
        assert answer.status_code == 200
        return len(statements), len(answer.get_json()["items"])

    office.draft()
    counted("/api/v1/documents/outgoing?limit=50")  # what is asked once a process is asked now
    few = counted("/api/v1/documents/outgoing?limit=50")
    for _ in range(15):
        office.draft()
    many = counted("/api/v1/documents/outgoing?limit=50")
    assert many[1] == few[1] + 15 and many[0] == few[0]

    document = office.signed()
    units = [identity.create_department(f"第{n}处") for n in range(12)]
    path = f"/api/v1/documents/outgoing/{document.id}/dispatches"
    dispatches.dispatch(document, [{"kind": "department", "id": units[0].id}], office.clerk)
    one = counted(path)
    dispatches.dispatch(Outgoing.get_by_id(document.id), [{"kind": "department", "id": u.id} for u in units[1:]], office.clerk)
    assert counted(path) == (one[0], 12)


def test_each_list_is_one_query(office, count_queries):
    for _ in range(3):
        office.signed()
    for call in (lambda: queries.listing(office.clerk, {"year": "2026", "q": "窗口"}), lambda: queries.register(office.clerk, {}),
                 lambda: queries.mine(office.drafter), lambda: dispatches.waiting_for(office.officer)):
        call()
        with count_queries() as statements:
            call()
        assert len([s for s in statements if "documents_" in str(s)]) == 1
