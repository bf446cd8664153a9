"""Work handed over, and who stands in for whom."""

import pytest

from oa_kernel import workflow
from oa_kernel.workflow import Instance, Task

from .cases import words


def test_seen_first_then_moved_then_seen_where_it_is(browser, case, office):
    second = workflow.start("t.case", "采购椅子", {}, office["drafter"])
    one = browser("admin")
    page = words(one.get("/admin/hand-over?from=a"))
    assert "将要移交的 2 件" in page and "采购显示器" in page and "采购审批 2" in page
    assert Task.select().where(Task.assignee_id == office["c"].id).count() == 0
    done = one.post("/admin/hand-over", **{"from": "a", "to": "c", "comment": "调离", "also_later": "1"})
    assert "已移交 2 件：从a先生到c先生" in done and "由c先生接办的" in done and "采购椅子" in done
    assert {workflow.open_task(i.id, office["c"]) is not None for i in (case, second)} == {True}
    assert [r.kind for r in workflow.stand_ins(office["a"])] == ["handover"]
    assert "没有待办" in one.get("/admin/hand-over?from=a")


@pytest.mark.parametrize(("fields", "said"), [
    ({"to": "c", "comment": ""}, "要写明理由"), ({"to": "", "comment": "x"}, "请填写人员"),
    ({"to": "nobody", "comment": "x"}, "没有这个人"), ({"to": "a", "comment": "x"}, "应是另一位在用的人员"),
])
def test_what_is_wrong_is_said_and_nothing_moves(browser, case, office, fields, said):
    page = browser("admin").post("/admin/hand-over", 422, **{"from": "a", **fields})
    assert said in page
    assert workflow.open_task(case.id, office["a"]) is not None


def test_handing_over_is_for_managers(browser, case, office, oa_api):
    assert browser("drafter").status("/admin/hand-over?from=a") == 403
    assert oa_api(office["drafter"]).post("/api/v1/people/a/hand-over", json={"to": "c", "comment": "x"}).status_code == 403
    assert oa_api(office["admin"]).post("/api/v1/people/a/hand-over", json={"to": "c", "comment": "调离"}).json == {"tasks": 1}


def test_the_list_costs_the_same_for_2_and_60(browser, office, count_queries):
    one, counts = browser("admin"), []
    for number in (2, 60):
        while Instance.select().count() < number:
            workflow.start("t.case", "又一件", {}, office["drafter"])
        one.get("/admin/hand-over?from=a")
        with count_queries() as statements:
            one.get("/admin/hand-over?from=a")
        counts.append(len(statements))
    assert counts[0] == counts[1], statements


def test_stand_ins_by_the_interface(office, oa_api):
    mine = oa_api(office["a"])
    made = mine.post("/api/v1/stand-ins", json={"kind": "delegation", "to": "c", "until": "2026-10-20", "definitions": ["t.case"]})
    assert made.status_code == 201
    assert mine.get("/api/v1/stand-ins").json["items"] == [{
        "id": made.json["id"], "kind": "delegation", "person": {"username": "a", "name": "a先生"},
        "to": {"username": "c", "name": "c先生"}, "since": "2026-10-15", "until": "2026-10-20", "definitions": ["t.case"],
        "reason": ""}]
    case = workflow.start("t.case", "采购", {}, office["drafter"])
    assert workflow.open_task(case.id, office["c"]) is not None
    assert oa_api(office["b"]).delete(f"/api/v1/stand-ins/{made.json['id']}").status_code == 404
    assert mine.delete(f"/api/v1/stand-ins/{made.json['id']}").status_code == 204
    assert mine.delete(f"/api/v1/stand-ins/{made.json['id']}").status_code == 409
    assert mine.get("/api/v1/stand-ins").json["items"] == []


@pytest.mark.parametrize(("body", "field"), [
    ({"kind": "delegation"}, "to"), ({"kind": "absence", "to": "nobody"}, "to"), ({"kind": "absence", "since": "morgen"}, "since"),
    ({"kind": "delegation", "to": "c", "definitions": ["no.such"]}, "definitions"), ({"kind": "vacation"}, "kind"),
    ({"kind": "absence", "definitions": ["t.case"]}, "definitions"),
])
def test_what_is_wrong_is_said_by_field(office, oa_api, body, field):
    answer = oa_api(office["a"]).post("/api/v1/stand-ins", json=body)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert workflow.stand_ins(office["a"]) == []


def test_managers_set_them_for_others_and_nobody_else_does(office, oa_api):
    body = {"kind": "absence", "person": "a", "to": "b"}
    assert oa_api(office["b"]).post("/api/v1/stand-ins", json=body).status_code == 403
    assert oa_api(office["b"]).get("/api/v1/stand-ins?person=a").status_code == 403
    assert oa_api(office["admin"]).post("/api/v1/stand-ins", json=body).status_code == 201
    assert len(oa_api(office["admin"]).get("/api/v1/stand-ins?person=a").json["items"]) == 1


def test_for_whom_i_stand_in_is_shown_to_me(browser, office):
    workflow.set_absent(office["a"], by=office["a"], to=office["b"])
    page = browser("b").get("/profile/stand-ins")
    assert "我代别人办的" in page and "a先生" in page
