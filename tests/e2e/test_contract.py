"""The outside surface, line by line: paths, names of fields, status codes, commands."""

import json
import os
import re
import subprocess
import urllib.request

import pytest

from ..client import Rest
from ..service import OA, oa, token
from ..texts import NOTICE

NAMED = {
    "admin": "系统管理员", "security": "安全保密管理员", "auditor": "安全审计员", "drafter": "主任科员", "head": "处长",
    "deputy": "副主任", "leader": "主任", "office": "收发文书", "archivist": "档案员", "officer": "科员",
}


@pytest.fixture(scope="module")
def people(service):
    return {name: Rest(service.url, token(service.config, name)) for name in NAMED}


@pytest.fixture(scope="module")
def case(people):
    """A case that lies before ``head``."""
    made = people["drafter"].post("/documents/outgoing", NOTICE).json
    return people["drafter"].post(f"/documents/outgoing/{made['id']}/submit").json["instance"]


def problem(answer, status):
    assert answer.status == status, str(answer)
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json
    assert {"type", "title", "status", "detail", "code"} <= set(found) and found["status"] == status
    return found


# REST


def test_me(people):
    me = people["drafter"].get("/me").json
    assert me["username"] == "drafter" and me["name"] and me["department"] == "综合处"
    assert "documents.outgoing.draft" in me["permissions"]


def test_files_up_and_down_with_ranges(people):
    sent = people["drafter"].upload("说明.txt", "值班安排。".encode(), "text/plain")
    assert sent.status == 201
    assert set(sent.json) >= {"id", "name", "size", "sm3"} and sent.json["size"] == 15
    assert re.fullmatch("[0-9a-f]{64}", sent.json["sm3"])
    path = f"/files/{sent.json['id']}"
    assert people["drafter"].get(path).body == "值班安排。".encode()
    part = people["drafter"].get(path, Range="bytes=3-8")
    assert part.status == 206 and part.body == "班安".encode() and part.headers["content-range"] == "bytes 3-8/15"
    assert people["drafter"].get(path, Range="bytes=99-").status == 416
    problem(people["head"].get(path), 404)


def test_the_list_of_tasks(people, case):
    found = people["head"].get("/tasks?state=open")
    assert found.status == 200 and set(found.json) == {"items", "next"}
    task = next(t for t in found.json["items"] if t["instance"] == case)
    assert {"id", "instance", "title", "step", "step_name", "assignee", "due", "urgency", "actions"} <= set(task)
    assert task["step"] == "head_review" and task["assignee"] == {"username": "head", "name": "周承业"}
    assert {"approve", "return", "reject", "transfer", "circulate"} <= set(task["actions"])
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$", task["due"])
    problem(people["head"].get("/tasks?state=nonsense"), 422)
    assert people["head"].get("/tasks?state=done").json["items"]


def test_lists_go_on_where_the_cursor_says(people):
    whole = [d["id"] for d in people["office"].get("/documents/outgoing?limit=200").json["items"]]
    found, path = [], "/documents/outgoing?limit=3"
    while path:
        page = people["office"].get(path).json
        assert len(page["items"]) <= 3
        found += [d["id"] for d in page["items"]]
        path = f"/documents/outgoing?limit=3&cursor={page['next']}" if page["next"] else None
    assert found == whole and len(set(found)) == len(found) > 9
    assert people["office"].get("/documents/outgoing?cursor=nonsense").status in (400, 422)
    problem(people["office"].get("/documents/outgoing?limit=0"), 422)


def test_a_case(people, case):
    found = people["drafter"].get(f"/instances/{case}").json
    assert {"id", "definition", "definition_version", "state", "current", "trail"} <= set(found)
    assert found["definition"] == "documents.outgoing" and found["state"] == "running"
    now = found["current"][0]
    assert {"task", "step", "step_name", "assignee", "candidates", "due", "actions"} <= set(now)
    assert now["assignee"] == {"username": "head", "name": "周承业"} and now["candidates"] == [now["assignee"]]
    assert now["actions"] == [], "somebody else's actions are not the drafter's"
    seen = people["head"].get(f"/instances/{case}").json["current"][0]
    assert "approve" in seen["actions"]
    entry = found["trail"][0]
    assert {"at", "step", "step_name", "action", "by", "comment"} <= set(entry)
    assert entry["by"] == {"username": "drafter", "name": "林晓岚"}
    problem(people["officer"].get(f"/instances/{case}"), 404)


