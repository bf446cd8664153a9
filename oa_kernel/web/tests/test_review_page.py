"""The permission review by page, REST, workbook and command: who may read it, what it says, what comes of acting on it."""

import ast
import datetime as dt
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from oa_kernel import clock, context, permissions
from oa_kernel.cli import oa as command
from oa_kernel.identity.models import Person
from oa_kernel.web import i18n
from oa_kernel.web.tests.pages import Browser, last_event


@pytest.fixture
def people(make, oa_client):
    """安 administers security, 审 audits, 林 is an administrator of the system since long; nothing was recorded yet."""
    office = make.department("办公室")
    with clock.freeze(clock.now() - dt.timedelta(days=200)):
        made = {name: make.person(name, title, office, roles=[role]) for name, title, role in (
            ("safe", "安", "security_admin"), ("aud", "审", "audit_admin"), ("lin", "林", "system_admin"))}
    return {name: Browser(oa_client(person), person) for name, person in made.items()}


def record(person, name, days_ago):
    with clock.freeze(clock.now() - dt.timedelta(days=days_ago)), context.acting(context.Actor().with_person(person)):
        permissions.require(person, name)
        permissions.write_uses()


def test_the_security_administrator_reads_it_and_takes_back_what_lies_unused(people):
    safe, lin = people["safe"], people["lin"].person
    assert "还没有使用记录" in safe.get("/admin/review") and "还不能说" in safe.get("/admin/review?unused=1")
    record(lin, "kernel.plugins.view", 120)
    record(lin, "kernel.doctor.view", 10)
    page = safe.get("/admin/review?unused=1&person=lin")
    assert "120 天未用" in page and "kernel.plugins.view</code>" in page and "kernel.doctor.view</code>" not in page
    assert "角色“系统管理员”授予本人" in page and "收回“系统管理员”" in page
    grant, = permissions.grants_to(lin)
    safe.post(f"/admin/review/grants/{grant.id}/revoke")
    assert permissions.grants_to(lin) == [] and last_event("permission.revoked").after["reason"] == "权限审查"
    assert "没有这样的权限" in safe.get("/admin/review?person=lin&role=system_admin")
    assert "没有用户名“nobody”" in safe.get("/admin/review?person=nobody", 422)
    assert "kernel.plugins.manage</code>" in safe.get("/admin/review/unheld")


def test_where_a_second_person_is_asked_for_taking_back_waits(people, oa_configure, oa_client):
    oa_configure("security", second_person=["grants"])
    safe = Browser(oa_client(people["safe"].person), people["safe"].person)
    grant, = permissions.grants_to(people["lin"].person)
    assert "已提交复核" in safe.post(f"/admin/review/grants/{grant.id}/revoke")
    assert len(permissions.grants_to(people["lin"].person)) == 1


def test_the_auditor_reads_the_same_and_others_nothing(people):
    auditor, lin = people["aud"], people["lin"]
    page = auditor.get("/admin/audit/review")
    assert "kernel.people.manage" in page and "收回“" not in page
    assert auditor.status("/admin/audit/review/unheld") == 200
    grant, = permissions.grants_to(lin.person)
    auditor.post(f"/admin/review/grants/{grant.id}/revoke", 403)
    assert auditor.status("/admin/review") == 403
    for path in ("/admin/review", "/admin/review/unheld", "/admin/review/export.xlsx", "/admin/audit/review",
                 "/admin/audit/review/unheld", "/admin/audit/review/export.xlsx"):
        assert lin.status(path) == 403


def test_to_english_readers_reasons_are_english_everywhere(people, oa_installation, oa_api, make):
    safe = people["safe"]
    Person.update(locale="en").where(Person.id == safe.person.id).execute()
    office = permissions.grants_to(people["lin"].person)[0].since
    reason = f"Role “System administrator”, given to the person, since {office}, without end; scope: All"
    assert reason in safe.get("/admin/review?person=lin")
    explained = safe.get("/admin/grants/explain?person=lin&permission=kernel.plugins.view")
    assert reason in explained and "林 may: " in explained
    workbook = safe.client.get("/admin/review/export.xlsx?person=lin")
    head, row, *_ = load_workbook(io.BytesIO(workbook.data)).active.iter_rows(values_only=True)
    assert (row[head.index("Reason")], row[head.index("Important")], row[head.index("To")]) == (reason, "Yes", "No end")
    told = oa_api(safe.person).get("/api/v1/permissions/review?user=lin").json["items"][0]["rights"][0]
    assert told["ways"][0]["text"] == reason and told["title"].isascii()
    for arguments in (["review", "--user", "lin"], ["explain", "lin", "kernel.plugins.view"]):
        run = ["--config", str(oa_installation.config_path), "permissions", *arguments]
        assert reason in CliRunner().invoke(command, [*run, "--language", "en"]).stdout
        assert "授予本人" in CliRunner().invoke(command, run).stdout


def test_all_a_reason_may_say_has_english(oa):
    source = Path(permissions.explain.__code__.co_filename).read_text("utf-8")
    nodes = list(ast.walk(ast.parse(source)))
    errors = {inside for node in nodes if isinstance(node, ast.JoinedStr) for inside in ast.walk(node)}
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and node not in errors
             and isinstance(node.value, str) and any("\u4e00" <= c <= "\u9fff" for c in node.value)]
    assert len(texts) > 20 and [text for text in texts if i18n.translated(text, "en") == text] == []


def test_the_same_as_a_workbook_by_rest_and_at_the_console(people, oa_installation, oa_api, tmp_path):
    record(people["lin"].person, "kernel.plugins.view", 120)
    answer = people["safe"].client.get("/admin/review/export.xlsx?role=system_admin&unused=1")
    head, *rows = load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True)
    assert [row[0] for row in rows] == ["lin"] * len(rows) and len(rows) == last_event("permissions.review_exported").after["rows"]
    sheet = {row[head.index("权限")]: row[head.index("未用天数")] for row in rows}
    rest = oa_api(people["safe"].person)
    answer = rest.get("/api/v1/permissions/review?unused=90&role=system_admin").json
    shown = {right["permission"]: right["idle_days"] for one in answer["items"] for right in one["rights"]}
    assert oa_api(people["lin"].person).get("/api/v1/permissions/review").status_code == 403

    def run(*arguments):
        result = CliRunner().invoke(command, ["--config", str(oa_installation.config_path), "permissions", "review", *arguments],
                                    standalone_mode=False)
        assert result.exception is None, result.exception
        return result.stdout

    told = json.loads(run("--unused", "90", "--role", "system_admin", "--json"))
    at_console = {right["permission"]: right["idle_days"] for one in told["people"] for right in one["rights"]}
    assert sheet == shown == at_console and shown["kernel.plugins.view"] == 120
    run("--user", "lin", "--xlsx", str(tmp_path / "lin.xlsx"))
    assert load_workbook(tmp_path / "lin.xlsx").active.max_row > len(rows)
    unheld, unused = run("--unheld").split("久无人使用的权限")
    assert "phone_book" in unheld and "kernel.plugins.view" not in unheld and "kernel.plugins.view" in unused
