"""The web: one Flask application out of the kernel's pages, the plugins' pages and REST, under one theme.

In a plugin::

    from oa_kernel import web

    pages = web.Pages("visitors", __name__)

    @pages.get("/visitors", permission="visitors.view")
    def index():
        return web.render("oa_visitors/index.html", visitors=services.expected(web.person()))

    api = web.Api("visitors", title="访客")

    @api.get("/visitors", permission="visitors.view", query=web.LIST_QUERY, summary="expected visitors")
    def list_visitors(query):
        return web.listing(services.page(web.person(), **query), as_dict)

Every route says who may call it (``permission=``, ``signed_in=True`` or ``public=True``); one that does not is
refused when the application is put together. Writes by HTML form are CSRF-checked at the door.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

# names are resolved when first used: commands and the worker import this room without loading Flask
_WHERE = {
    "Access": "access",
    "Api": "api",
    "LIST_QUERY": "api",
    "Pages": "access",
    "Upload": "uploads",
    "asset_url": "assets",
    "case_following": "following",
    "create_app": "app",
    "csrf_token": "csrf",
    "flash": "rendering",
    "form_errors": "rendering",
    "gettext": "i18n",
    "is_htmx": "rendering",
    "listing": "api",
    "next_task_url": "navigate",
    "person": "door",
    "read_form": "uploads",
    "redirect": "rendering",
    "redirect_back": "rendering",
    "render": "rendering",
    "render_to_string": "rendering",
    "send_bytes": "downloads",
    "send_file": "downloads",
    "send_written": "downloads",
    "session": "door",
    "token": "door",
}

if TYPE_CHECKING:
    from .access import Access, Pages
    from .api import LIST_QUERY, Api, listing
    from .app import create_app
    from .assets import asset_url
    from .csrf import csrf_token
    from .door import person, session, token
    from .downloads import send_bytes, send_file, send_written
    from .following import case_following
    from .i18n import gettext
    from .navigate import next_task_url
    from .rendering import flash, form_errors, is_htmx, redirect, redirect_back, render, render_to_string
    from .uploads import Upload, read_form


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    globals()[name] = value
    return value


__all__ = [
    "LIST_QUERY",
    "Access",
    "Api",
    "Pages",
    "Upload",
    "asset_url",
    "case_following",
    "create_app",
    "csrf_token",
    "flash",
    "form_errors",
    "gettext",
    "is_htmx",
    "listing",
    "next_task_url",
    "person",
    "read_form",
    "redirect",
    "redirect_back",
    "render",
    "render_to_string",
    "send_bytes",
    "send_file",
    "send_written",
    "session",
    "token",
]
