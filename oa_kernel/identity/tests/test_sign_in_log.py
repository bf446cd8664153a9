"""The sign-in log: every way in, out and not in; device and place in words; found along an index; kept half a year."""

import datetime as dt

import pyotp
import pytest

from oa_kernel import clock, context, db, identity
from oa_kernel.errors import ConfigError, Unauthenticated
from oa_kernel.identity.devices import device_of, family_of, place_of
from oa_kernel.identity.models import Session, SignIn
from oa_kernel.identity.sign_in_log import forget_old
from oa_kernel.identity.tidy import tidy

EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36 Edg/126.0.2592.87"
DEVICES = {
    EDGE: "Edge 126 · Windows",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36":
        "Chrome 130 · Windows",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0": "Firefox 128 · Linux",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 "
    "Safari/604.1": "Safari 17 · iPhone",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15":
        "Safari 17 · macOS",
    "Mozilla/5.0 (Linux; Android 14; V2309A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile "
    "Safari/537.36 wxwork/4.1.28 MicroMessenger/7.0.1": "企业微信 4 · Android",
    "Mozilla/5.0 (Linux; Android 12; HarmonyOS; NOH-AN00) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0 HuaweiBrowser/15.0 "
    "Mobile Safari/537.36": "华为浏览器 15 · 鸿蒙",
    "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko": "Internet Explorer 11 · Windows 7",
    "Mozilla/5.0 (X11; Linux x86_64) UOS Chrome/115.0.5790.170 UOSBrowser/6.1": "统信浏览器 6 · 统信 UOS",
    "Mozilla/5.0 (X11; Linux x86_64; Kylin) Gecko/20100101 Firefox/115.0": "Firefox 115 · 麒麟",
    "curl/8.5.0": "curl 8",
    "": "",
    "a" * 500: "a" * 40,
}


@pytest.mark.parametrize(("agent", "said"), DEVICES.items())
def test_a_device_in_words(agent, said):
    assert device_of(agent) == said


def test_an_update_of_the_browser_is_the_same_device():
    assert family_of(EDGE) == family_of(EDGE.replace("126", "131")) == "Edge · Windows"


@pytest.mark.parametrize(("ip", "said"), [
    ("10.1.2.3", "办公楼"), ("10.9.0.1", "政务外网"), ("::ffff:10.1.2.3", "办公楼"), ("2001:db8::5", "分局"),
    ("203.0.113.7", "接待室"),
    ("192.168.1.2", "内网"), ("127.0.0.1", "本机"), ("8.8.8.8", "外网"), ("", ""), ("unknown", ""),
])
def test_a_place_is_named_by_the_organisations_networks(oa_configure, ip, said):
    oa_configure("security", places=[
        {"name": "办公楼", "networks": ["10.1.0.0/16"]}, {"name": "政务外网", "networks": ["10.0.0.0/8"]},
        {"name": "分局", "networks": ["2001:db8::/32"]}, {"name": "接待室", "networks": ["203.0.113.7"]},
    ])
    assert place_of(ip) == said


def test_a_network_that_is_none_is_named_in_the_configuration(oa_configure):
    with pytest.raises(ConfigError, match="10.0.0.0/99"):
        oa_configure("security", places=[{"name": "办公楼", "networks": ["10.0.0.0/99"]}])


@pytest.fixture
def lin(make):
    return make.person("lin", "林", password="Kraftwerk-7-Lampe")


def wrong(username="lin"):
    with pytest.raises(Unauthenticated):
        identity.authenticate(username, "wrong")


def results():
    return [row.result for row in SignIn.select().order_by(SignIn.id)]


def test_every_way_is_logged(lin):
    with context.acting(context.Actor(channel="web", ip="10.0.0.9", user_agent=EDGE)):
        wrong("nobody")
        wrong()
        identity.authenticate("lin", "Kraftwerk-7-Lampe")
        one, _ = identity.open_session(lin, ip="10.0.0.9", user_agent=EDGE)
        two, _ = identity.open_session(lin, ip="10.0.0.9", user_agent=EDGE)
        identity.end_session(one, by=lin)
        identity.end_session(two)
        for _ in range(5):
            wrong()
        wrong()
    assert results() == ["unknown", "refused", "ok", "ok", "signed_out", "ended", *["refused"] * 4, "locked_out", "locked"]
    rows = list(SignIn.select())
    assert {(r.ip, r.place, r.device) for r in rows} == {("10.0.0.9", "内网", "Edge 126 · Windows")}
    assert [r.person_id for r in rows] == [None, *[lin.id] * 11]


