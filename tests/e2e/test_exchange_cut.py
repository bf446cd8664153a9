"""The wire between two organisations is cut, and either is killed at the worst moment: nothing is lost, nothing doubled."""

import pytest

from ..service import rows
from .pair import Pair, until


@pytest.fixture
def pair(demo_template, tmp_path):
    made = Pair(demo_template, tmp_path, wire=True)
    yield made
    made.close()


def test_the_receiver_is_killed_while_it_takes_the_package_and_stays_away_for_a_while(pair):
    document = pair.document()
    pair.wire.turn("kill")
    dispatch = pair.send(document)
    until(pair.wire.seen.is_set)
    pair.wire.turn("pass")
    assert pair.theirs.process.wait(10) != 0
    until(lambda: rows(pair.ours.folder, "SELECT failures FROM exchange_partner WHERE last_error <> ''"))
    assert pair.state(document, dispatch)["state"] == "sent"
    pair.theirs.start()
    pair.becomes(document, dispatch, "delivered")
    assert len(pair.arrived(document)) == 1 and pair.taken(dispatch) == 1


def test_the_sender_is_killed_when_the_other_side_has_it_and_the_answer_is_on_its_way(pair):
    document = pair.document()
    pair.wire.turn("lose")
    dispatch = pair.send(document)
    until(pair.wire.seen.is_set)
    pair.ours.kill()
    pair.wire.turn("pass")
    assert len(pair.arrived(document)) == 1
    assert rows(pair.ours.folder, f"SELECT state FROM exchange_message WHERE subject_id = {dispatch}") == [("queued",)]
    pair.ours.start()
    number = rows(pair.ours.folder, f"SELECT id FROM exchange_message WHERE subject_id = {dispatch}")[0][0]
    assert pair.office.post(f"/exchange/messages/{number}/resend").status == 200
    pair.becomes(document, dispatch, "delivered")
    assert len(pair.arrived(document)) == 1 and pair.taken(dispatch) == 1
