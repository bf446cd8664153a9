"""What a second person has to confirm, on the pages: asked for by one security administrator, confirmed by another."""

import pytest

from oa_kernel import identity, permissions
from oa_kernel.web.tests.pages import Browser


@pytest.fixture
def policy(oa_configure):
    return oa_configure("security", second_person=["grants", "roles", "clearance", "accounts"])


@pytest.fixture
def two(policy, make, oa_client):
    office = make.department("办公室")
    people = [make.person(f"safe{n}", f"安{n}", office, roles=["security_admin"]) for n in (1, 2)]
    return [Browser(oa_client(p), p) for p in people]


def test_a_grant_is_asked_for_confirmed_and_holds(two, make):
    lin = make.person("lin", "林")
    page = two[0].post("/admin/grants/new", kind="person", person="lin", role="system_admin", reason="接替")
    assert "已提交复核" in page and "确认" not in page.split("待复核")[-1].split("撤回")[0]
    assert permissions.grants_to(lin) == []
    change, = permissions.list_changes(two[1].person).items
    assert "接替" in two[1].get(f"/admin/approvals/{change.id}")
    two[0].post(f"/admin/approvals/{change.id}/confirm", 403)
    done = two[1].post(f"/admin/approvals/{change.id}/confirm")
    assert "已确认并生效" in done and f"复核</dt><dd class=\"col-sm-9\">{two[1].person.name} " in done
    assert [g.role for g in permissions.grants_to(lin)] == ["system_admin"]
    assert "不能再办" in two[1].post(f"/admin/approvals/{change.id}/confirm", 409)


def test_a_refusal_needs_its_reason(two, make):
    make.person("lin", "林")
    two[0].post("/admin/grants/new", kind="person", person="lin", role="system_admin", reason="接替")
    change, = permissions.list_changes(two[1].person).items
    assert "请说明理由" in two[1].post(f"/admin/approvals/{change.id}/refuse", 422, comment="")
    assert "不需要" in two[1].post(f"/admin/approvals/{change.id}/refuse", comment="不需要")


def test_for_others_it_is_not_there(two, make, oa_client):
    lin = make.person("lin", "林")
    two[0].post("/admin/grants/new", kind="person", person="lin", role="system_admin", reason="接替")
    change, = permissions.list_changes(two[1].person).items
    stranger = Browser(oa_client(lin), lin)
    assert stranger.status(f"/admin/approvals/{change.id}") == 404
    assert change.title not in stranger.get("/admin/approvals")


def test_a_role_and_a_clearance_wait_too(two, make):
    lin = make.person("lin", "林")
    two[0].post("/admin/roles/new", name="own.x", title="自建", domain="business")
    two[0].post(f"/admin/security/{lin.id}/clearance", clearance="0")
    assert permissions.role("own.x") is None and identity.get(lin.id).clearance == 1
    assert len(permissions.list_changes(two[1].person).items) == 2


def test_an_administrators_password_is_shown_once_to_who_confirmed(two, make, oa_client):
    system = make.person("sys", "系", roles=["system_admin"])
    Browser(oa_client(system), system).post(f"/admin/people/{two[0].person.id}/password")
    change, = permissions.list_changes(two[1].person).items
    page = two[1].post(f"/admin/approvals/{change.id}/confirm")
    assert "一次性密码" in page and "一次性密码" not in two[1].get(f"/admin/approvals/{change.id}")


def test_the_sign_in_log_is_for_two_administrators_and_nobody_else(two, make, oa_client):
    auditor, lin = make.person("aud", "审", roles=["audit_admin"]), make.person("lin", "林")
    assert "安1" in two[0].get("/admin/sign-ins?person=safe1&result=ok")
    assert Browser(oa_client(auditor), auditor).status("/admin/audit/sign-ins") == 200
    for path in ("/admin/sign-ins", "/admin/audit/sign-ins"):
        assert Browser(oa_client(lin), lin).status(path) in (403, 404)
    assert "没有用户名“nobody”" in two[0].get("/admin/sign-ins?person=nobody", 422)
