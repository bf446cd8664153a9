"""申请权限 on the pages and by REST: asked for, decided by another, told both ways; one's own sign-ins beside it."""

import datetime as dt
import re

import pytest

from oa_kernel import clock, identity, notifications, permissions
from oa_kernel.errors import Unauthenticated
from oa_kernel.web.tests.pages import Browser


@pytest.fixture
def lin(make):
    permissions.create_role("own.statistics", "看统计", {"kernel.workflow.statistics": "all"})
    return make.person("lin", "林", make.department("办公室"))


@pytest.fixture
def safe(make):
    return make.person("safe", "安", roles=["security_admin"])


def test_asked_for_on_the_page_and_granted(lin, safe, oa_client):
    one, two = Browser(oa_client(lin), lin), Browser(oa_client(safe), safe)
    # who is refused is led to where they ask; an administrator's right is not for the asking
    assert "/access-requests?permission=kernel.workflow.statistics" in one.get("/workflow-statistics", 403)
    page = one.get("/access-requests?permission=kernel.workflow.statistics")
    assert '<option value="own.statistics" selected>' in page and "查看全部手机号码" not in page
    assert "/access-requests?" not in one.get("/admin/grants", 403)
    assert "看统计" in one.get("/access-requests") and "系统管理员" not in one.get("/access-requests")
    page = one.post("/access-requests", 422, role="own.statistics", until="", until_time="18:00", reason="报表")
    assert "日期写作" in page and "报表" in page
    assert "请填写结束时间" in one.post("/access-requests", 422, role="own.statistics", reason="报表")
    assert "临时授权最长一年" in one.post("/access-requests", 422, role="own.statistics", until="2199-01-01", reason="报表")
    soon = (clock.today() + dt.timedelta(days=9)).isoformat()
    assert "待审批" in one.post("/access-requests", role="own.statistics", until=soon, until_time="18:00", reason="报表")
    change, = permissions.wishes_of(lin).items
    assert "林申请“看统计”" in two.get("/admin/approvals") and f"至 {soon} 18:00" in two.get("/admin/approvals")
    assert re.search(r"安全变更复核(?:\s*<[^>]*>)*\s*1\b", two.get("/")), "the badge in the navigation"
    assert f"/admin/approvals/{change.id}/confirm" not in one.get(f"/admin/approvals/{change.id}")
    two.post(f"/admin/approvals/{change.id}/confirm")
    assert "生效中" in one.get("/access-requests") and permissions.allows(identity.get(lin.id), "kernel.workflow.statistics")
    assert any(m.url == "/access-requests" for m in notifications.list_for(lin).items)
    one.post("/access-requests", 422, role="own.statistics", until=soon, until_time="18:00", reason="再来")


def test_the_same_by_rest(lin, safe, oa_api):
    one, two = oa_api(lin), oa_api(safe)
    assert "own.statistics" in [r["name"] for r in one.get("/api/v1/access-requests/roles").json["items"]]
    until = (clock.now() + dt.timedelta(days=2)).isoformat()
    made = one.post("/api/v1/access-requests", json={"role": "own.statistics", "until": until, "reason": "报表"})
    assert made.status_code == 201 and made.json["state"] == "pending"
    change = made.json["id"]
    assert [c["id"] for c in two.get("/api/v1/approvals?state=pending").json["items"]] == [change]
    assert one.post(f"/api/v1/approvals/{change}/confirm", json={}).status_code == 403
    seen = two.get(f"/api/v1/approvals/{change}").json
    assert seen["may_decide"] and {"label": "所授角色", "value": "看统计（own.statistics）"} in seen["details"]
    assert two.post(f"/api/v1/approvals/{change}/refuse", json={}).status_code == 422
    assert two.post(f"/api/v1/approvals/{change}/refuse", json={"comment": "不必"}).json["state"] == "refused"
    assert two.post(f"/api/v1/approvals/{change}/confirm", json={}).status_code == 409
    assert one.get("/api/v1/access-requests").json["items"][0]["comment"] == "不必"


def test_ones_own_sign_ins_and_nobody_elses(lin, safe, oa_client):
    with pytest.raises(Unauthenticated):
        identity.authenticate("lin", "falsch")
    one = Browser(oa_client(lin), lin)
    identity.open_session(safe, ip="10.9.9.9", user_agent="Edge")
    page = one.get("/profile/sign-ins")
    assert "密码不正确" in page and "本机" in page and "10.9.9.9" not in page
    assert "密码不正确" in one.get("/profile/sign-ins?failed=1") and page.count("<tr>") == 3
    assert one.get("/profile/sign-ins?failed=1").count("<tr>") == 2


def test_in_english_too(lin, safe, oa_client, oa_configure, make):
    """No Chinese in what the kernel says of a change: titles, states, details. (What the theme says is left out.)"""
    permissions.ask_for(lin, "own.statistics", until=clock.now() + dt.timedelta(days=1), reason="why")
    oa_configure("security", second_person=["grants", "roles", "clearance", "accounts"])
    second = make.person("second", "Second", roles=["security_admin"])
    identity.update_person(safe, name="Safe", locale="en")
    identity.update_person(lin, name="Lin")
    home = identity.department(lin.department_id)
    identity.update_department(home, name="Office")
    grant = permissions.Grant.get(permissions.Grant.subject_id == second.id)
    system = make.person("sys", "Sys", roles=["system_admin"])
    asks = [
        ("grants.give", {"subject_kind": "department", "subject_id": home.id, "role": "system_admin", "below": True}, second),
        ("grants.change", {"grant": grant.id, "until": None}, safe), ("clearance.set", {"person": lin.id, "level": 0}, second),
        ("roles.create", {"name": "own.x", "title": "Own", "permissions": {"kernel.people.read": "all"}}, second),
        ("accounts.password", {"person": second.id}, system), ("accounts.second_factor", {"person": second.id}, system),
    ]
    for kind, payload, by in asks:
        permissions.submit(kind, payload, by=by)
    client = Browser(oa_client(identity.get(safe.id)), safe)
    listed = client.get("/admin/approvals")
    pages = [client.get(f"/admin/approvals/{c.id}") for c in permissions.list_changes(safe).items]
    assert len(pages) == len(asks) + 1
    for page in [listed, *pages]:
        main = page.split("<main", 1)[1].split("</main>", 1)[0].replace("测试单位", "")
        assert not re.findall(r"[\u4e00-\u9fff]+", re.sub(r"看统计|林|安|筛选|刚刚|类别|人员|内部|授权|撤回|角色", "", main)), main
