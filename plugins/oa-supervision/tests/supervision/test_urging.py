"""The longer something is late, the more people hear of it."""

import pytest
from oa_supervision.models import Item
from oa_supervision.services import items, urging

from oa_kernel import clock
from oa_kernel.errors import Conflict, Forbidden

pytestmark = pytest.mark.oa_databases


def told(oa_outbox, *people):
    return {p.username for p in people if any(n.title.startswith("催办") for n in oa_outbox.inbox(p))}


@pytest.mark.parametrize(("day", "who"), [
    ("2026-11-25", set()), ("2026-11-26", {"officer"}), ("2026-11-27", {"officer"}), ("2026-11-30", {"officer"}),
    ("2026-12-02", {"officer", "head"}), ("2026-12-08", {"officer", "head", "deputy", "supervisor"})])
def test_by_itself(desk, oa_outbox, day, who):
    desk.item(due="2026-11-27", person="officer")  # a Friday
    with clock.freeze(f"{day}T08:30:00+08:00"):
        urging.daily()
        assert urging.daily() == 0, "twice a day"
    assert told(oa_outbox, desk.officer, desk.head, desk.deputy, desk.supervisor) == who


def test_by_hand_once_a_day(desk, oa_outbox):
    item = desk.item()
    with pytest.raises(Forbidden):
        urging.urge(item, desk.officer)
    assert urging.urge(item, desk.supervisor, "请抓紧") == 1
    assert told(oa_outbox, desk.head) == {"head"} and Item.get_by_id(item.id).urges == 1
    with pytest.raises(Conflict):
        urging.urge(item, desk.supervisor)


def test_what_is_closed_is_not_urged(desk):
    item = desk.item(due="2026-11-23")
    items.close(item, desk.supervisor, "不办了", cancel=True)
    with clock.freeze("2026-12-20T08:30:00+08:00"):
        assert urging.daily() == 0
