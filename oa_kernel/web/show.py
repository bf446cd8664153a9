"""Filters and globals of all templates: times as people say them, states as icon and word."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask import g, has_request_context
from markupsafe import Markup, escape

from oa_kernel import builtin, clock, identity, permissions
from oa_kernel.phrases import Phrase

from .i18n import gettext as _
from .i18n import locale


def where(ip: str) -> str:
    """An address after the name of its place: ``内网 10.1.2.3``."""
    place = identity.place_of(ip)
    return f"{_(place) if place else ''} {ip}".strip()


def when(value: dt.datetime | dt.date | None) -> Markup | str:
    """``3 分钟前`` near now, the date else; the exact time on hover. For lists."""
    if value is None:
        return ""
    if not isinstance(value, dt.datetime):
        return str(value)
    here = clock.local(value)
    iso = here.isoformat(timespec="seconds")
    # digits, and our own words: nothing of it needs escaping
    return Markup(f'<time datetime="{iso}" title="{iso[:10]} {iso[11:19]}">{_near(value, here)}</time>')


def _near(value: dt.datetime, here: dt.datetime) -> str:
    now = clock.now()
    seconds = (now - (value if value.tzinfo else value.replace(tzinfo=clock.UTC))).total_seconds()
    today = clock.local(now).date()
    if -60 < seconds < 60:
        return _("刚刚")
    if 0 < seconds < 3600:
        return _("%(n)s 分钟前", n=int(seconds // 60))
    if here.date() == today:
        return _("今天 %(t)s", t=f"{here:%H:%M}")
    if here.date() == today - dt.timedelta(days=1):
        return _("昨天 %(t)s", t=f"{here:%H:%M}")
    iso = here.isoformat(" ", "minutes")
    return iso[5:16] if here.year == today.year else iso[:10]


def due(value: dt.datetime | None, done: bool = False) -> Markup | str:
    """``还剩 3 小时`` in amber when near, ``已超 2 天`` in red when over; the exact time on hover."""
    if value is None:
        return ""
    iso = clock.local(value).isoformat(timespec="seconds")
    seconds = (value - clock.now()).total_seconds()
    kind, text = "", f"{iso[5:10]} {iso[11:16]}"
    if not done:
        if seconds < 0:
            kind, text = "overdue", _("已超 %(t)s", t=span(-seconds))
        elif seconds < 24 * 3600:
            kind, text = "soon", _("还剩 %(t)s", t=span(seconds))
    shade = f" oa-due-{kind}" if kind else ""
    return Markup(f'<time class="oa-due{shade}" datetime="{iso}" title="{iso[:10]} {iso[11:16]}">{text}</time>')


def span(seconds: float) -> str:
    """A length of time in its largest unit."""
    if seconds < 3600:
        return _("%(n)s 分钟", n=max(1, int(seconds // 60)))
    if seconds < 48 * 3600:
        return _("%(n)s 小时", n=int(seconds // 3600))
    return _("%(n)s 天", n=int(seconds // 86400))


def exact(value: dt.datetime | None) -> str:
    """``2026-11-24 09:30:00`` in the organisation's zone."""
    return f"{clock.local(value):%Y-%m-%d %H:%M:%S}" if value else ""


def minute(value: dt.datetime | None) -> str:
    """``2026-11-24 09:30``."""
    return f"{clock.local(value):%Y-%m-%d %H:%M}" if value else ""


def day(value: dt.date | dt.datetime | None) -> str:
    """``2026年11月24日`` in running text."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        value = clock.local(value).date()
    if locale() == "en":
        return f"{value:%d %B %Y}"
    return f"{value.year}年{value.month}月{value.day}日"


def filesize(size: int | None) -> str:
    """``3.4 MB``."""
    amount = float(size or 0)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1024 or unit == "GB":
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return ""


def pretty(value: Any) -> str:
    """A JSON value for people: an audit detail, a form's value."""
    import json

    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if value is None:
        return "—"
    return json.dumps(value, ensure_ascii=False, indent=1)


def said(value: Any) -> Any:
    """A :class:`~oa_kernel.phrases.Phrase` in the language on screen; anything else as it is."""
    return value.said(_) if isinstance(value, Phrase) else value


def lines(text: str) -> Markup:
    """Plain text with its line breaks."""
    return Markup("<br>").join(escape(line) for line in (text or "").splitlines())


def picker_attrs(kind: str, many: bool = False, more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Attributes that make ``picker.js`` offer a list over a field. ``kind``: ``person`` | ``department`` (asked of
    the service) | ``local`` (the options of a select)."""
    address = {"person": "/people/pick", "department": "/people/pick-department"}.get(kind)
    return {
        "autocomplete": "off", "data-picker": kind, "data-picker-url": address, "data-picker-many": "1" if many else None,
        "data-word-none": _("没有找到"), "data-word-more": _("显示更多"), "data-word-found": _("{n} 个结果，用上下键选择"),
        "data-word-remove": _("移除{t}"), "data-word-failed": _("查找失败，请直接填写"),
        "data-word-hint": _("姓名、拼音、分机或部门") if kind == "person" else _("输入名称查找"), **(more or {}),
    }


def department_choices(*chosen: Any) -> list[tuple[str, str]]:
    """(id, name) of the departments in use and of those chosen already, indented as they stand in the tree; one query
    a request."""
    from oa_kernel import identity

    tree = g.get("oa_departments") if has_request_context() else None
    if tree is None:
        tree = identity.department_tree(active_only=False)
        if has_request_context():
            g.oa_departments = tree
    kept = {str(one) for one in chosen}
    return [(str(d.id), "　" * (d.path.count("/") - 2) + d.name) for d in tree if d.active or str(d.id) in kept]


def subject_actions(kind: str, subject_id: Any, title: str) -> list[tuple[str, str, str]]:
    """(title, address, icon) of what plugins offer this person on the page of a thing (``oa_subject_actions``)."""
    person = g.get("oa_person")
    found = sorted(builtin.collect("oa_subject_actions"), key=lambda a: a.order)
    return [(a.title, a.url(kind, str(subject_id), title), a.icon) for a in found
            if person is not None and (a.permission is None or permissions.allows(person, a.permission))]


def install(environment: Any) -> None:
    """Adds them to a Jinja environment."""
    environment.filters.update(
        when=when, due=due, exact=exact, minute=minute, day=day, filesize=filesize, pretty=pretty, lines=lines,
        said=said,
    )
    environment.globals.update(
        now=clock.now, today=clock.today, picker_attrs=picker_attrs, department_choices=department_choices,
        subject_actions=subject_actions,
    )


__all__ = [
    "day", "department_choices", "due", "exact", "filesize", "install", "lines", "minute", "picker_attrs", "pretty", "said", "span",
    "subject_actions", "when",
]
