"""Every signal of the kernel: what *happened*, told inside the transaction to whoever listens.

A receiver that raises rolls the transaction back; what may fail or is slow belongs in the outbox.
Receivers are called with the sender (a string: the room's name) and the keyword arguments given here.
Plugins make their own with :func:`signal`, so that the reference lists them too.
"""

from __future__ import annotations

from blinker import Signal

_documents: dict[str, tuple[Signal, str]] = {}


def signal(name: str, doc: str) -> Signal:
    """Makes and registers a documented signal. ``name`` is ``room.what_happened``."""
    if name in _documents:
        return _documents[name][0]
    made = Signal(doc)
    _documents[name] = (made, doc)
    return made


def documented() -> dict[str, str]:
    """All registered signals: name → documentation."""
    return {name: doc for name, (_, doc) in sorted(_documents.items())}


workflow_started = signal("workflow.started", "A case began. `instance`, `by`.")
workflow_task_created = signal("workflow.task_created", "A task was put before somebody. `instance`, `task`.")
workflow_task_completed = signal(
    "workflow.task_completed", "A task was done. `instance`, `task`, `action`, `by`, `comment`."
)
workflow_returned = signal(
    "workflow.returned", "A case went back. `instance`, `task`, `target` (step id), `by`, `comment`."
)
workflow_completed = signal("workflow.completed", "A case reached its end. `instance`, `by`.")
workflow_rejected = signal("workflow.rejected", "A case was rejected. `instance`, `by`, `comment`.")
workflow_withdrawn = signal("workflow.withdrawn", "The drafter took a case back. `instance`, `by`.")
workflow_cancelled = signal("workflow.cancelled", "A case was cancelled. `instance`, `by`, `comment`.")
workflow_retrieved = signal(
    "workflow.retrieved", "Who acted last took that back. `instance`, `task` (the new one), `target` (step id), `by`."
)
workflow_jumped = signal(
    "workflow.jumped", "An administrator moved a case. `instance`, `target` (step id), `by`, `comment`."
)
workflow_suspended = signal(
    "workflow.suspended", "A case stands still, or goes on again. `instance`, `suspended` (bool), `by`, `comment`."
)
workflow_reopened = signal(
    "workflow.reopened", "A case that had ended goes on; a receiver that raises prevents it. "
    "`instance`, `target` (step id), `by`, `comment`."
)
person_changed = signal("identity.person_changed", "A person was made or changed. `person`, `before` (dict).")
person_signed_in = signal("identity.signed_in", "Somebody signed in. `person`, `session`.")
record_ready = signal(
    "records.ready", "A thing is finished and may be kept as a record (see the hook oa_record_sources). `kind`, `subject_id`, `by`."
)
record_gone = signal(
    "records.gone", "A thing that was finished will not be kept after all: it was voided. `kind`, `subject_id`, `reason`, `by`."
)
change_asked = signal(
    "permissions.change_asked", "A change of security waits for a second person. `change`, `decide` (a permission)."
)
change_decided = signal(
    "permissions.change_decided", "It was confirmed, refused, withdrawn, or ran out. `change`; its `state` says which."
)
security_overridden = signal(
    "permissions.overridden", "A change was made at the console without the second person. `title`, `reason`, `decide`."
)
file_stored = signal("files.stored", "A file was stored. `file`.")
notification_sent = signal("notifications.sent", "A message was written for somebody. `notification`.")

__all__ = [
    "change_asked",
    "change_decided",
    "documented",
    "file_stored",
    "notification_sent",
    "person_changed",
    "person_signed_in",
    "record_ready",
    "signal",
    "workflow_cancelled",
    "workflow_completed",
    "workflow_jumped",
    "workflow_rejected",
    "workflow_reopened",
    "workflow_retrieved",
    "workflow_returned",
    "workflow_started",
    "workflow_suspended",
    "workflow_task_completed",
    "workflow_task_created",
    "workflow_withdrawn",
]
