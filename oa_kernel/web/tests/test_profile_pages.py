"""One's own pages; and the session under them: ended means ended, forged means refused, secrets change as rights grow."""

from __future__ import annotations

import datetime as dt
import re

import pyotp
import pytest

from oa_kernel import clock, identity, runtime
from oa_kernel.errors import Unauthenticated
from oa_kernel.identity.models import Person, Session, Token
from oa_kernel.testing.factories import PASSWORD
from oa_kernel.web.tests.pages import Browser, last_event


@pytest.fixture
def clerk(make):
    return make.person("clerk", "周经办", make.department("办公室"), posts=[("科员", "member")])


@pytest.fixture
def browser(oa_client, clerk):
    return Browser(oa_client(clerk), clerk)


def cookie(client):
    found = client.get_cookie("oa_session")
    return found.value if found else None


def sign_in(client, username="clerk", password=PASSWORD, **more):
    page = client.get("/sign-in").text
    token = re.search(r'name="_csrf" value="([^"]+)"', page)[1]
    return client.post("/sign-in", data={"_csrf": token, "username": username, "password": password, **more})


@pytest.mark.parametrize("path", ["/profile", "/profile/password", "/profile/second-factor", "/profile/sessions",
                                  "/profile/tokens", "/profile/preferences", "/people"])
def test_one_s_own_pages_open_and_a_stranger_is_sent_to_sign_in(browser, oa_client, path):
    browser.get(path)
    assert oa_client().get(path).status_code in (302, 303, 401)


def test_details_are_saved_and_a_wrong_one_stays_typed(browser, clerk):
    assert "要填写当前密码" in browser.post("/profile", 422, email="zhou@example.cn", phone="8012", mobile="", password="no")
    assert Person.get_by_id(clerk.id).email == ""
    assert "已保存" in browser.post("/profile", email="zhou@example.cn", phone="8012", mobile="13800138000", password=PASSWORD)
    assert Person.get_by_id(clerk.id).phone == "8012"
    page = browser.post("/profile", 422, email="not-an-address", phone="8012", mobile="", password=PASSWORD)
    assert 'value="not-an-address"' in page and 'href="#field-email"' in page
    assert Person.get_by_id(clerk.id).email == "zhou@example.cn"


def test_name_and_user_name_cannot_be_changed_by_oneself(browser, clerk):
    browser.post("/profile", email="", phone="", mobile="", name="别人", username="admin")
    after = Person.get_by_id(clerk.id)
    assert (after.name, after.username) == ("周经办", "clerk")


def test_a_new_password_ends_the_other_sessions_and_changes_this_one(browser, clerk, oa_client):
    other, before = oa_client(clerk), cookie(browser.client)
    token = Session.select().order_by(Session.id).first().csrf
    browser.client.post("/profile/password", data={
        "_csrf": token, "old": PASSWORD, "new": "Neues-Wort-2027", "again": "Neues-Wort-2027"})
    assert identity.check_password(Person.get_by_id(clerk.id), "Neues-Wort-2027")
    assert cookie(browser.client) != before
    assert browser.status("/profile") == 200
    assert other.get("/profile").status_code in (302, 303, 401)
    assert identity.session_by_secret(before) is None


def test_a_wrong_old_password_changes_nothing(browser, clerk):
    assert "当前密码不正确" in browser.post("/profile/password", 422, old="x", new="Neues-Wort-2027",
                                            again="Neues-Wort-2027")
    assert identity.check_password(Person.get_by_id(clerk.id), PASSWORD)


def test_a_second_factor_is_bound_with_password_and_code(browser, clerk):
    assert "密码不正确" in browser.post("/profile/second-factor/begin", 422, password="x")
    secret = re.search(r"<code>([A-Z2-7]{16,})</code>", browser.post("/profile/second-factor/begin", password=PASSWORD))[1]
    assert "恢复码" in browser.post("/profile/second-factor/confirm", code=pyotp.TOTP(secret).now())
    assert "已绑定" in browser.get("/profile/second-factor")
    browser.post("/profile/second-factor/remove", password=PASSWORD)
    assert not Person.get_by_id(clerk.id).totp_secret


def test_a_token_is_shown_once_and_revoked(browser, clerk):
    page = browser.post("/profile/tokens", title="同步程序", days="30", read_only="1")
    secret = re.search(r'data-copy="([^"]+)"', page)[1]
    assert identity.token_by_secret(secret)[1].id == clerk.id
    assert secret not in browser.get("/profile/tokens")
    browser.post(f"/profile/tokens/{Token.get().id}/revoke")
    with pytest.raises(Unauthenticated):
        identity.token_by_secret(secret)


