"""The REST of managing: with the right and a reason, and no more than that."""

import pytest

from oa_kernel import workflow


@pytest.fixture
def case(desk):
    desk.publish(("{id: draft, people: drafter, next: one}",
                  "{id: one, people: {user: a}, fields: {secret: hidden}, next: two}", "{id: two, people: {user: b}, next: end}"),
                 "form: {secret: {type: string}}")
    return desk.start({"secret": "x"})


def test_the_managers_actions(desk, case, oa_api):
    admin, base = oa_api(desk.admin), f"/api/v1/instances/{case.id}"
    assert oa_api(desk.drafter).post(f"{base}/suspend", json={"comment": "x"}).status_code == 403
    assert admin.post(f"{base}/suspend", json={}).status_code == 422
    assert admin.post(f"{base}/suspend", json={"comment": "等"}).json["state"] == "suspended"
    assert admin.post(f"{base}/resume", json={"comment": "续"}).json["state"] == "running"
    assert admin.post(f"{base}/jump", json={"comment": "急", "target": "two"}).json["current"][0]["step"] == "two"
    assert admin.post(f"{base}/skip", json={"comment": "过", "target": "two"}).json["state"] == "completed"
    assert admin.post(f"{base}/reopen", json={"comment": "漏", "target": "one"}).json["state"] == "running"
    assert admin.post(f"{base}/terminate", json={"comment": "止"}).json["state"] == "cancelled"
    assert admin.post(f"{base}/terminate", json={"comment": "止"}).status_code == 409


def test_a_hidden_field_never_reaches_who_may_not_see_it(desk, case, oa_api):
    assert oa_api(desk.a).get(f"/api/v1/instances/{case.id}").json["form"] == {}
    assert oa_api(desk.drafter).get(f"/api/v1/instances/{case.id}").json["form"] == {"secret": "x"}
    refused = oa_api(desk.a).post(f"/api/v1/tasks/{desk.task(case, 'a').id}/actions",
                                  json={"action": "approve", "form": {"secret": "y"}})
    assert refused.status_code == 422
    assert "x" not in refused.json["errors"]["secret"][0]


def test_approving_takes_few_statements(desk, case, count_queries):
    task = desk.task(case, "a")
    with count_queries() as statements:
        workflow.act(task.id, "approve", desk.a, comment="同意")
    assert len([s for s in statements if not s.startswith(("BEGIN", "COMMIT"))]) <= 16, "\n".join(statements)