def test_actions_of_a_task(people, case):
    task = people["head"].task(case)
    path = f"/tasks/{task['id']}/actions"
    problem(people["officer"].post(path, {"action": "approve"}), 404)
    problem(people["drafter"].post(path, {"action": "approve"}), 403)
    problem(people["head"].post(path, {"action": "approve", "version": 99}), 409)
    problem(people["head"].post(path, {"action": "dance"}), 409)
    problem(people["head"].post(path, {}), 422)
    problem(people["head"].post(path, {"action": "return", "target": "draft"}), 422)  # without a reason
    problem(people["head"].post(path, {"action": "transfer", "to": ["nobody"]}), 422)
    assert people["head"].post(path, {"action": "read"}).status == 200
    assert people["head"].post(path, {"action": "save", "comment": "看过一半"}).status == 200
    assert people["head"].post(path, {"action": "circulate", "to": ["deputy1"]}).status == 200
    assert people["head"].post(path, {"action": "transfer", "to": ["d01vice"]}).status == 200
    current = people["drafter"].get(f"/instances/{case}").json["current"]
    assert [c["assignee"]["username"] for c in current] == ["d01vice"]
    problem(people["head"].post(path, {"action": "approve"}), 409)


def test_urge_withdraw_and_cancel(people):
    made = people["drafter"].post("/documents/outgoing", NOTICE).json
    instance = people["drafter"].post(f"/documents/outgoing/{made['id']}/submit").json["instance"]
    path = f"/instances/{instance}"
    assert people["drafter"].post(path + "/urge").status == 200
    problem(people["drafter"].post(path + "/urge"), 409)
    problem(people["head"].post(path + "/withdraw"), 403)
    assert people["drafter"].post(path + "/withdraw").json["state"] == "withdrawn"
    assert people["drafter"].get(f"/documents/outgoing/{made['id']}").json["state"] == "draft"
    assert people["drafter"].post(f"/documents/outgoing/{made['id']}/submit").json["instance"] == instance
    assert people["head"].act(instance, "approve").status == 200
    assert people["head"].post(path + "/retrieve").status == 200
    assert people["head"].task(instance)["step"] == "head_review"
    people["drafter"].post(path + "/withdraw")
    assert people["drafter"].post(path + "/cancel").json["state"] == "cancelled"


def test_a_definition_of_ones_own_is_started_by_rest(people, service, tmp_path):
    file = tmp_path / "purchase.yaml"
    file.write_text(
        "name: office.purchase\ntitle: 采购审批\nform: {amount: {type: number, label: 金额}}\nsteps:\n"
        "  - {id: draft, title: 拟稿, people: drafter, next: review}\n"
        "  - id: review\n    title: 审核\n    people: {head_of: drafter}\n    next:\n"
        "      - {when: \"amount > 50000\", to: sign}\n      - {to: end}\n"
        "  - {id: sign, title: 批准, people: {user: leader}, next: end}\n", encoding="utf-8")
    oa("workflow", "publish", str(file), config=service.config)
    drafter = people["drafter"]
    made = drafter.post("/instances", {"definition": "office.purchase", "title": "显示器", "form": {"amount": 60000}})
    assert made.status == 201 and made.json["id"]
    assert people["head"].act(made.json["id"], "approve").status == 200
    assert people["leader"].act(made.json["id"], "approve").status == 200
    assert drafter.get(f"/instances/{made.json['id']}").json["state"] == "completed"
    small = drafter.post("/instances", {"definition": "office.purchase", "title": "笔", "form": {"amount": 60}}).json
    people["head"].act(small["id"], "approve")
    assert drafter.get(f"/instances/{small['id']}").json["state"] == "completed"
    found = problem(drafter.post("/instances", {"definition": "office.purchase", "title": "x", "form": {"amount": "多"}}), 422)
    assert any("amount" in name for name in found["errors"])
    problem(drafter.post("/instances", {"definition": "no.such", "title": "x"}), 404)