def test_a_name_nobody_has_is_not_kept(lin):
    wrong("my-secret-password")
    assert "my-secret-password" not in str([row.__data__ for row in SignIn.select()])


def test_the_second_factor_is_logged(lin):
    secret, _ = identity.begin_totp(lin)
    identity.confirm_totp(lin, pyotp.TOTP(secret).now())
    with clock.freeze(clock.now() + dt.timedelta(minutes=2)):
        session, _ = identity.open_session(identity.get(lin.id), ip="10.0.0.9", user_agent=EDGE)
        assert not identity.check_totp(lin, "000000")
        identity.rotate_session(session, complete=True)
    assert results() == ["password", "factor", "ok"]


def test_a_refusal_leaves_as_many_writes_whether_the_name_is_known_or_not(lin, count_queries):
    """Time must not tell who exists: what is written is the same."""
    written = []
    for name in ("lin", "nobody"):
        with count_queries() as statements:
            wrong(name)
        written.append(sorted(s.split()[0] for s in statements if s.split()[0] in ("INSERT", "BEGIN", "COMMIT")))
    assert written[0] == written[1]


@pytest.mark.oa_databases
def test_it_is_found_by_person_result_and_period_newest_first(make):
    lin, wu = make.person("lin", "林"), make.person("wu", "吴")
    for day in range(1, 7):
        with clock.freeze(f"2026-03-0{day}T09:00:00+08:00"):
            identity.open_session(lin, ip="10.0.0.1", user_agent=EDGE)
            wrong("wu")
    page = identity.sign_ins(person_id=lin.id, since=dt.date(2026, 3, 2), until=dt.date(2026, 3, 4), limit=2)
    rest = identity.sign_ins(person_id=lin.id, since=dt.date(2026, 3, 2), until=dt.date(2026, 3, 4), limit=2, cursor=page.next)
    days = [clock.local(row.at).day for row in [*page.items, *rest.items]]
    assert days == [4, 3, 2] and rest.next is None
    failed = identity.sign_ins(result="failed").items
    assert len(failed) == 6 and {r.person_id for r in failed} == {wu.id}
    assert [r.result for r in failed].count("locked_out") == 1


def test_a_page_is_one_statement_along_an_index(lin, count_queries):
    for filters in ({"person_id": lin.id}, {"result": "refused"}, {"since": dt.date(2026, 3, 1)}):
        with count_queries() as statements:
            identity.sign_ins(**filters)
        assert len(statements) == 1
        if db.engine_name() == "sqlite":
            sql, values = SignIn.select().where(
                *[c for c in (SignIn.person_id == 1 if "person_id" in filters else None,
                              SignIn.result == "refused" if "result" in filters else None) if c is not None],
                SignIn.at >= clock.now(),
            ).order_by(SignIn.at.desc(), SignIn.id.desc()).limit(51).sql()
            plan = str(db.database.execute_sql("EXPLAIN QUERY PLAN " + sql, values).fetchall())
            assert "USING INDEX identity_sign_in" in plan or "USING INDEX signin" in plan, plan
            assert "TEMP B-TREE" not in plan


def test_it_is_kept_for_its_time_and_then_goes(oa_configure, lin):
    for days, kept in ((364, 1), (366, 0)):
        identity.open_session(lin, ip="10.0.0.1", user_agent=EDGE)
        SignIn.delete().where(SignIn.id < SignIn.select(db.fn.MAX(SignIn.id))).execute()
        with clock.freeze(clock.now() + dt.timedelta(days=days)):
            forget_old() if days == 364 else tidy()
            assert SignIn.select().count() == kept
    with pytest.raises(ConfigError, match="183"):
        oa_configure("security", sign_in_log_days=90)


def test_the_log_knows_a_device_after_its_session_is_forgotten(lin):
    identity.open_session(lin, ip="10.0.0.1", user_agent=EDGE)
    Session.delete().execute()
    again, _ = identity.open_session(lin, ip="10.0.0.2", user_agent=EDGE.replace("126", "140"))
    assert not identity.is_new_device(again)
    other, _ = identity.open_session(lin, ip="10.0.0.2", user_agent="Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0")
    assert identity.is_new_device(other)
