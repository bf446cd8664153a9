"""The Flask application of a test's installation: put together once a process for the same plugins and settings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oa_kernel.runtime import Runtime

    from .installation import Installation

#: folders of an organisation's own that add to an application
_OWN = ("ledgers", "templates", "translations", "static")


def application(running: Runtime, template: Installation, made: dict[str, Any]) -> Any:
    """A new application, or one of ``made`` that is as good as new."""
    from oa_kernel import web
    from oa_kernel.web.app import reattach

    from .client import Client

    key = _key(running, template)
    app = made.get(key) if key else None
    if app is not None:
        reattach(app, running)
        return app
    app = web.create_app(running)
    app.testing = True
    app.test_client_class = Client
    if key and not _own_ledgers():
        made[key] = app
    return app


def _own_ledgers() -> bool:
    from oa_kernel import ledgers

    return any(ledger.owner == "own" for ledger in ledgers.registered().values())


def _key(running: Runtime, template: Installation) -> str:
    """Empty where the installation has something of its own that an application is made from."""
    folder = running.config.folder
    if any((folder / name).exists() for name in _OWN):
        return ""
    settings = dict(running.raw.data) if running.raw else {}
    settings.pop("database", None)
    states = sorted((s.name, s.state, id(s.plugin)) for s in running.plugins.states.values())
    return json.dumps([str(template.folder), settings, states], sort_keys=True, default=str)


__all__ = ["application"]
