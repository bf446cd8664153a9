"""Service steps that failed: listed with the reason, repeated."""

import pytest

from oa_kernel import outbox, workflow
from oa_kernel.workflow import Instance

from .cases import SERVICE, words, works


@pytest.fixture
def failed(office):
    workflow.publish(SERVICE)
    case = workflow.start("t.service", "第一件", {}, office["drafter"])
    outbox.drain()
    return case


def test_a_failed_step_is_listed_with_its_reason_and_repeated(browser, failed, office):
    one = browser("admin")
    page = one.get("/admin/workflow-services")
    assert "打印机没有纸" in page and "自动编号" in page and "试过 1 次" in page
    assert "没有办成的自动环节 1" in words(one.get("/admin/health"))
    works["error"] = ""
    row, = workflow.failed_service_page().items
    one.post(f"/admin/workflow-services/{row['run']}/repeat")
    outbox.drain()
    assert Instance.get_by_id(failed.id).state == "completed"
    assert "都办成了" in one.get("/admin/workflow-services")
    assert workflow.failed_service_count() == 0


def test_the_same_by_the_interface(failed, office, oa_api):
    admin = oa_api(office["admin"])
    row, = admin.get("/api/v1/workflow-services/failed").json["items"]
    assert (row["instance"], row["step_name"], row["attempts"]) == (failed.id, "自动编号", 1)
    assert admin.post(f"/api/v1/workflow-services/{row['run']}/repeat", json={}).status_code == 202
    assert admin.post("/api/v1/workflow-services/999/repeat", json={}).status_code == 404
    assert oa_api(office["drafter"]).get("/api/v1/workflow-services/failed").status_code == 403


def test_the_list_of_failed_steps_costs_the_same_for_2_and_20(browser, failed, office, count_queries):
    one, counts = browser("admin"), []
    for number in (2, 20):
        while workflow.failed_service_count() < number:
            workflow.start("t.service", "又一件", {}, office["drafter"])
            outbox.drain()
        one.get("/admin/workflow-services")
        with count_queries() as statements:
            one.get("/admin/workflow-services")
        counts.append(len(statements))
    assert counts[0] == counts[1], statements
