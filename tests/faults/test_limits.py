"""Uploads over the limit, tokens and sessions that ended, forged posts, two at once: refused, and nothing left."""

import concurrent.futures
import http.client
import re
import urllib.error
import urllib.parse
import urllib.request

import pytest

from ..client import Rest
from ..service import Service, copy_of, oa, rows, token
from ..texts import NOTICE
from .test_bad_input import refused

GIB = 1024**3
HEAD = (
    b'--m\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
    b"Content-Type: text/plain\r\n\r\n"
)
PASSWORD = "Yunling-2026"


@pytest.fixture(scope="module")
def small(demo_template, tmp_path_factory):
    """Two web workers, and uploads of at most 4 MiB."""
    running = Service(
        copy_of(demo_template, tmp_path_factory.mktemp("small") / "demo"), workers=2,
        environ={"OA_STORAGE_MAX_UPLOAD": str(4 * 1024**2)},
    ).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def drafter(small):
    return Rest(small.url, token(small.config, "drafter"))


@pytest.fixture(scope="module")
def head(small):
    return Rest(small.url, token(small.config, "head"))


def blobs(service):
    return sorted(p for p in (service.folder / "files").rglob("*") if p.is_file())


def connection_of(service):
    return http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)


def sent_headers(service, secret, **headers):
    """A connection on which the head of an upload has been sent."""
    connection = connection_of(service)
    connection.putrequest("POST", "/api/v1/files")
    connection.putheader("Authorization", f"Bearer {secret}")
    connection.putheader("Content-Type", "multipart/form-data; boundary=m")
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    return connection


@pytest.mark.parametrize("over", [2 * GIB, 20 * 1024**2], ids=["2 GiB", "20 MiB"])
def test_an_attachment_declared_over_the_limit_is_refused_before_it_is_sent(small, drafter, over):
    before = blobs(small)
    connection = sent_headers(small, drafter.token, Content_Length=str(over), Expect="100-continue")
    answer = connection.getresponse()
    assert answer.status == 413
    assert b"4 MB" in answer.read()
    assert blobs(small) == before


def test_a_declared_2_gib_is_refused_though_the_client_does_not_ask_first(small, drafter):
    answer = sent_headers(small, drafter.token, Content_Length=str(2 * GIB)).getresponse()
    assert answer.status == 413 and answer.headers["content-type"].startswith("application/problem+json")


