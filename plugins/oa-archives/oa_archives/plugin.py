"""What the archives plugin contributes: the hook implementations, and nothing else."""

from __future__ import annotations

from typing import Any

from oa_kernel import contributions as c
from oa_kernel import hookimpl

from . import __version__, settings


@hookimpl
def oa_plugin() -> c.PluginInfo:
    """Who the plugin is."""
    from .services import pending

    pending.connect()
    return c.PluginInfo(
        name="archives", title="档案", version=__version__, kernel=">=0.1,<1",
        description="归档：保管期限、档号、四性检测、全文检索、归档信息包", package="oa_archives",
    )


@hookimpl
def oa_config_schema() -> dict[str, Any]:
    return settings.SCHEMA


@hookimpl
def oa_models() -> list[type]:
    from .models import MODELS
    from .models_keeping import MODELS as KEEPING

    return [*MODELS, *KEEPING]


@hookimpl
def oa_permissions() -> list[c.Permission]:
    from .rights import PERMISSIONS

    return PERMISSIONS


@hookimpl
def oa_roles() -> list[c.Role]:
    from .rights import ROLES

    return ROLES


@hookimpl
def oa_blueprints() -> list[Any]:
    from .views import pages

    return [pages]


@hookimpl
def oa_api_blueprints() -> list[Any]:
    from .api import api

    return [api]


@hookimpl
def oa_navigation() -> list[c.NavItem]:
    from . import rights
    from .services import pending

    return [
        c.NavItem("archives", "待归档", "archives.pending_list", icon="inbox", permission=rights.FILE, order=10,
                  count=lambda _person: pending.count()),
        c.NavItem("archives", "档案检索", "archives.index", icon="archive", permission=rights.READ, order=20),
    ]


@hookimpl
def oa_search_sources() -> list[c.SearchSource]:
    from . import rights
    from .services import queries

    return [c.SearchSource("archives", "档案", queries.search_box, permission=rights.READ, order=40)]


@hookimpl
def oa_file_guards() -> list[c.FileGuard]:
    from .services import filing, queries

    return [c.FileGuard(filing.SUBJECT, queries.readable)]


@hookimpl
def oa_verifiers() -> list[c.Verifier]:
    from . import verify, yearly

    return [c.Verifier("archives.package", "归档信息包", verify.recognises, verify.verify),
            c.Verifier("archives.year", "年度归档数据包", yearly.recognises, yearly.verify, folders=True)]


@hookimpl
def oa_scheduled_tasks() -> list[c.ScheduledTask]:
    from .services import handovers, keeping

    return [
        c.ScheduledTask("archives.check", "30 2 * * *", keeping.nightly, title="档案四性检测（保管环节）"),
        c.ScheduledTask("archives.handover", "*/10 * * * *", handovers.resume, title="接着做中断的年度导出"),
    ]


@hookimpl
def oa_queued_tasks() -> list[c.QueuedTask]:
    from .services import handovers

    return [c.QueuedTask("archives.handover", handovers.run)]


@hookimpl
def oa_commands() -> list[Any]:
    from .commands import archives

    return [archives]


@hookimpl
def oa_notification_kinds() -> list[c.NotificationKind]:
    return [c.NotificationKind("archives.damaged", "档案检测不通过")]


@hookimpl
def oa_demo_data() -> list[c.DemoData]:
    from .demo import build

    return [c.DemoData(build=build, order=40)]
