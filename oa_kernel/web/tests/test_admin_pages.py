"""Administration: each page for whom it is for and nobody else; what is changed there is shown and audited."""

from __future__ import annotations

import pytest

from oa_kernel import audit, identity, outbox, permissions
from oa_kernel.identity.models import Department, Person
from oa_kernel.outbox.models import Row
from oa_kernel.web.tests.pages import Browser, last_event

PAGES = {
    "system_admin": ["/admin/people", "/admin/people/new", "/admin/departments", "/admin/departments/new",
                     "/admin/plugins", "/admin/health", "/admin/dead-letters", "/admin/dead-letters?show=waiting"],
    "security_admin": ["/admin/roles", "/admin/roles/new", "/admin/roles/new?copy=member", "/admin/roles/member",
                       "/admin/grants", "/admin/grants/new", "/admin/grants/explain", "/admin/security"],
    "audit_admin": ["/admin/audit"],
}


@pytest.fixture
def office(make):
    return make.department("办公室")


@pytest.fixture
def browser(oa_client):
    return lambda person: Browser(oa_client(person), person)


@pytest.fixture
def admins(make, office, browser):
    return {role: browser(make.person(role.replace("_", "."), "管理员", office, roles=[role])) for role in PAGES}


@pytest.mark.parametrize("role", list(PAGES))
def test_a_page_opens_for_its_administrator_and_no_other(admins, make, office, browser, role):
    clerk = browser(make.person("clerk", "经办", office))
    for path in PAGES[role]:
        assert admins[role].status(path) == 200, path
        for other in [*(a for r, a in admins.items() if r != role), clerk]:
            assert other.status(path) in (403, 404), (path, other.person.username)


def test_the_address_people_type_leads_to_the_first_page_that_is_theirs(admins, make, office, browser):
    first = {"system_admin": "/admin/people", "security_admin": "/admin/roles", "audit_admin": "/admin/audit"}
    for role, one in admins.items():
        answer = one.client.get("/admin")
        assert (answer.status_code, answer.headers["Location"]) == (303, first[role])
    assert browser(make.person("clerk", "经办", office)).status("/admin") == 404


def test_navigation_leads_only_to_pages_that_open(admins):
    for one in admins.values():
        for path in {p for paths in PAGES.values() for p in paths if "?" not in p and p.count("/") == 2}:
            assert (f'href="{path}"' in one.get("/")) == (one.status(path) == 200), path


def test_a_department_is_made_renamed_moved_and_closed(admins, office):
    one = admins["system_admin"]
    assert "综合科" in one.post("/admin/departments/new", name="综合科", parent=str(office.id), sort="2")
    made = Department.get(Department.name == "综合科")
    assert made.path == f"{office.path}{made.id}/"
    page = one.post(f"/admin/departments/{made.id}", name="综合一科", parent="", deputy="system.admin", sort="1")
    assert "已保存" in page and "综合一科" in page
    after = identity.department(made.id)
    assert (after.parent_id, after.deputy_id) == (None, one.person.id)
    assert last_event("department.changed").after["name"] == "综合一科"
    assert "“综合一科”已停用" in one.post(f"/admin/departments/{made.id}/close")
    assert not identity.department(made.id).active


def test_a_department_below_itself_is_refused_and_what_was_typed_stays(admins, make, office):
    below = make.department("下级", parent=office)
    page = admins["system_admin"].post(f"/admin/departments/{office.id}", 422, name="改过的名称", parent=str(below.id))
    assert "请选择另一个上级部门" in page and 'value="改过的名称"' in page


def test_an_unknown_deputy_is_named_beside_the_field(admins, office):
    page = admins["system_admin"].post(f"/admin/departments/{office.id}", 422, name="办公室", deputy="nobody")
    assert "没有在用的用户名“nobody”" in page


def test_a_post_is_made_changed_and_closed(admins, office):
    one = admins["system_admin"]
    assert "机要秘书" in one.post(f"/admin/departments/{office.id}/posts", title="机要秘书", kind="member")
    post = identity.posts_in(office)[0]
    here = f"/admin/departments/{office.id}/posts/{post.id}"
    assert here in one.get(f"/admin/departments/{office.id}")
    wrong = one.post(here, 422, title=" ", kind="member", sort="x")
    assert "次序要填整数" in wrong and "请填写职务名称" in one.post(here, 422, title=" ", kind="member")
    one.post(here, title="办公室主任", kind="head", code="bgs.zr", sort="3")
    assert last_event("post.changed").before["kind"] == "member"
    changed = identity.posts_in(office)[0]
    assert (changed.title, changed.kind, changed.code, changed.sort) == ("办公室主任", "head", "bgs.zr", 3)
    one.post(f"/admin/departments/{office.id}/posts/{post.id}/close")
    assert identity.posts_in(office) == []
    assert last_event("post.changed").after == {"active": False}


