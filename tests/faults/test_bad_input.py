"""Bad input gets a clear message and the right status, and leaves nothing behind."""

import concurrent.futures
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest

from ..client import Rest
from ..service import OA, oa, token
from ..texts import NOTICE


@pytest.fixture(scope="module")
def drafter(service):
    return Rest(service.url, token(service.config, "drafter"))


@pytest.fixture(scope="module")
def head(service):
    return Rest(service.url, token(service.config, "head"))


def mine(drafter):
    return len(drafter.get("/documents/outgoing?limit=200").json["items"])


def refused(answer, status, *words):
    assert answer.status == status, str(answer)
    assert answer.headers.get("content-type", "").startswith("application/problem+json")
    problem = answer.json
    text = str(problem)
    assert problem["status"] == status and problem["code"]
    for word in words:
        assert word in text, f"{word!r} not in {text}"
    return problem


def test_a_body_of_5_mb(drafter):
    before = mine(drafter)
    answer = drafter.post("/documents/outgoing", {**NOTICE, "body": "正文。" * 560_000})
    refused(answer, 413)
    assert mine(drafter) == before


def test_characters_that_no_font_has_are_named_with_their_place(drafter):
    before = mine(drafter)
    answer = drafter.post("/documents/outgoing", {**NOTICE, "body": "第一段。\n第二段有\U0001F680和\ue000字。"})
    problem = refused(answer, 422, "U+1F680", "U+E000")
    assert "body" in problem["errors"]
    assert "2" in str(problem["errors"]["body"])
    assert mine(drafter) == before


def test_an_attachment_of_zero_bytes(drafter):
    refused(drafter.upload("empty.pdf", b"", "application/pdf"), 422)


def test_an_attachment_with_a_lying_extension(drafter):
    refused(drafter.upload("report.pdf", b"MZ" + b"\0" * 400, "application/pdf"), 415)


@pytest.mark.parametrize("name", ["../../etc/passwd.txt", "C:\\\\Users\\\\a.txt", "/etc/passwd.txt"])
def test_a_path_in_a_file_name_is_refused(service, drafter, name):
    before = sorted((service.folder / "files").rglob("*"))
    refused(drafter.upload(name, f"值班安排。{name}".encode(), "text/plain"), 422, "路径")
    assert sorted((service.folder / "files").rglob("*")) == before


def test_a_secrecy_above_what_the_installation_allows(drafter):
    before = mine(drafter)
    problem = refused(drafter.post("/documents/outgoing", {**NOTICE, "secrecy": "绝密", "secrecy_term": "1年"}), 422)
    assert "secrecy" in problem["errors"]
    assert mine(drafter) == before


def test_two_submits_at_once(drafter):
    made = drafter.post("/documents/outgoing", NOTICE).json
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: drafter.post(f"/documents/outgoing/{made['id']}/submit"), range(6)))
    assert sorted(a.status for a in answers) == [200, 409, 409, 409, 409, 409]


def test_acting_on_a_done_task(drafter, head):
    made = drafter.post("/documents/outgoing", NOTICE).json
    instance = drafter.post(f"/documents/outgoing/{made['id']}/submit").json["instance"]
    task = head.task(instance)
    assert head.post(f"/tasks/{task['id']}/actions", {"action": "approve"}).status == 200
    refused(head.post(f"/tasks/{task['id']}/actions", {"action": "approve"}), 409)


def test_an_action_the_step_does_not_offer(drafter, head):
    made = drafter.post("/documents/outgoing", NOTICE).json
    instance = drafter.post(f"/documents/outgoing/{made['id']}/submit").json["instance"]
    task = head.task(instance)
    refused(head.post(f"/tasks/{task['id']}/actions", {"action": "add_sign", "to": ["officer"]}), 409)
    assert head.task(instance)["id"] == task["id"]


def test_tokens(service, drafter):
    refused(Rest(service.url, "oa_" + "x" * 43).get("/me"), 401)
    refused(Rest(service.url).get("/me"), 401)
    reading = Rest(service.url, token(service.config, "drafter", "--read-only"))
    assert reading.get("/me").status == 200
    refused(reading.post("/documents/outgoing", NOTICE), 403)


def test_json_that_is_none(drafter):
    answer = drafter.call("POST", "/documents/outgoing", b'{"title": ', **{"Content-Type": "application/json"})
    assert answer.status in (400, 422), str(answer)
    refused(drafter.post("/documents/outgoing", {"kind": "喜报", "title": 5}), 422)


def test_a_post_without_csrf_is_refused(service):
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    opener.open(service.url + "/sign-in").read()
    data = urllib.parse.urlencode({"username": "drafter", "password": "Yunling-2026"}).encode()
    with pytest.raises(urllib.error.HTTPError) as raised:
        opener.open(service.url + "/sign-in", data)
    assert raised.value.code == 403


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("name: a.b\ntitle: 环\nsteps:\n  - {id: one, title: 一, people: drafter, next: two}\n"
         "  - {id: two, title: 二, people: {head_of: nobody_rule}, next: end}\n", 5, "nobody_rule"),
        ("name: a.b\ntitle: 缩进\nsteps:\n  - {id: one, title: 一, people: drafter, next: end}\n   - {id: two}\n",
         5, ""),
        ("name: a.b\ntitle: 规则\nsteps:\n  - {id: one, title: 一, people: drafter, next: two}\n"
         "  - {id: two, title: 二, people: {wizard: x}, next: end}\n", 5, "wizard"),
        ("name: a.b\ntitle: 去向\nsteps:\n  - {id: one, title: 一, people: drafter, next: twoo}\n"
         "  - {id: two, title: 二, people: drafter, next: end}\n", 4, "twoo"),
    ],
)
def test_a_wrong_workflow_is_answered_with_line_and_reason(demo, tmp_path, text, line, word):
    file = tmp_path / "wrong.yaml"
    file.write_text(text, encoding="utf-8")
    done = oa("workflow", "validate", str(file), config=demo / "oa.yaml", check=False)
    assert done.returncode == 1
    assert f":{line}" in done.stderr and word in done.stderr, done.stderr
    assert oa("workflow", "publish", str(file), config=demo / "oa.yaml", check=False).returncode == 1
    assert "a.b" not in oa("workflow", "list", config=demo / "oa.yaml").stdout


def test_a_workflow_that_runs_in_a_circle_by_itself(demo, tmp_path):
    file = tmp_path / "circle.yaml"
    file.write_text(
        "name: a.b\ntitle: 圈\nsteps:\n  - {id: one, title: 一, people: drafter, next: two}\n"
        "  - {id: two, title: 二, people: {user: head}, next: three}\n"
        "  - {id: three, title: 三, people: {user: head}, next: two}\n", encoding="utf-8")
    done = oa("workflow", "validate", str(file), config=demo / "oa.yaml", check=False)
    assert done.returncode == 1 and "two" in done.stderr


def test_commands_say_what_is_wrong_without_a_traceback(tmp_path):
    for arguments, code in ((["nonsense"], 2), (["serve"], 2), (["verify", "missing.pdf"], 2), (["init"], 2),
                            (["--config", "nowhere.yaml", "doctor"], 2)):
        done = subprocess.run([*OA, *arguments], capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == code, (arguments, done.returncode, done.stderr)
        assert done.stderr.strip() and "Traceback" not in done.stderr
