"""Every answer has its reason, in words."""

import datetime as dt

import pytest

from oa_kernel import clock, identity, permissions
from oa_kernel.errors import Invalid


def kinds(person, name, obj=None):
    reasons = permissions.explain(person, name, obj)
    assert reasons[0]["kind"] == "verdict"
    assert reasons[0]["allowed"] is permissions.allows(person, name, obj)
    return [r["kind"] for r in reasons[1:]]


def text(person, name, obj=None):
    return " ".join(r["text"] for r in permissions.explain(person, name, obj))


def test_by_a_grant_to_a_post(office, make):
    post = make.post(office["affairs"], "文书")
    identity.assign(office["zhang"], post)
    permissions.grant(post, "papers.branch", until=clock.today() + dt.timedelta(days=9))
    assert kinds(office["zhang"], "papers.read") == ["grant"]
    said = text(office["zhang"], "papers.read")
    for word in ("张三可以", "分管阅读", "业务处 文书", "本部门及下级", str(clock.today() + dt.timedelta(days=9))):
        assert word in said


def test_because_everybody_may(office):
    assert kinds(office["zhang"], "kernel.tasks.own") == ["everyone"]


def test_no_grant(office):
    assert kinds(office["zhang"], "papers.read") == ["no_grant"]


def test_unknown(office):
    assert kinds(office["zhang"], "papers.raed") == ["unknown"]


def test_taken_back_run_out_and_not_begun(office):
    permissions.revoke(permissions.grant(office["zhang"], "papers.writer"))
    tomorrow = clock.today() + dt.timedelta(days=1)
    permissions.grant(office["zhang"], "papers.all", since=tomorrow)
    assert kinds(office["zhang"], "papers.read") == ["ended", "not_begun"]
    permissions.grant(office["li"], "papers.all", until=tomorrow)
    with clock.freeze(clock.now() + dt.timedelta(days=1)):
        assert kinds(office["li"], "papers.read") == ["ended"]
        assert f"已于 {tomorrow} 到期" in text(office["li"], "papers.read")


@pytest.mark.parametrize(
    ("role", "whose", "kind"),
    [
        ("papers.writer", "zhang", "grant"), ("papers.writer", "li", "scope"), ("papers.division", "li", "scope"),
        ("papers.branch", "li", "grant"), ("papers.branch", "wang", "scope"), ("papers.all", "wang", "grant"),
    ],
)
def test_the_scope_covers_or_not(papers, office, role, whose, kind):
    permissions.grant(office["zhang"], role)
    assert kinds(office["zhang"], "papers.read", papers.get(papers.title == whose)) == [kind]


def test_chosen_departments_are_named(papers, office):
    permissions.grant(office["zhang"], "papers.chosen", scope_departments=[office["affairs"]])
    assert kinds(office["zhang"], "papers.read", papers.get(papers.title == "wang")) == ["grant"]
    assert "业务处" in text(office["zhang"], "papers.read")


def test_clearance_too_low(papers, office):
    permissions.grant(office["zhang"], "papers.all")
    secret = papers.get(papers.title == "secret")
    assert kinds(office["zhang"], "papers.read", secret) == ["grant", "clearance"]
    assert "秘密" in text(office["zhang"], "papers.read", secret)


def test_a_thing_named_by_kind_and_id_is_asked_of_its_plugin(office):
    person = office["zhang"]
    permissions.grant(person, "papers.all")
    for number, allowed in ((person.id, True), (person.id + 1, False)):
        verdict, seen, _ = permissions.explain(person, "papers.read", f"paper:{number}")
        assert (verdict["allowed"], seen["kind"], seen["allowed"]) == (allowed, "subject", allowed)
    with pytest.raises(Invalid, match="paper"):
        permissions.explain(person, "papers.read", "plane:7")


def test_disabled(office):
    permissions.grant(office["zhang"], "papers.all")
    identity.disable_person(office["zhang"])
    assert kinds(office["zhang"], "papers.read") == ["inactive"]


def test_not_by_this_token(office):
    permissions.grant(office["zhang"], "papers.all")
    _, secret = identity.create_token(office["zhang"], scopes=["kernel.tasks.own"])
    assert kinds(identity.token_by_secret(secret)[1], "papers.read") == ["token", "grant"]
