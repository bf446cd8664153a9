"""The declarative objects that plugins answer hooks with. Plain data; nothing here does anything.

Callables inside them are called by the room that owns the matter, with the arguments their field names.
"""

from .background import NotificationChannel, NotificationKind, OutboxHandler, QueuedTask, ScheduledTask
from .plugin import Benchmark, DemoData, Diagnostic, PluginInfo, Theme
from .records import FileGuard, Record, RecordPart, RecordSource, Verifier
from .rights import Authenticator, GuardedChange, Permission, Role
from .screens import NavItem, SearchSource, SubjectAction, Widget
from .tables import LedgerDeclaration, Sheet, SheetColumn
from .workflow import PeopleRule, WorkflowEffect, WorkflowService, WorkflowSubject

__all__ = [
    "Authenticator",
    "Benchmark",
    "DemoData",
    "Diagnostic",
    "FileGuard",
    "GuardedChange",
    "LedgerDeclaration",
    "NavItem",
    "NotificationChannel",
    "NotificationKind",
    "OutboxHandler",
    "PeopleRule",
    "Permission",
    "PluginInfo",
    "QueuedTask",
    "Record",
    "RecordPart",
    "RecordSource",
    "Role",
    "ScheduledTask",
    "SearchSource",
    "Sheet",
    "SheetColumn",
    "SubjectAction",
    "Theme",
    "Verifier",
    "Widget",
    "WorkflowEffect",
    "WorkflowService",
    "WorkflowSubject",
]
