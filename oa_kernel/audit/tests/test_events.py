"""Reading the record: by action and by kind along an index, whatever the table's size."""

import pytest

from oa_kernel import audit, db
from oa_kernel.audit.events import actions_like
from oa_kernel.audit.models import Event
from oa_kernel.errors import BadRequest

pytestmark = pytest.mark.oa_databases


@pytest.fixture
def record(oa):
    """Forty events of five actions on two kinds, newest last."""
    for n in range(8):
        for action in ("session.opened", "session.refused", "sessions", "paper.sent", "paper.read"):
            audit.record(action, "paper" if action.startswith("paper") else "person", n)


def walk(**filters):
    """All events of the filter, page by page, as (action, object)."""
    found, cursor = [], None
    while True:
        page = audit.events(limit=3, cursor=cursor, **filters)
        found += [(e.action, e.object_id) for e in page.items]
        cursor = page.next
        if cursor is None:
            return found


@pytest.mark.parametrize(("text", "wanted"), [
    ("session.opened", {"session.opened"}), ("session.", {"session.opened", "session.refused"}),
    ("session", {"session.opened", "session.refused", "sessions"}), ("paper.r", {"paper.read"}), ("nothing", set()),
])
def test_an_action_is_found_by_its_name_or_its_beginning_newest_first(record, text, wanted):
    ids = [e.id for e in Event.select().where(Event.action.in_(list(wanted))).order_by(Event.id.desc())]
    rows = {e.id: (e.action, e.object_id) for e in Event.select()}
    assert walk(action=text) == [rows[i] for i in ids]


def test_filters_are_joined(record):
    assert walk(action="session.", object_id="5") == [("session.refused", "5"), ("session.opened", "5")]
    assert walk(action="paper.", kind="person") == []


def test_what_stands_for_any_character_elsewhere_is_a_character_here(record):
    assert walk(action="session_") == walk(action="%") == []


def test_a_page_of_many_actions_is_two_statements(record, count_queries):
    with count_queries() as statements:
        audit.events(action="session.", limit=3)
    assert len(statements) == 2


def test_a_foreign_cursor_is_refused(record):
    with pytest.raises(BadRequest):
        audit.events(action="session.", cursor="x")


def plan(statement, values):
    explain = "EXPLAIN QUERY PLAN " if db.engine_name() == "sqlite" else "EXPLAIN "
    return "\n".join(str(row) for row in db.database.execute_sql(explain + statement, values).fetchall())


@pytest.mark.parametrize("column", ["action", "kind"])
def test_the_newest_of_an_action_or_a_kind_come_from_the_end_of_an_index(record, column):
    if db.is_postgresql():
        db.database.execute_sql("SET enable_seqscan = off")  # forty rows are read whole otherwise
        db.database.execute_sql("SET enable_bitmapscan = off")
    text, values = (
        Event.select().where(getattr(Event, column) == "paper.sent").order_by(Event.id.desc()).limit(51).sql()
    )
    found = plan(text, values)
    assert f"audit_event_{column}_id" in found or f"event_{column}_id" in found
    assert "TEMP B-TREE" not in found.upper() and "Sort" not in found


def test_which_actions_there_are_is_asked_of_the_index_alone(record, count_queries):
    with count_queries() as statements:
        assert actions_like("p") == ["paper.read", "paper.sent"]
    found = plan(statements[0], ())
    assert "COVERING INDEX" in found.upper() or "Index Only Scan" in found or db.is_postgresql()
