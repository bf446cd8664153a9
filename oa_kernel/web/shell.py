"""``oa`` in every template: who is here, where one can go, what waits. Nothing is asked of the database before a
template names it; what everybody's every page needs is kept in the process."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import Any

from flask import current_app, g, get_flashed_messages, request

from oa_kernel import __version__, builtin, permissions, runtime

from . import i18n, texts
from .assets import asset_url
from .csrf import csrf_token

log = logging.getLogger("oa.web")

GROUPS = {
    "workbench": ("工作台", "home"),
    "documents": ("公文", "file-text"),
    "archives": ("档案", "archive"),
    "calendar": ("会议日程", "calendar"),
    "resources": ("资源", "building"),
    "ledgers": ("台账", "table"),
    "requests": ("申请", "forms"),
    "compliance": ("合规", "shield-check"),
    "admin": ("管理", "settings"),
}
#: seconds for which the badge of unread messages may be old
_UNREAD_SECONDS = 3.0
_KEEP = 2000
#: rendered parts of pages, some ten kilobytes each
_KEEP_PARTS = 400


@dataclass(slots=True)
class Item:
    """A page in the navigation."""

    title: str
    url: str
    icon: str
    endpoint: str
    active: bool = False
    count: int = 0
    ask: Any = None


@dataclass(slots=True)
class Group:
    """Pages that belong together."""

    name: str
    title: str
    icon: str
    items: list[Item] = field(default_factory=list)

    @property
    def active(self) -> bool:
        return any(item.active for item in self.items)


class Shell:
    """The ``oa`` of templates. Attributes without parentheses; each is computed once a request."""

    version = __version__

    def __init__(self) -> None:
        config = runtime.current().config
        self.organisation: str = config["organisation"]["name"]
        self.short_name: str = config["organisation"]["short_name"] or self.organisation
        self.person = g.get("oa_person")
        session = g.get("oa_session")
        #: False for strangers and for those who have not finished signing in
        self.signed_in: bool = self.person is not None and (session is None or bool(session.complete))
        #: bytes of the largest file that may be uploaded
        self.upload_most: int = config["storage"]["max_upload"]
        preferences = (self.person.preferences or {}) if self.person is not None else {}
        self.theme_mode: str = preferences.get("theme", "auto")
        self.large_type: bool = bool(preferences.get("large_type"))
        self.nav_folded: bool = bool(preferences.get("nav_folded")) or request.cookies.get("oa_nav") == "folded"
        self.preferences = preferences
        self.path: str = request.path
        #: where one is in the navigation; a page that stands elsewhere than its address says it in ``g.oa_place``
        self.place: str = g.get("oa_place") or request.path
        self._nav: list[Group] | None = None

    @property
    def locale(self) -> str:
        return i18n.locale()

    @property
    def lang(self) -> str:
        return i18n.html_language()

    @property
    def locales(self) -> dict[str, str]:
        return i18n.LOCALES

    @property
    def csrf_token(self) -> str:
        return csrf_token()

    @property
    def flashes(self) -> list[tuple[str, str]]:
        """Messages for this page, as (kind, text)."""
        return get_flashed_messages(with_categories=True)  # type: ignore[return-value]

    @property
    def department(self) -> str:
        """Name of the person's department."""
        if self.person is None or self.person.department_id is None:
            return ""
        return str(_departments().get(self.person.department_id, ""))

    @property
    def nav(self) -> list[Group]:
        """Groups of pages this person may open, the one that is open marked."""
        if not self.signed_in:
            return []
        if self._nav is None:
            self._nav = _marked(navigation(self.person), self.place, self.person)
        return self._nav

    @property
    def nav_state(self) -> tuple[Any, ...]:
        """What of the navigation changes from page to page: which one is open, and the badges."""
        return tuple((i.url, i.active, i.count) for group in self.nav for i in group.items if i.active or i.count)

    def keep(self, name: str, *key: Any, caller: Any) -> Any:
        """``{% call oa.keep('top', oa.unread) %}…{% endcall %}``: the part of a page, kept for this person.

        It may show nothing but what ``key``, the person and the language say.
        """
        kept: dict[Any, Any] = runtime.current().cache.setdefault("web.parts", {})
        who = self.person
        full = (
            name, id(current_app.jinja_env), i18n.locale(), *key,
            (who.id, who.version, getattr(who, "rights_epoch", 0)) if who is not None else None,
        )
        found = kept.get(full)
        if found is None:
            if len(kept) >= _KEEP_PARTS:
                kept.clear()
            found = kept[full] = caller()
        return found

    @property
    def unread(self) -> int:
        """Unread messages; at most a few seconds old."""
        return unread(self.person.id) if self.signed_in else 0

    @property
    def texts(self) -> str:
        """Address of the script with the texts of scripts, in the language on screen."""
        return texts.url()

    @staticmethod
    def asset(name: str, owner: str = "theme") -> str:
        return asset_url(name, owner)

    @staticmethod
    def allows(permission: str) -> bool:
        """Whether this person holds a permission."""
        who = g.get("oa_person")
        return who is not None and permissions.allows(who, permission)