def test_a_post_of_another_department_is_not_found(admins, make, office):
    post = make.post(make.department("财务科"), "会计")
    for path in (f"/admin/departments/{office.id}/posts/{post.id}/close", f"/admin/departments/{office.id}/posts/{post.id}"):
        admins["system_admin"].post(path, 404)


def test_a_role_is_copied_changed_and_deleted(admins):
    one = admins["security_admin"]
    one.post("/admin/roles/new", name="reader", title="查阅人", domain="business", **{"perm:kernel.people.read": "all"})
    assert dict(permissions.role("reader").permissions) == {"kernel.people.read": "all"}
    one.post("/admin/roles/reader", title="查阅人", domain="business", **{"perm:kernel.search.use": "all"})
    assert dict(permissions.role("reader").permissions) == {"kernel.search.use": "all"}
    assert last_event("role.changed").title == "查阅人"
    assert "已删除角色“查阅人”" in one.post("/admin/roles/reader/delete")
    assert permissions.role("reader") is None


def test_a_role_that_came_along_is_not_changed(admins):
    before = dict(permissions.role("member").permissions)
    page = admins["security_admin"].post("/admin/roles/member", 422, title="改名", domain="business")
    assert "复制为自己的角色" in page
    assert dict(permissions.role("member").permissions) == before


def test_a_role_cannot_mix_two_administrations(admins):
    page = admins["security_admin"].post(
        "/admin/roles/new", 422, name="both", title="两样", domain="business",
        **{"perm:kernel.audit.read": "all"})
    assert "只能属于审计管理员的角色" in page


def test_a_grant_is_made_with_its_end_and_taken_back(admins, make, office):
    clerk = make.person("clerk", "周经办", office)
    one = admins["security_admin"]
    page = one.post("/admin/grants/new", kind="person", person="clerk", role="audit_admin", until="2199-12-31",
                    reason="轮岗")
    assert "周经办" in page and "2199-12-31" in page and "轮岗" in page
    assert permissions.allows(Person.get_by_id(clerk.id), "kernel.audit.read")
    grant = permissions.grants_to(clerk)[0]
    assert f"/admin/grants/{grant.id}" in one.get(f"/people/{clerk.id}")
    assert "请填写理由" in one.post(f"/admin/grants/{grant.id}", 422, until="2199-11-30")
    page = one.post(f"/admin/grants/{grant.id}", until="2199-11-30", until_time="18:30", reason="提前")
    assert "2199-11-30 18:30" in page and "2199-12-31" not in page
    assert "2199-11-30 18:30" in one.get("/admin/grants?person=clerk")
    assert last_event("permission.changed").after["why"] == "提前"
    one.post(f"/admin/grants/{grant.id}/revoke")
    assert "更改期限" not in one.get(f"/admin/grants/{grant.id}")
    assert not permissions.allows(Person.get_by_id(clerk.id), "kernel.audit.read")
    assert last_event("permission.revoked").person_id == one.person.id


@pytest.mark.parametrize("kind", ["post", "department"])
def test_posts_and_departments_get_roles_too(admins, make, kind):
    home = make.department("督查科")
    subject = make.post(home, "科长") if kind == "post" else home
    page = admins["security_admin"].post("/admin/grants/new", kind=kind, role="system_admin", reason="分工",
                                         **{kind: str(subject.id)})
    assert "督查科" in page
    assert permissions.granted_to(kind, subject.id) == ["system_admin"]


def test_nobody_grants_to_themselves(admins):
    page = admins["security_admin"].post("/admin/grants/new", 422, kind="person", person="security.admin",
                                         role="security_admin", reason="分工")
    assert "不能给自己授权" in page


def test_two_administrations_in_one_person_are_refused(admins):
    page = admins["security_admin"].post("/admin/grants/new", 422, kind="person", person="system.admin",
                                         role="audit_admin", reason="分工")
    assert "三员分立" in page
    assert [g.role for g in permissions.grants_to(admins["system_admin"].person)] == ["system_admin"]


def test_a_wrong_day_is_refused_with_what_was_typed(admins):
    page = admins["security_admin"].post("/admin/grants/new", 422, kind="person", person="system.admin",
                                         role="audit_admin", until="明天", reason="理由在此")
    assert "日期写作" in page and "理由在此" in page


def test_reasons_are_shown(admins):
    page = admins["security_admin"].get("/admin/grants/explain?person=system.admin&permission=kernel.people.manage")
    assert "可以“管理人员”" in page and "角色“系统管理员”授予本人" in page
    assert "没有用户名“x”" in admins["security_admin"].get("/admin/grants/explain?person=x&permission=y", 422)


def test_a_lock_is_lifted(admins, make, office):
    clerk = make.person("clerk", "周经办", office)
    for _i in range(20):
        with pytest.raises(Exception, match="不正确"):
            identity.authenticate("clerk", "wrong")
    one = admins["security_admin"]
    assert "周经办" in one.get("/admin/security")
    one.post(f"/admin/security/{clerk.id}/unlock")
    assert "没有锁定的账户" in one.get("/admin/security")
    assert identity.authenticate("clerk", "Test-Pass-2026").id == clerk.id
    assert last_event("person.unlocked").person_id == one.person.id


