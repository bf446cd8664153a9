"""An audit administrator cannot write, whatever was granted to them: by any route, and by any way the grant came."""

import pytest

from oa_kernel import identity, permissions
from oa_kernel.permissions.registry import AUDITORS_OWN
from oa_kernel.web.tests.pages import Browser

#: POSTs that change nothing: they read the whole record
READS = {"admin_audit.verify"}


@pytest.fixture
def auditor(make):
    office = make.department("办公室", None)
    person = make.person("aud", "审", office, posts=[("文书", "member")], roles=["audit_admin"])
    post = identity.posts_in(office)[0]
    permissions.create_role("own.all", "业务全部", {
        p.name: "all" for p in permissions.registered().values() if p.domain == "business"})
    permissions.grant(person, "own.all")
    permissions.create_role("own.two", "又一个", {"kernel.instances.start": "all"})
    permissions.grant(post, "own.two")
    permissions.grant(office, "own.two")
    return identity.get(person.id)


def test_no_permission_of_a_writing_route_counts_but_for_ones_own_affairs(oa_app, auditor):
    writes = {rule.endpoint for rule in oa_app.url_map.iter_rules() if (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}}
    access = oa_app.config["OA_ACCESS"]
    asked = {endpoint: access[endpoint].permission for endpoint in writes if endpoint in access and access[endpoint].permission}
    assert len(asked) > 50
    may = {endpoint for endpoint, name in asked.items() if permissions.allows(auditor, name)} - READS
    assert {asked[endpoint] for endpoint in may} <= AUDITORS_OWN


@pytest.mark.parametrize("name", ["kernel.instances.start", "kernel.files.upload", "kernel.tasks.own", "kernel.grants.manage"])
def test_services_refuse_and_say_why(auditor, name):
    assert not permissions.allows(auditor, name) and auditor.id not in permissions.people_with(name)
    kinds = [reason["kind"] for reason in permissions.explain(auditor, name)]
    assert "auditor" in kinds


def test_pages_and_rest_refuse(oa_client, oa_api, auditor):
    browser = Browser(oa_client(auditor), auditor)
    assert browser.client.post("/cases/start", data={"_csrf": browser.csrf}).status_code in (403, 404, 405)
    assert browser.client.post("/admin/grants/new", data={"_csrf": browser.csrf}).status_code == 403
    answer = oa_api(auditor).post("/api/v1/instances", json={"definition": "x", "title": "y"})
    assert answer.status_code == 403
    assert browser.status("/admin/audit") == 200 and browser.status("/profile") == 200


def test_a_role_that_would_be_of_no_use_is_not_asked_for(oa_client, auditor):
    browser = Browser(oa_client(auditor), auditor)
    assert 'href="/access-requests"' not in browser.get("/")
    assert "没有可以申请的角色" in browser.get("/access-requests")
    said = browser.post("/access-requests", 409, role="own.two", until="2099-01-01", reason="试")
    assert "审计管理员只查看审计" in said
    assert permissions.wishes_of(auditor).items == []
