"""The one place where the web application is put together."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask

from oa_kernel import runtime as runtimes
from oa_kernel.notifications import security
from oa_kernel.runtime import Runtime

from . import assets, cookies, door, ops, problems, rendering, texts
from .access import Pages, UndeclaredRoute
from .api import Api
from .limits import Limiter
from .uploads import StreamingRequest

log = logging.getLogger("oa.web")


class Application(Flask):
    """Flask, with our own environment for templates and a request that knows how to stream uploads."""

    request_class = StreamingRequest
    jinja_env: Any = None


class _PluginFailed(Exception):
    def __init__(self, name: str, reason: str) -> None:
        super().__init__(reason)
        self.name, self.reason = name, reason


def create_app(runtime: Runtime | None = None) -> Flask:
    """The WSGI application of the running installation.

    Routes cannot be taken back from a Flask application, so a plugin whose routes are wrong is marked broken and
    the application is put together once more without it.

    :raises UndeclaredRoute: when a route of the kernel itself does not say who may call it.
    """
    running = runtime or runtimes.current()
    while True:
        try:
            return _assemble(running)
        except _PluginFailed as failed:
            running.plugins.mark_broken(failed.name, failed.reason)


def _assemble(running: Runtime) -> Flask:
    security.connect()
    app = Application("oa_kernel.web", static_folder=None, template_folder=None)
    app.config.update(OA_ACCESS={}, OA_APIS=[], OA_LEDGERS=[])
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    _configure(app, running)
    hops = running.config["web"]["trusted_proxies"]
    if hops:
        from werkzeug.middleware.proxy_fix import ProxyFix

        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    rendering.install(app)
    assets.install(app)
    texts.install(app)
    door.install(app)
    problems.install(app)
    ops.install(app)
    _kernel(app)
    _plugins(app, running)
    _all_declared(app)
    return app


def reattach(app: Flask, running: Runtime) -> None:
    """Lets an application serve another installation of the same plugins and settings, as if it were new.

    For tests: to put an application together takes half a second, of which nearly all are the routes. One with an
    organisation's own ledgers is not to be used again: their routes hold the ledger itself.
    """
    _configure(app, running)
    rendering.install(app)
    assets.attach(app)
    door.attach(app)
    app.config["OA_TEXTS"] = {}


def _configure(app: Flask, running: Runtime) -> None:
    web = running.config["web"]
    secure = web["base_url"].startswith("https:") if web["secure_cookies"] is None else web["secure_cookies"]
    app.config.update(
        SECRET_KEY=running.keys.secret("web.cookies"),
        SESSION_COOKIE_NAME=cookies.called(cookies.FLASH, secure),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        SESSION_REFRESH_EACH_REQUEST=False,
        MAX_CONTENT_LENGTH=web["max_body"],
        MAX_FORM_MEMORY_SIZE=web["max_body"],
        OA_CSRF_KEY=running.keys.secret("web.csrf"),
        OA_LIMITER=Limiter(),
        OA_RATE_LIMIT=web["rate_limit"],
        OA_SIGN_IN_LIMIT=web["sign_in_rate_limit"],
        OA_COUNTS={},
    )


def _kernel(app: Flask) -> None:
    from . import ledgers
    from .pages import blueprints
    from .rest import apis

    for pages in blueprints():
        _add_pages(app, pages)
    for api in apis():
        _add_api(app, api, "kernel")
    for owner, pages, api in ledgers.routes():
        _add_pages(app, pages)
        _add_api(app, api, owner)
        app.config["OA_LEDGERS"].append((owner, pages, api))


def _plugins(app: Flask, running: Runtime) -> None:
    for state in running.plugins.ok():
        for hook, add in (("oa_blueprints", _plugin_pages), ("oa_api_blueprints", _plugin_api)):
            for owner, item in running.plugins.collect_with_owner(hook):
                if owner == state.name:
                    add(app, state.name, item)
        if state.state != "ok":  # asking its hooks broke it
            raise _PluginFailed(state.name, state.reason)


def _plugin_pages(app: Flask, name: str, pages: Any) -> None:
    if not isinstance(pages, Pages):
        raise _PluginFailed(name, f"oa_blueprints() 给出的不是 oa_kernel.web.Pages：{type(pages).__name__}")
    try:
        _add_pages(app, pages)
    except Exception as error:  # a plugin's own code
        raise _PluginFailed(name, f"页面 {pages.name} 无法登记：{type(error).__name__}: {error}") from error


def _plugin_api(app: Flask, name: str, api: Any) -> None:
    if not isinstance(api, Api):
        raise _PluginFailed(name, f"oa_api_blueprints() 给出的不是 oa_kernel.web.Api：{type(api).__name__}")
    try:
        _add_api(app, api, name)
    except Exception as error:  # a plugin's own code
        raise _PluginFailed(name, f"接口 {api.name} 无法登记：{type(error).__name__}: {error}") from error


def _add_pages(app: Flask, pages: Pages) -> None:
    app.register_blueprint(pages)
    app.config["OA_ACCESS"].update(pages.access)


def _add_api(app: Flask, api: Api, owner: str) -> None:
    api.mount(app)
    app.config["OA_APIS"].append((owner, api))


def _all_declared(app: Flask) -> None:
    """Deny by default: a route without a declaration never goes into service."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in app.config["OA_ACCESS"]:
            raise UndeclaredRoute(f"{rule.rule} ({rule.endpoint}): say who may call it; register it through web.Pages")


__all__ = ["Application", "create_app", "reattach"]