def test_notifications_and_search(people):
    found = people["drafter"].get("/notifications").json
    first = found["items"][0]
    assert {"id", "title", "at", "read_at"} <= set(first)
    assert people["drafter"].post(f"/notifications/{first['id']}/read").json["read_at"]
    problem(people["officer"].post(f"/notifications/{first['id']}/read"), 404)
    titles = [hit["title"] for hit in people["drafter"].get("/search?q=%E5%9F%B9%E8%AE%AD%E7%8F%AD").json["items"]]
    assert any("培训班" in title for title in titles)
    assert people["officer"].get("/search?q=%E5%9F%B9%E8%AE%AD%E7%8F%AD").json["items"] == []
    problem(people["drafter"].get("/search"), 422)


def test_a_repeated_create_has_one_effect(people):
    key = {"Idempotency-Key": "contract-1"}
    first, again = (people["drafter"].post("/documents/outgoing", NOTICE, **key) for _ in range(2))
    assert (first.status, again.status) == (201, 201) and first.json == again.json
    problem(people["drafter"].post("/documents/outgoing", {**NOTICE, "title": "另一份"}, **key), 422)
    mark = b"--m\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nduty\r\n--m--\r\n"
    sent = [people["drafter"].call("POST", "/files", mark, **{
        "Content-Type": "multipart/form-data; boundary=m", "Idempotency-Key": "contract-2"}) for _ in range(2)]
    assert [s.status for s in sent] == [201, 201] and sent[0].json["id"] == sent[1].json["id"]


def test_errors_are_problem_documents(people, service):
    problem(Rest(service.url).get("/me"), 401)
    problem(people["drafter"].post("/documents/outgoing/1/dispatches", {"recipients": []}), 403)
    problem(people["drafter"].get("/nothing"), 404)
    problem(people["drafter"].call("DELETE", "/me"), 405)
    problem(people["drafter"].call("POST", "/documents/outgoing", b"x", **{"Content-Type": "text/plain"}), 415)
    found = problem(people["drafter"].post("/documents/outgoing", {"kind": "喜报"}), 422)
    assert isinstance(found["errors"]["kind"], list)


def test_health_and_metrics(service):
    def get(path):
        with urllib.request.urlopen(service.url + path, timeout=10) as answer:
            return answer.status, answer.headers["content-type"], answer.read().decode()

    assert get("/healthz")[0] == 200
    status, _, body = get("/readyz")
    assert status == 200 and {"database", "queue", "keys"} <= set(json.loads(body))
    status, kind, body = get("/metrics")
    assert status == 200 and kind.startswith("text/plain") and "oa_http_requests_total{" in body


def test_openapi_is_valid_and_describes_every_plugin(service):
    from openapi_spec_validator import validate

    document = Rest(service.url).get("/openapi.json").json
    validate(document)
    assert document["openapi"].startswith("3.1")
    paths = "\n".join(document["paths"])
    for path in ("/me", "/files", "/tasks", "/tasks/{id}/actions", "/instances", "/instances/{id}", "/notifications",
                 "/search", "/documents/outgoing", "/documents/outgoing/{id}/submit", "/documents/outgoing/{id}/pdf"):
        assert path in paths, path


# commands


def run(*arguments, cwd=None, **environ):
    env = {k: v for k, v in os.environ.items() if k != "OA_CONFIG"} | environ
    return subprocess.run([*OA, *arguments], capture_output=True, text=True, timeout=120, cwd=cwd, env=env)


def test_the_configuration_is_found_by_option_variable_or_folder(service, tmp_path):
    for done in (run("--config", str(service.config), "doctor", cwd=tmp_path),
                 run("doctor", cwd=tmp_path, OA_CONFIG=str(service.config)), run("doctor", cwd=service.folder)):
        assert done.returncode == 0, done.stderr
    assert run("doctor", cwd=tmp_path).returncode == 2