def test_a_chunked_stream_over_the_limit_is_cut_off(small, drafter):
    before = blobs(small)
    connection = sent_headers(small, drafter.token, Transfer_Encoding="chunked")
    sent = 0
    try:
        for piece in (HEAD, *(b"duty " * 20_000 for _ in range(400))):  # 40 MB
            connection.send(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            sent += len(piece)
        connection.send(b"0\r\n\r\n")
    except OSError:
        assert sent > 4 * 1024**2, "cut off before the limit"
    answer = connection.getresponse()
    assert answer.status == 413
    assert b"4" in answer.read()
    assert blobs(small) == before
    assert drafter.upload("小文件.txt", "值班表".encode(), "text/plain").status == 201


def test_an_upload_that_breaks_off_leaves_nothing(small, drafter):
    before = blobs(small)
    connection = sent_headers(small, drafter.token, Content_Length=str(3 * 1024**2))
    connection.send(HEAD + b"duty " * 100_000)
    connection.close()
    assert drafter.get("/me").status == 200
    for _ in range(100):
        if blobs(small) == before:
            return
    assert blobs(small) == before


def test_an_attachment_that_is_not_there_or_somebody_elses(small, drafter):
    other = Rest(small.url, token(small.config, "officer"))
    theirs = other.upload("他人.txt", "他人的文件".encode(), "text/plain").json["id"]
    for number in (theirs, 99_999_999):
        problem = refused(drafter.post("/documents/outgoing", {**NOTICE, "attachments": [number]}), 422, str(number))
        assert "attachments" in problem["errors"]
        assert drafter.get(f"/files/{number}").status == 404


def test_an_expired_token(small):
    secret = token(small.config, "drafter", "--expires", "1h", "--title", "to expire")
    rest = Rest(small.url, secret)
    assert rest.get("/me").status == 200
    rows(small.folder, "UPDATE identity_token SET expires_at = '2000-01-01 00:00:00' WHERE title = 'to expire'")
    problem = refused(rest.get("/me"), 401)
    assert "令牌" in problem["detail"]


def test_a_revoked_token_and_one_of_somebody_disabled(small):
    secret = token(small.config, "d05p2")
    oa("user", "disable", "d05p2", config=small.config)
    refused(Rest(small.url, secret).get("/me"), 401)


def test_a_read_only_token_changes_nothing(small):
    rest = Rest(small.url, token(small.config, "drafter", "--read-only"))
    before = len(rest.get("/documents/outgoing?limit=200").json["items"])
    refused(rest.post("/documents/outgoing", NOTICE), 403)
    refused(rest.upload("a.txt", b"duty", "text/plain"), 403)
    refused(rest.post("/notifications/1/read"), 403)
    assert len(rest.get("/documents/outgoing?limit=200").json["items"]) == before


class Browser:
    """Cookies and forms, nothing else; redirects are followed."""

    def __init__(self, service):
        self.url = service.url
        self.jar = urllib.request.HTTPCookieProcessor()
        self.opener = urllib.request.build_opener(self.jar)

    def get(self, path):
        return self._call(path, None)

    def post(self, path, **fields):
        return self._call(path, urllib.parse.urlencode(fields).encode())

    def _call(self, path, data):
        try:
            with self.opener.open(self.url + path, data) as answer:
                return answer.status, answer.geturl(), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.geturl(), error.read().decode()

    def csrf(self, path):
        found = re.search(r'name="_csrf" value="([^"]+)"', self.get(path)[2])
        assert found, f"no form on {path}"
        return found[1]

    def sign_in(self, username):
        status, url, _ = self.post("/sign-in", username=username, password=PASSWORD, _csrf=self.csrf("/sign-in"))
        assert status == 200 and "/sign-in" not in url
        return self

    def session(self):
        return next(c for c in self.jar.cookiejar if c.name == "oa_session")


def test_a_session_is_worth_nothing_after_signing_out(small):
    browser = Browser(small).sign_in("drafter")
    assert browser.get("/todo")[0] == 200
    secret = browser.session().value
    status, url, _ = browser.post("/sign-out", _csrf=browser.csrf("/todo"))
    assert status == 200
    request = urllib.request.Request(small.url + "/todo", headers={"Cookie": f"oa_session={secret}"})
    with urllib.request.urlopen(request) as answer:
        assert "/sign-in" in answer.geturl(), "the old session still opens the to-do list"
    refused(Rest(small.url).get("/me", Cookie=f"oa_session={secret}"), 401)


def test_a_signed_in_post_without_csrf_changes_nothing(small, drafter):
    browser = Browser(small).sign_in("drafter")
    before = len(drafter.get("/documents/outgoing?limit=200").json["items"])
    for fields in ({}, {"_csrf": "x"}, {"_csrf": Browser(small).csrf("/sign-in")}):
        status, _, page = browser.post("/sign-out", **fields)
        assert status == 403 and "没有执行任何操作" in page
    connection = connection_of(small)
    connection.request("POST", "/api/v1/documents/outgoing", body="{}", headers={
        "Cookie": f"oa_session={browser.session().value}", "Content-Type": "application/json"})
    assert connection.getresponse().status == 403
    assert browser.get("/todo")[0] == 200
    assert len(drafter.get("/documents/outgoing?limit=200").json["items"]) == before


def at_once(call, times=8):
    with concurrent.futures.ThreadPoolExecutor(times) as pool:
        return sorted(a.status for a in pool.map(lambda _: call(), range(times)))


def test_two_submits_at_once_in_two_processes(small, drafter):
    for _ in range(5):
        made = drafter.post("/documents/outgoing", NOTICE).json
        assert at_once(lambda made=made: drafter.post(f"/documents/outgoing/{made['id']}/submit")) == [200] + [409] * 7


def test_two_approvals_at_once_in_two_processes(small, drafter, head):
    for _ in range(5):
        made = drafter.post("/documents/outgoing", NOTICE).json
        instance = drafter.post(f"/documents/outgoing/{made['id']}/submit").json["instance"]
        task = head.task(instance)
        found = at_once(lambda task=task: head.post(f"/tasks/{task['id']}/actions", {"action": "approve"}))
        assert found == [200] + [409] * 7
        trail = drafter.get(f"/instances/{instance}").json["trail"]
        assert [t["action"] for t in trail] == ["submit", "approve"]


def test_the_same_post_twice_at_once_has_one_effect(small, drafter):
    before = len(drafter.get("/documents/outgoing?limit=200").json["items"])
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(
            lambda _: drafter.post("/documents/outgoing", NOTICE, **{"Idempotency-Key": "one and only"}), range(6)))
    assert {a.status for a in answers} == {201} and len({a.json["id"] for a in answers}) == 1
    assert len(drafter.get("/documents/outgoing?limit=200").json["items"]) == before + 1


def test_a_title_that_is_missing_or_endless(drafter):
    problem = refused(drafter.post("/documents/outgoing", {**NOTICE, "title": "长" * 301}), 422)
    assert "title" in problem["errors"]
    made = drafter.post("/documents/outgoing", {**NOTICE, "title": ""}).json
    problem = refused(drafter.post(f"/documents/outgoing/{made['id']}/submit"), 422)
    assert "title" in problem["errors"]
    assert drafter.get(f"/documents/outgoing/{made['id']}").json["state"] == "draft"