def test_somebody_elses_sessions_are_ended(admins, make, office, browser):
    clerk = browser(make.person("clerk", "周经办", office))
    assert clerk.status("/profile") == 200
    admins["security_admin"].post(f"/admin/security/{clerk.person.id}/sessions/end")
    assert clerk.status("/profile") in (302, 303, 401)


def test_clearance_is_set_for_others_only(admins, make, office):
    clerk = make.person("clerk", "周经办", office)
    one = admins["security_admin"]
    one.post(f"/admin/security/{clerk.id}/clearance", clearance="0")
    assert Person.get_by_id(clerk.id).clearance == 0
    assert "不能给自己设定密级权限" in one.post(f"/admin/security/{one.person.id}/clearance", clearance="0")


def test_a_dead_letter_is_tried_again_or_discarded(admins):
    ids = [outbox.put("mail", {"n": n}) for n in range(2)]
    Row.update(state="dead", last_error="SMTPError: 550 没有这个邮箱").execute()
    one = admins["system_admin"]
    assert "550 没有这个邮箱" in one.get("/admin/dead-letters")
    one.post(f"/admin/dead-letters/{ids[0]}/retry")
    one.post(f"/admin/dead-letters/{ids[1]}/discard")
    assert [Row.get_by_id(i).state for i in ids] == ["pending", "discarded"]
    assert last_event("outbox.discarded").person_id == one.person.id
    assert "不在未能送达之列" in one.post(f"/admin/dead-letters/{ids[1]}/retry")


def test_health_tells_what_the_doctor_tells(admins):
    page = admins["system_admin"].get("/admin/health")
    assert "结构为最新" in page and "待送消息" in page


def test_an_event_is_found_and_shown_with_what_changed(admins, office):
    identity.update_department(office, name="秘书处", by=admins["system_admin"].person)
    one = admins["audit_admin"]
    assert "department.changed" in one.get("/admin/audit?person=system.admin&action=department.")
    assert "department.changed" not in one.get("/admin/audit?action=session.")
    page = one.get(f"/admin/audit/{last_event('department.changed').id}")
    assert "办公室" in page and "秘书处" in page and "还没有封存" in page


def test_an_event_that_is_sealed_has_a_proof_and_the_record_is_whole(admins, office):
    event = last_event("department.created")
    audit.seal()
    one = admins["audit_admin"]
    assert "与签名的树头相符" in one.get(f"/admin/audit/{event.id}")
    answer = one.client.get(f"/admin/audit/{event.id}/proof")
    assert answer.get_json()["kind"] == "oa-audit-proof"
    assert "审计记录完整" in one.post("/admin/audit/verify")
    one.get("/admin/audit/999999", 404)
    one.get("/admin/audit?since=2026-13-40", 422)


@pytest.mark.parametrize("path", ["/admin/audit/1", "/admin/audit/1/proof", "/admin/audit/verify"])
def test_the_record_is_closed_to_other_administrators(admins, path):
    for role in ("system_admin", "security_admin"):
        one = admins[role]
        answer = one.client.post(path, data={"_csrf": one.csrf}) if path.endswith("verify") else one.client.get(path)
        assert answer.status_code in (403, 404)


def test_no_write_without_the_token(admins, office):
    answer = admins["system_admin"].client.post(f"/admin/departments/{office.id}/close")
    assert answer.status_code == 403
    assert identity.department(office.id).active


@pytest.mark.parametrize(
    ("role", "path", "many"),
    [("system_admin", "/admin/people", "people"), ("system_admin", "/admin/departments", "departments"),
     ("security_admin", "/admin/grants", "grants"), ("security_admin", "/admin/roles", "roles"),
     ("system_admin", "/admin/dead-letters", "letters"), ("audit_admin", "/admin/audit", "events"),
     ("system_admin", "/people", "people")],
)
def test_a_list_costs_the_same_for_5_and_60_rows(admins, make, office, count_queries, role, path, many):
    makers = {
        "people": lambda n: make.person(f"p{n}", f"人员{n}", office, posts=[(f"职{n}", "member")]),
        "departments": lambda n: make.department(f"部门{n}", parent=office, deputy=admins["system_admin"].person),
        "grants": lambda n: permissions.grant(make.person(f"p{n}", f"人员{n}", office), "system_admin"),
        "roles": lambda n: permissions.create_role(f"r{n}", f"角色{n}", {"kernel.search.use": "all"}),
        "letters": lambda n: Row.update(state="dead").where(Row.id == outbox.put("mail", {"n": n})).execute(),
        "events": lambda n: audit.record("thing.done", "thing", n, by=admins["audit_admin"].person),
    }
    counts = []
    for start, stop in ((0, 5), (5, 60)):
        for n in range(start, stop):
            makers[many](n)
        admins[role].get(path)  # whatever is kept between requests is kept
        with count_queries() as statements:
            admins[role].get(path)
        counts.append(len(statements))
    assert counts[0] == counts[1], statements
