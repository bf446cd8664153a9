"""What a browser is told with every answer, and what of refusals stands in the log."""

import logging

import pytest

from oa_kernel.testing.factories import PASSWORD
from oa_kernel.web.downloads import send_bytes
from oa_kernel.web.tests.pages import Browser


def cookies(answer):
    return {line.partition("=")[0]: line.lower() for line in answer.headers.getlist("Set-Cookie")}


@pytest.fixture
def https(oa_configure):
    """Configured before the application is put together."""
    return oa_configure("web", base_url="https://localhost", secure_cookies=True)


def test_over_https_cookies_are_this_hosts_alone_and_every_answer_says_what_it_may_do(https, make, oa_client):
    make.person("lin", "林")
    client = oa_client()
    form = client.get("/sign-in", base_url="https://localhost")
    token = form.text.partition('name="_csrf" value="')[2].partition('"')[0]
    entered = client.post("/sign-in", data={"_csrf": token, "username": "lin", "password": PASSWORD}, base_url="https://localhost")
    assert entered.status_code == 303
    for set_by, name, same_site in ((form, "__Host-oa_csrf", "strict"), (entered, "__Host-oa_session", "lax")):
        line = cookies(set_by)[name]
        for word in ("secure", "httponly", f"samesite={same_site}", "path=/"):
            assert word in line
        assert "domain" not in line
    page = client.get("/profile", base_url="https://localhost")
    assert page.status_code == 200
    asset = page.text.partition('href="/static/')[2].partition('"')[0]
    for answer in (page, client.get(f"/static/{asset}", base_url="https://localhost"),
                   client.get("/api/v1/nothing", base_url="https://localhost")):
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        for word in ("object-src 'none'", "base-uri 'none'", "frame-ancestors"):
            assert word in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert "'unsafe" not in page.headers["Content-Security-Policy"] and page.headers["Cache-Control"] == "no-store"


def test_signing_out_takes_back_what_the_browser_keeps(make, oa_client):
    browser = Browser(oa_client(person := make.person("lin", "林")), person)
    answer = browser.client.post("/sign-out", data={"_csrf": browser.csrf})
    assert '"storage"' in answer.headers["Clear-Site-Data"] and "max-age=0" in cookies(answer)["oa_session"]


def test_refusals_stand_in_the_log_on_one_line_each(make, oa_client, caplog):
    browser = Browser(oa_client(person := make.person("lin", "林")), person)
    with caplog.at_level(logging.WARNING, "oa.security"):
        browser.client.get("/admin/roles")
        browser.client.post("/profile%0aforged line", data={})
        browser.client.post("/profile", data={"email": "x@example.cn"}, headers={"X-Forwarded-For": "203.0.113.9"})
        oa_client().get("/api/v1/me", headers={"Authorization": "Bearer oa_secret"})
        assert oa_client().get("/sign-in", base_url="http://evil.example").status_code == 400
        browser.get("/todo")
    said = [r.getMessage() for r in caplog.records if r.name == "oa.security"]
    assert len(said) == 4 and all("\n" not in line and "oa_secret" not in line for line in said)
    assert f"person={person.id}" in said[0] and "'/admin/roles'" in said[0]
    assert "403 csrf POST '/profile'" in said[1] and "ip=127.0.0.1" in said[1], "there is no proxy to believe"
    assert "401 invalid_token" in said[2] and "400 unknown_host" in said[3]


def test_a_files_name_and_kind_make_no_header_and_no_page():
    answer = send_bytes(b"x", "text/html", "名\"\r\nSet-Cookie: a=b;.html", inline=True)
    assert answer.mimetype == "application/octet-stream" and "Set-Cookie" not in answer.headers
    assert answer.headers["Content-Disposition"].startswith("attachment; ") and "\n" not in answer.headers["Content-Disposition"]
    assert "sandbox" in answer.headers["Content-Security-Policy"]