def shell() -> Shell:
    """The shell of this request."""
    made: Shell | None = g.get("oa_shell")
    if made is None:
        made = g.oa_shell = Shell()
    return made


def navigation(person: Any) -> list[Group]:
    """What this person may open, kept by person, rights and language."""
    cache: dict[Any, list[Group]] = runtime.current().cache.setdefault("web.nav", {})
    key = (person.id, person.version, getattr(person, "rights_epoch", 0), i18n.locale())
    found = cache.get(key)
    if found is None:
        if len(cache) > _KEEP:
            cache.clear()
        found = cache[key] = _build(person)
    return found


def _build(person: Any) -> list[Group]:
    from flask import url_for
    from werkzeug.routing import BuildError

    groups = {name: Group(name, i18n.gettext(title), icon) for name, (title, icon) in GROUPS.items()}
    for owner, item in sorted(builtin.collect_with_owner("oa_navigation"), key=lambda pair: pair[1].order):
        if item.permission and not permissions.allows(person, item.permission):
            continue
        if item.visible is not None and not _visible(item, person):
            continue
        try:
            url = url_for(item.endpoint)
        except BuildError:
            log.error("navigation of %s: no page %s", owner, item.endpoint)
            continue
        group = groups.get(item.group) or groups["workbench"]
        group.items.append(Item(i18n.gettext(item.title), url, item.icon, item.endpoint, ask=item.count))
    return [group for group in groups.values() if group.items]


def _marked(groups: list[Group], path: str, person: Any) -> list[Group]:
    best = max(
        (len(i.url) for g_ in groups for i in g_.items if path == i.url or path.startswith(i.url.rstrip("/") + "/")
         and i.url != "/"),
        default=0,
    )
    counting = not request.headers.get("HX-Request")
    marked = []
    for group in groups:
        items = [
            Item(
                i.title, i.url, i.icon, i.endpoint,
                active=len(i.url) == best and (path == i.url or path.startswith(i.url.rstrip("/") + "/")),
                count=_count(i, person) if i.ask is not None and counting else 0,
            )
            for i in group.items
        ]
        marked.append(Group(group.name, group.title, group.icon, items))
    return marked


def _count(item: Item, person: Any) -> int:
    """A badge's figure, at most a few seconds old: navigation stands on every page."""
    return _kept(("count", item.endpoint, person.id), lambda: _asked(item, person))


def _asked(item: Item, person: Any) -> int:
    with permissions.asking():
        return int(item.ask(person) or 0)


def _visible(item: Any, person: Any) -> bool:
    with permissions.asking():
        return bool(item.visible(person))


def unread(person_id: int) -> int:
    """Unread messages of somebody."""
    from oa_kernel import notifications

    return _kept(("unread", person_id), lambda: int(notifications.unread_count(person_id)))


def forget_counts(person_id: int) -> None:
    """Lets the next page ask again, after one's own action."""
    kept: dict[Any, tuple[float, int]] = current_app.config["OA_COUNTS"]
    for key in [k for k in list(kept) if k[-1] == person_id]:
        kept.pop(key, None)


def _kept(key: Any, ask: Any) -> int:
    kept: dict[Any, tuple[float, int]] = current_app.config["OA_COUNTS"]
    now = time.monotonic()
    found = kept.get(key)
    if found is None or now - found[0] > _UNREAD_SECONDS:
        if len(kept) > _KEEP:
            kept.clear()
        found = kept[key] = (now, ask())
    return found[1]


def _departments() -> dict[int, str]:
    """id → name of all departments, kept for a minute."""
    kept = runtime.current().cache.get("web.departments")
    now = time.monotonic()
    if kept is None or now - kept[0] > 60:
        from oa_kernel.identity.models import Department

        names = {row[0]: row[1] for row in Department.select(Department.id, Department.name).tuples()}
        kept = runtime.current().cache["web.departments"] = (now, names)
    return kept[1]  # type: ignore[no-any-return]


__all__ = ["GROUPS", "Group", "Item", "Shell", "forget_counts", "navigation", "shell", "unread"]