def test_somebody_elses_session_and_token_are_not_found(browser, make):
    other = make.person("other", "别人")
    session, secret = identity.open_session(other)
    token, _secret = identity.create_token(other, "别人的", 10)
    # the browser's own session is not the newest any more
    browser.post(f"/profile/sessions/{session.id}/end", 404)
    browser.post(f"/profile/tokens/{token.id}/revoke", 404)
    assert identity.session_by_secret(secret) is not None


def test_preferences_change_the_page(browser):
    assert 'lang="zh-CN"' in browser.get("/profile/preferences")
    browser.post("/profile/preferences", theme="dark", locale="en", large_type="1")
    assert 'lang="en"' in browser.get("/profile/preferences")
    assert last_event("person.preferences_set").after["theme"] == "dark"


def test_the_address_book_finds_by_pinyin_and_gives_a_card(browser, clerk):
    assert "周经办" in browser.get("/people?q=zhou")
    assert "没有找到人员" in browser.get("/people?q=xyz")
    assert "办公室 科员" in browser.get(f"/people/{clerk.id}")
    assert browser.client.get(f"/people/{clerk.id}.vcf").mimetype == "text/vcard"
    browser.get("/people/999999", 404)


def test_a_session_does_nothing_after_sign_out(browser):
    kept, token = cookie(browser.client), browser.csrf
    browser.client.post("/sign-out", data={"_csrf": token})
    browser.client.set_cookie("oa_session", kept)
    assert browser.status("/profile") in (302, 303, 401)
    assert identity.session_by_secret(kept) is None


@pytest.mark.parametrize("given", [{}, {"_csrf": ""}, {"_csrf": "x" * 32}])
def test_a_write_without_the_session_s_token_is_refused(browser, clerk, given):
    answer = browser.client.post("/profile", data={"phone": "1", **given})
    assert answer.status_code == 403
    assert Person.get_by_id(clerk.id).phone == ""


def test_another_session_s_token_is_refused(browser, clerk, oa_client, make):
    other = make.person("other", "别人")
    theirs = Browser(oa_client(other), other)
    assert browser.client.post("/profile", data={"phone": "1", "_csrf": theirs.csrf}).status_code == 403


def test_signing_in_never_takes_over_a_secret_that_was_planted(oa_client, clerk):
    client = oa_client()
    client.set_cookie("oa_session", "planted-by-somebody-else")
    assert sign_in(client).status_code in (302, 303)
    assert cookie(client) != "planted-by-somebody-else"
    assert identity.session_by_secret("planted-by-somebody-else") is None
    assert client.get("/profile").status_code == 200


def test_signing_in_again_ends_the_session_before(browser, clerk):
    before = cookie(browser.client)
    _session, other = identity.open_session(clerk)
    browser.client.post("/sign-out", data={"_csrf": Session.select().order_by(Session.id).first().csrf})
    assert sign_in(browser.client).status_code in (302, 303)
    assert cookie(browser.client) not in (before, other)
    assert identity.session_by_secret(before) is None


def test_an_idle_session_times_out(browser):
    minutes = runtime.current().config["security"]["session_idle_minutes"]
    assert browser.status("/profile") == 200
    later = clock.now() + dt.timedelta(minutes=minutes, seconds=1)
    with clock.freeze(later):
        assert browser.status("/profile") in (302, 303, 401)


def test_signing_in_leads_only_to_pages_of_ours(oa_client, clerk):
    answer = sign_in(oa_client(), next="https://evil.example/")
    assert answer.headers["Location"].startswith("/") and not answer.headers["Location"].startswith("//")


def test_a_wrong_password_is_refused_in_the_same_words_as_an_unknown_name(oa_client, clerk):
    wrong, unknown = sign_in(oa_client(), password="x"), sign_in(oa_client(), username="nobody", password="x")
    assert wrong.status_code == unknown.status_code and wrong.status_code in (401, 422)
    assert "用户名或密码不正确" in wrong.text and "用户名或密码不正确" in unknown.text


def test_devices_are_told_in_words(browser, clerk):
    edge = ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
            "Safari/537.36 Edg/126.0.0.0")
    identity.open_session(clerk, ip="10.1.2.3", user_agent=edge)
    page = browser.get("/profile/sessions")
    assert "> Edge 126 · Windows" in page or ">Edge 126 · Windows" in page
    assert "内网 10.1.2.3" in page and "当前设备" in page and "&lt;time" not in page
