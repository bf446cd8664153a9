"""The kernel's own REST routes, thin, over the same services as its pages."""

from __future__ import annotations

from typing import Any


def apis() -> list[Any]:
    """All of them, in the order of the description."""
    from . import access, files, instances, me, notifications, people, review, search, stand_ins, tasks, workflow_statistics, workflows

    return [me.api, people.api, files.api, tasks.api, instances.api, notifications.api, search.api, workflows.api,
            stand_ins.api, workflow_statistics.api, review.api, access.api]
