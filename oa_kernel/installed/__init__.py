"""What is installed: plugins switched on and off, set, upgraded, and taken away with all they kept.

    installed.enable("visitors", by=person)            # written into the YAML file; in force after a restart
    installed.change_settings("visitors", form, by=person)
    installed.purge("visitors", by=person)             # exports first; only while it is disabled
    installed.differs()                                # what the file says otherwise than what runs

Command line and administration page use the same functions. With ``by`` the person needs ``kernel.plugins.manage``;
without, it is whoever runs the command.
"""

from __future__ import annotations

from .notes import Note, arrived, read_notes, unread_notes
from .purging import Plan, plan, purge
from .settings import SettingsForm, change_settings, settings_form
from .switching import differs, disable, enable, find, users_of, wanted
from .uses import Use, deprecated_uses

__all__ = [
    "Note", "Plan", "SettingsForm", "Use", "arrived", "change_settings", "deprecated_uses", "differs", "disable",
    "enable", "find", "plan", "purge", "read_notes", "settings_form", "unread_notes", "users_of", "wanted",
]
