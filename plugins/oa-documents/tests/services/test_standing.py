"""撤销、废止、代替: asked by one, confirmed by another, told to who received it, shown wherever the document is."""

import datetime as dt

import pytest
from oa_documents.models import Outgoing
from oa_documents.services import dispatches, standing

from oa_kernel import audit, clock, notifications
from oa_kernel.errors import Conflict, Forbidden, Invalid

from .office import again

REASON = "上级规定已经调整，依据不再适用"


def asked(office, document, **more):
    return standing.ask(document, office.clerk, **{"change": "repealed", "reason": REASON, **more})


def test_one_asks_another_confirms_and_who_received_it_is_told(office, oa_client, oa_api):
    document = office.signed()
    dispatches.dispatch(document, [{"kind": "department", "id": office.business.id}], office.clerk)
    with pytest.raises(Forbidden):
        standing.ask(document, office.drafter, change="repealed", reason=REASON)
    request = asked(office, document)
    assert again(document).standing == "" and standing.waiting_count(office.leader) == 1
    with pytest.raises(Conflict, match="等待确认"):
        asked(office, document)
    for person in (office.clerk, office.drafter):
        with pytest.raises(Forbidden):
            standing.confirm(request.id, person)
    assert "确认生效" in oa_client(office.leader).get(f"/documents/{document.id}").text
    assert document.title in oa_client(office.leader).get("/documents/standing").text
    done = standing.confirm(request.id, office.leader)
    today = clock.today()
    assert done.standing == "repealed" and done.number == document.number and done.state == "dispatched"
    words = f"自{today.year}年{today.month}月{today.day}日起废止"
    assert standing.words(done) == words and not standing.in_force(done)
    assert any("已废止" in n.title for n in notifications.list_for(office.officer).items)
    for person in (office.officer, office.drafter):
        assert words in oa_client(person).get(f"/documents/{document.id}").text
    assert "已废止" in oa_client(office.clerk).get("/documents/register?standing=repealed").text
    assert words in oa_client().get(f"/verify/d/{document.verify_code}").text
    seen = oa_api(office.officer).get(f"/api/v1/documents/outgoing/{document.id}").json
    assert (seen["standing"], seen["standing_on"]) == ("repealed", today.isoformat())
    assert audit.events(action="documents.standing.change").items
    for again_asked in (lambda: standing.confirm(request.id, office.leader), lambda: asked(office, done)):
        with pytest.raises(Conflict):
            again_asked()
    with pytest.raises(Conflict, match="不能再分发"):
        dispatches.dispatch(done, [{"kind": "organisation", "name": "甲", "channel": "hand"}], office.clerk)


def test_what_is_withdrawn_was_never_in_force_and_a_later_day_is_kept(office):
    first, second = office.signed(), office.signed(title="云岭市人民政府办公室关于值班的通知")
    for fields, name in (
            ({"reason": " "}, "reason"), ({"change": "lost"}, "change"), ({"on": dt.date(2001, 1, 1)}, "on"),
            ({"change": "replaced"}, "replaced_by"), ({"change": "replaced", "replaced_by": "云政办发〔2001〕9号"}, "replaced_by")):
        with pytest.raises(Invalid) as caught:
            asked(office, first, **fields)
        assert name in caught.value.errors and standing.waiting(first) is None
    standing.confirm(asked(office, first, change="withdrawn").id, office.leader)
    assert standing.words(again(first)) == "已撤销，自始无效"
    later = clock.today() + dt.timedelta(days=30)
    standing.confirm(asked(office, second, on=later).id, office.leader)
    assert standing.in_force(again(second)) and again(second).standing_on == later


def test_who_confirms_sees_from_which_day_and_until_then_it_is_in_force(office, oa_client):
    document = office.signed()
    later = clock.today() + dt.timedelta(days=30)
    said = f"自{later.year}年{later.month}月{later.day}日起"
    request = asked(office, document, on=later)
    leader = oa_client(office.leader)
    assert said in leader.get(f"/documents/{document.id}").text and said in leader.get("/documents/standing").text
    standing.confirm(request.id, office.leader)
    listed = leader.get("/documents/register?standing=in_force").text
    assert document.number in listed and f"{said}废止" in listed and "</svg> 已废止" not in listed


def test_refused_or_taken_back_it_keeps_its_force(office):
    document = office.signed()
    with pytest.raises(Conflict, match="成文"):
        asked(office, office.submitted())
    standing.refuse(asked(office, document).id, office.leader, "仍在执行")
    request = asked(office, document)
    with pytest.raises(Forbidden):
        standing.take_back(request.id, office.leader)
    standing.take_back(request.id, office.clerk)
    assert again(document).standing == "" and standing.waiting(document) is None
    assert {c.state for c in standing.history(document)} == {"refused", "taken_back"}


def test_a_new_document_replaces_the_old_one_when_it_is_signed(office, oa_client):
    old = office.signed()
    with pytest.raises(Invalid) as caught:
        office.draft(replaces=["云政办发〔1999〕1号"])
    assert "replaces" in caught.value.errors
    new = office.submitted(("head", "deputy", "leader"), title="云岭市人民政府办公室关于窗口作风检查的通知", replaces=[old.number])
    assert again(old).standing == ""
    new = office.act(new, "clerk")
    done = again(old)
    assert (done.standing, done.replaced_by_id, done.replaced_by_number) == ("replaced", new.id, new.number)
    page = oa_client(office.drafter).get(f"/documents/{old.id}").text
    assert f"由{new.number}代替" in page and new.title in page
    assert Outgoing.select().where(Outgoing.standing == "replaced").count() == 1


def test_by_rest_and_page(office, oa_api, oa_client):
    document = office.signed()
    clerk, leader = oa_api(office.clerk), oa_api(office.leader)
    made = clerk.post(f"/api/v1/documents/outgoing/{document.id}/standing", json={"change": "repealed", "reason": REASON})
    assert made.status_code == 201 and made.json["state"] == "waiting"
    where = f"/api/v1/documents/outgoing/{document.id}/standing/{made.json['id']}"
    assert [c["id"] for c in leader.get("/api/v1/documents/standing").json["items"]] == [made.json["id"]]
    assert clerk.post(where + "/confirm").status_code == 403
    assert oa_api(office.officer).post(where + "/confirm").status_code in (403, 404)
    assert leader.post(where + "/refuse", json={"reason": "不同意"}).json["state"] == "refused"
    page = oa_client(office.clerk)
    assert page.submit(f"/documents/{document.id}/standing", {"change": "repealed", "reason": ""}).status_code == 422
    assert page.submit(f"/documents/{document.id}/standing", {"change": "repealed", "reason": REASON}).status_code == 303
    request = standing.waiting(document)
    assert oa_client(office.leader).submit(f"/documents/{document.id}/standing/{request.id}/confirm", {}).status_code == 303
    assert again(document).standing == "repealed"
    assert [d["id"] for d in clerk.get("/api/v1/documents/outgoing?standing=repealed").json["items"]] == [document.id]
