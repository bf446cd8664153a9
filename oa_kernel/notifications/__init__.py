"""Messages for people: an inbox in the application, and e-mail or plugins' channels by preference.

    notifications.send("workflow.task", to=[7, 9], title="请审核：…", url="/tasks/12", subject=("task", 12))
"""

from .inbox import get, list_for, mark_read, unread_count
from .mail import send_mail
from .preferences import preferences, set_preferences
from .resets import ask_reset
from .send import channels, kinds, send, wanted

__all__ = [
    "ask_reset", "channels", "get", "kinds", "list_for", "mark_read", "preferences", "send", "send_mail", "set_preferences",
    "unread_count", "wanted",
]
