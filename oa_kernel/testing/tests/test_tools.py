"""What plugin authors test with does what the guide says."""

import pytest

from oa_kernel import clock, db, outbox


def test_the_outbox_shows_what_would_leave_and_nothing_leaves_by_itself(oa, oa_outbox):
    outbox.put("nowhere", {"to": "a@example.org"})
    outbox.put("elsewhere", {"to": "b@example.org"})
    assert oa_outbox.topics() == ["nowhere", "elsewhere"]
    assert oa_outbox.payloads("nowhere") == [{"to": "a@example.org"}]
    assert len(oa_outbox) == 2
    assert oa_outbox.deliver() == 2  # tried; nobody handles these topics, so both wait for the next try
    assert "没有插件处理" in oa_outbox.rows("nowhere")[0].last_error


@pytest.mark.oa_databases
def test_a_marked_test_runs_on_both_engines(oa, oa_engine):
    assert db.engine_name() == oa_engine


@pytest.mark.oa_databases("postgresql")
def test_or_on_the_one_named(oa):
    assert db.is_postgresql()


def test_a_form_is_sent_with_its_token_and_a_bare_post_is_not(make, oa_client):
    client = oa_client(make.person("clerk", "科员"))
    assert client.post("/workbench/arrange", data={"do": "reset"}).status_code == 403
    assert client.submit("/workbench/arrange", {"do": "reset"}).status_code == 303


def test_the_clock_stands_where_it_was_put(oa, frozen):
    frozen("2026-11-24T09:00:00+08:00")
    assert clock.today().isoformat() == "2026-11-24"
    assert clock.now() == clock.now()