def test_init_prints_one_password(tmp_path):
    done = run("init", str(tmp_path / "new"), "--organisation", "某局", "--admin", "boss")
    assert done.returncode == 0 and re.fullmatch(r"\S{10,}", done.stdout.strip())
    assert (tmp_path / "new" / "oa.yaml").is_file()
    assert run("init", str(tmp_path / "new")).returncode == 2
    found = json.loads(run("user", "list", "--json", cwd=tmp_path / "new").stdout)
    assert [(u["username"], u["roles"]) for u in found] == [("boss", ["system_admin"])]


def test_the_people_of_the_demo(service):
    found = {u["username"]: u for u in json.loads(oa("user", "list", "--json", config=service.config).stdout)}
    assert 110 <= len(found) <= 140
    for username, post in NAMED.items():
        person = found[username]
        assert set(person) >= {"username", "name", "department", "posts", "roles", "active"}
        assert any(post in p for p in person["posts"]), person
    assert found["drafter"]["department"] == found["head"]["department"] == "综合处"
    assert found["officer"]["department"] == "业务处"
    assert (found["admin"]["roles"], found["security"]["roles"], found["auditor"]["roles"]) == (
        ["system_admin"], ["security_admin"], ["audit_admin"])


def test_a_token_is_all_that_is_printed(service):
    done = oa("token", "create", "--user", "drafter", config=service.config)
    assert re.fullmatch(r"\S+\n", done.stdout)
    assert Rest(service.url, done.stdout.strip()).get("/me").json["username"] == "drafter"
    missing = oa("token", "create", "--user", "draftr", config=service.config, check=False)
    assert missing.returncode in (1, 2) and "drafter" in missing.stderr and not missing.stdout
    assert oa("token", "create", "--user", "drafter", "--expires", "soon", config=service.config, check=False).returncode == 2


def test_permissions_are_explained(service):
    done = oa("permissions", "explain", "office", "documents.outgoing.read", config=service.config)
    assert "文书" in done.stdout
    denied = oa("permissions", "explain", "officer", "documents.outgoing.read", config=service.config, check=False)
    assert denied.returncode == 1 and denied.stdout.strip()
    assert isinstance(json.loads(oa("permissions", "explain", "office", "documents.outgoing.read", "--json",
                                    config=service.config).stdout), dict)


def test_workflow_commands(service):
    def flow(*arguments):
        return oa("workflow", *arguments, config=service.config).stdout

    assert "documents.outgoing" in flow("list")
    assert flow("diagram", "documents.outgoing").lstrip().startswith("<svg")
    steps = json.loads(flow("simulate", "documents.outgoing", "--drafter", "drafter", "--json"))
    assert [s["step"] for s in steps] == ["draft", "head_review", "deputy_review", "sign", "office"]
    assert flow("simulate", "documents.outgoing").count("→") == 5
    assert oa("workflow", "diagram", "no.such", config=service.config, check=False).returncode in (1, 2)


def test_plugins_and_doctor(service):
    found = json.loads(oa("plugins", "list", "--json", config=service.config).stdout)
    documents = next(p for p in found if p["name"] == "documents")
    assert set(documents) == {"name", "distribution", "version", "enabled", "state", "reason"}
    assert (documents["distribution"], documents["enabled"], documents["state"]) == ("oa-documents", True, "ok")
    assert oa("plugins", "check", config=service.config).returncode == 0
    assert oa("migrate", "--check", config=service.config).returncode == 0
    assert all(set(line) >= {"title", "state", "message"}
               for line in json.loads(oa("doctor", "--json", config=service.config).stdout))


def test_a_broken_plugin_is_named_and_the_rest_runs(demo):
    config = demo / "oa.yaml"
    config.write_text(config.read_text(encoding="utf-8") + "  ghost:\n    enabled: true\n", encoding="utf-8")
    checked = oa("plugins", "check", config=config, check=False)
    assert checked.returncode == 1 and "ghost" in checked.stdout
    assert json.loads(oa("user", "list", "--json", config=config).stdout)
    oa("plugins", "disable", "ghost", config=config)
    assert oa("plugins", "check", config=config).returncode == 0
