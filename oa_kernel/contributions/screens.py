"""What stands on the screen: navigation, cards of the workbench, what the search box finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class NavItem:
    """A page in the left navigation.

    ``group`` is one of ``workbench documents archives calendar resources ledgers requests compliance admin``.
    """

    group: str
    title: str
    endpoint: str
    icon: str = "file-text"
    #: shown to who holds this permission; None: to everybody signed in
    permission: str | None = None
    order: int = 100
    #: ``count(person) -> int`` shown as a badge; asked on full pages only, must be one indexed query
    count: Callable[[Any], int] | None = None
    #: ``visible(person) -> bool``, where one permission does not say it; asked once as long as the rights are the same
    visible: Callable[[Any], bool] | None = None


@dataclass(frozen=True)
class Widget:
    """A card on the workbench. ``render(person) -> Markup | str`` gives its inside (HTML)."""

    name: str
    title: str
    render: Callable[[Any], str]
    icon: str = "layout"
    permission: str | None = None
    #: columns of 12 on a wide screen
    width: int = 6
    order: int = 100
    #: shown to a person who has arranged nothing
    default: bool = True


@dataclass(frozen=True)
class SearchSource:
    """Where the search box looks. ``find(person, q, limit) -> list[{title, url, snippet, at, icon}]``."""

    name: str
    title: str
    find: Callable[[Any, str, int], list[dict[str, Any]]]
    permission: str | None = None
    order: int = 100


@dataclass(frozen=True)
class SubjectAction:
    """What a plugin offers on the page of another plugin's thing (a document, a case): a link beside the page's own.

    ``url(kind, subject_id, title) -> str`` is where it leads: ``kind`` as in ``WorkflowSubject``, ``case`` and the instance's id
    for a case that is about nothing.
    """

    name: str
    title: str
    url: Callable[[str, str, str], str]
    icon: str = "external-link"
    #: shown only to those who hold it
    permission: str | None = None
    order: int = 100


__all__ = ["NavItem", "SearchSource", "SubjectAction", "Widget"]
