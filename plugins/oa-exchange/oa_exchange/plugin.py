"""What the exchange plugin contributes: the hook implementations, and nothing else."""

from __future__ import annotations

from typing import Any

from oa_kernel import contributions as c
from oa_kernel import hookimpl

from . import __version__, settings


@hookimpl
def oa_plugin() -> c.PluginInfo:
    """Who the plugin is."""
    from .services import dispatching

    dispatching.connect()
    return c.PluginInfo(
        name="exchange", title="电子交换", version=__version__, kernel=">=0.1,<1", requires=("documents",),
        description="与别的单位交换公文：互换证书、签名加密的交换包、回执、退文、撤回", package="oa_exchange",
    )


@hookimpl
def oa_config_schema() -> dict[str, Any]:
    return settings.SCHEMA


@hookimpl
def oa_models() -> list[type]:
    from .models import MODELS

    return MODELS


@hookimpl
def oa_permissions() -> list[c.Permission]:
    from .rights import PERMISSIONS

    return PERMISSIONS


@hookimpl
def oa_roles() -> list[c.Role]:
    from .rights import ROLES

    return ROLES


@hookimpl
def oa_documents_channels() -> list[Any]:
    from .services import dispatching

    return [dispatching.CHANNEL]


@hookimpl
def oa_blueprints() -> list[Any]:
    from . import views, views_public

    return [views.pages, views_public.pages]


@hookimpl
def oa_api_blueprints() -> list[Any]:
    from .api import api

    return [api]


@hookimpl
def oa_navigation() -> list[c.NavItem]:
    from . import rights

    return [
        c.NavItem("documents", "电子交换", "exchange.message_list", icon="send", permission=rights.MESSAGES, order=48),
        c.NavItem("admin", "交换伙伴", "exchange.partner_list", icon="building-community", permission=rights.PARTNERS, order=80),
    ]


@hookimpl
def oa_outbox_handlers() -> list[c.OutboxHandler]:
    from .services import queue, sending

    return [c.OutboxHandler(queue.TOPIC, sending.run, title="向交换伙伴发送")]


@hookimpl
def oa_scheduled_tasks() -> list[c.ScheduledTask]:
    from .services import messages, sending

    return [
        c.ScheduledTask("exchange.resume", "* * * * *", sending.resume, title="继续发送待发的交换包"),
        c.ScheduledTask("exchange.prune", "40 3 * * *", messages.prune, title="清理过期的交换记录"),
    ]


@hookimpl
def oa_diagnostics() -> list[c.Diagnostic]:
    from .services import diagnostics

    return [c.Diagnostic("exchange", "电子交换", diagnostics.check)]


@hookimpl
def oa_commands() -> list[Any]:
    from .commands import exchange

    return [exchange]


@hookimpl
def oa_demo_data() -> list[c.DemoData]:
    from .demo import build

    return [c.DemoData(build=build, order=45)]
