"""签报: agreed to by the head, signed for by the receiver within a working day, reminded before and after, handled."""

import pytest
from oa_documents.models_internal import InternalReport
from oa_documents.services import internal

from oa_kernel import notifications, workflow
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound

FIELDS = {"kind": "request", "title": "关于借用会议设备的请示", "body": "因工作需要，拟借用投影设备一台。\n妥否，请批示。",
          "to": "业务处"}


def act(report, person, action="approve", **more):
    task = workflow.open_task(InternalReport.get_by_id(report.id).instance_id, person)
    assert task is not None, f"{person.username} has nothing to do"
    workflow.act(task.id, action, person, **more)
    return InternalReport.get_by_id(report.id)


def remind():
    """What the worker does every minute."""
    from oa_kernel.workflow import deadlines

    deadlines.tick()


def test_from_department_to_department(office, make, frozen, oa_client):
    boss = make.person("boss", "业务处长", office.business, posts=[("业务处长", "head")])
    frozen("2035-11-20T09:00:00+08:00")  # a Tuesday
    report = internal.create(FIELDS, office.drafter)
    internal.submit(report, office.drafter)
    with pytest.raises(NotFound):
        internal.get(office.officer, report.id)
    frozen("2035-11-20T10:00:00+08:00")
    report = act(report, office.head, comment="请支持")
    assert (report.state, report.number) == ("sent", "签报〔2035〕1号")
    assert internal.waiting_count(office.officer) == 1 and internal.get(office.officer, report.id).id == report.id
    assert report.due_at.isoformat().startswith("2035-11-21")
    frozen("2035-11-21T13:45:00+08:00")
    remind()
    told = [n.title for n in notifications.list_for(office.officer, limit=50).items]
    assert any("11-21" in title and "到期" in title for title in told)
    frozen("2035-11-21T17:30:01+08:00")
    remind()
    assert any("已逾期" in n.title for n in notifications.list_for(office.officer, limit=50).items)
    page = oa_client(office.officer).get(f"/documents/internal/{report.id}").text
    assert "签收" in page and "拟借用投影设备一台" in page
    report = act(report, office.officer)
    assert (report.state, report.signed_for_by) == ("signed_for", "业务员") and internal.waiting_count(office.officer) == 0
    report = act(report, boss, comment="同意借用")
    assert report.state == "completed"
    assert "同意借用" in oa_client(office.drafter).get(f"/documents/internal/{report.id}").text


def test_it_comes_back_and_keeps_its_number_and_is_changed_by_its_drafter_only(office):
    report = internal.create(FIELDS, office.drafter)
    internal.submit(report, office.drafter)
    with pytest.raises(Conflict):
        internal.update(InternalReport.get_by_id(report.id), {"title": "另一件事"}, office.drafter)
    report = act(report, office.head)
    number = report.number
    report = act(report, office.officer, "return", comment="请补充时间", target="draft")
    assert report.state == "draft" and report.number == number
    with pytest.raises(Forbidden):
        internal.update(report, {"title": "另一件事"}, office.head)
    with pytest.raises(Conflict, match="别处"):
        internal.update(report, {"title": "另一件事"}, office.drafter, version=report.version - 1)
    report = internal.update(report, {"body": "拟于下周借用。\n妥否，请批示。"}, office.drafter)
    internal.submit(report, office.drafter)
    report = act(report, office.head)
    assert (report.state, report.number) == ("sent", number)
    assert internal.void(report, office.drafter, "不再需要").state == "voided"
    for fields, name in (({"to": "没有的处"}, "to"), ({"to": "综合处"}, "to"), ({"title": ""}, "title"), ({"body": " "}, "body"),
                         ({"kind": "x"}, "kind"), ({"secrecy": "绝密"}, "secrecy"), ({"urgency": "很急"}, "urgency")):
        with pytest.raises(Invalid) as caught:
            internal.create({**FIELDS, **fields}, office.drafter)
        assert name in caught.value.errors


def test_by_page_and_rest(office, oa_client, oa_api):
    drafter = oa_client(office.drafter)
    assert drafter.submit("/documents/internal/new", {**FIELDS, "to": ""}).status_code == 422
    assert drafter.submit("/documents/internal/new", {**FIELDS, "do": "submit"}).status_code == 303
    report = InternalReport.get()
    assert report.state == "reviewing" and report.title in drafter.get("/documents/internal?box=out").text
    rest = oa_api(office.drafter)
    made = rest.post("/api/v1/documents/internal", json={**FIELDS, "urgency": "加急"})
    assert made.status_code == 201 and made.json["to"] == "业务处"
    where = f"/api/v1/documents/internal/{made.json['id']}"
    assert rest.put(where, json={"title": "关于借用设备的请示", "version": 1}).json["version"] == 2
    assert rest.post(where + "/submit").json["state"] == "reviewing"
    assert [r["id"] for r in rest.get("/api/v1/documents/internal?box=out").json["items"]] == [made.json["id"], report.id]
    stranger = oa_api(office.officer)
    assert stranger.get(where).status_code == 404 and stranger.get("/api/v1/documents/internal").json["items"] == []


def test_the_list_takes_the_same_number_of_queries_however_long(office, count_queries):
    def counted():
        with count_queries() as statements:
            page = internal.listing(office.drafter, {"box": "out"})
        return len(statements), len(page.items)

    internal.create(FIELDS, office.drafter)
    counted()
    few = counted()
    for n in range(8):
        internal.create({**FIELDS, "title": f"关于第{n}件事的请示"}, office.drafter)
    many = counted()
    assert many == (few[0], few[1] + 8)
