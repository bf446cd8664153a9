"""What would leave the house: the outbox and the inboxes of a test's installation, read as plain values."""

from __future__ import annotations

from typing import Any


class Outbox:
    """``oa_outbox``: nothing is delivered until the test says so.

    ::

        services.dispatch(document, by=person)
        assert [m["to"] for m in oa_outbox.payloads("mail")] == ["office@example.org"]
    """

    def rows(self, topic: str | None = None, state: str = "pending") -> list[Any]:
        """Errands in the order they were put; of one topic, if it is given."""
        from oa_kernel.outbox.models import Row

        query = Row.select().where(Row.state == state)
        return list((query.where(Row.topic == topic) if topic else query).order_by(Row.id))

    def payloads(self, topic: str | None = None) -> list[dict[str, Any]]:
        """What the errands that wait carry."""
        return [row.payload for row in self.rows(topic)]

    def topics(self) -> list[str]:
        """Topics of what waits, in order."""
        return [row.topic for row in self.rows()]

    def deliver(self) -> int:
        """Carries out what is due, as the worker would; how many errands were tried."""
        from oa_kernel import outbox

        return outbox.drain()

    def inbox(self, person: Any) -> list[Any]:
        """Messages somebody has, oldest first (``title``, ``body``, ``url``, ``kind``)."""
        from oa_kernel.notifications.models import Notification

        return list(Notification.select().where(Notification.person_id == person.id).order_by(Notification.id))

    def __len__(self) -> int:
        return len(self.rows())


__all__ = ["Outbox"]
