"""What supervision contributes: the hook implementations, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from oa_kernel import contributions as c
from oa_kernel import hookimpl

from . import __version__, settings

_HERE = Path(__file__).parent


@hookimpl
def oa_plugin() -> c.PluginInfo:
    """Who the plugin is."""
    from .services import automatic

    automatic.connect()
    return c.PluginInfo(
        name="supervision", title="督办", version=__version__, kernel=">=0.1,<1", requires=("documents",),
        description="督办：立项、反馈、红黄绿、催办、延期、月报", package="oa_supervision",
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
def oa_workflows() -> list[Path]:
    return sorted((_HERE / "workflows").glob("*.yaml"))


@hookimpl
def oa_workflow_effects() -> list[c.WorkflowEffect]:
    from .services import items

    return [c.WorkflowEffect("supervision.extend", "督办延期生效", items.extended)]


@hookimpl
def oa_workflow_subjects() -> list[c.WorkflowSubject]:
    from .services import items

    return [c.WorkflowSubject(items.EXTENSION, "督办延期", url=lambda i: f"/supervision/{i}")]


@hookimpl
def oa_subject_actions() -> list[c.SubjectAction]:
    from . import rights
    from .services import sources

    return [c.SubjectAction("supervision.new", "督办立项", sources.begin, icon="flag", permission=rights.MANAGE)]


@hookimpl
def oa_blueprints() -> list[Any]:
    from .views import pages

    return [pages]


@hookimpl
def oa_api_blueprints() -> list[Any]:
    from .api import api

    return [api]


def _red(person: Any) -> int:
    from .services import lists

    return lists.counts(person)["red"]


@hookimpl
def oa_navigation() -> list[c.NavItem]:
    from . import rights

    return [
        c.NavItem("documents", "督办", "supervision.board", icon="flag", permission="kernel.tasks.own", order=90, count=_red),
        c.NavItem("documents", "督办月报", "supervision.report", icon="report", permission=rights.MANAGE, order=92),
    ]


def _card(person: Any) -> str:
    from oa_kernel import web

    from .services import lights, lists

    page = lists.board(person, {}, limit=6)
    return str(web.render_to_string("oa_supervision/card.html", items=page.items, words=lights.WORDS, light_of=lights.light))


@hookimpl
def oa_widgets() -> list[c.Widget]:
    return [c.Widget("supervision.mine", "督办事项", _card, icon="flag", width=6, order=60)]


@hookimpl
def oa_search_sources() -> list[c.SearchSource]:
    from .services import lists

    return [c.SearchSource("supervision", "督办", lists.search, order=45)]


@hookimpl
def oa_scheduled_tasks() -> list[c.ScheduledTask]:
    from .services import urging

    return [c.ScheduledTask("supervision.urge", "30 8 * * *", urging.daily, title="督办自动催办")]


@hookimpl
def oa_notification_kinds() -> list[c.NotificationKind]:
    return [
        c.NotificationKind("supervision.assigned", "有新的督办事项"),
        c.NotificationKind("supervision.urged", "督办催办"),
        c.NotificationKind("supervision.feedback", "督办有反馈", channels=("inbox",)),
        c.NotificationKind("supervision.closed", "督办已销号或撤销", channels=("inbox",)),
    ]


@hookimpl
def oa_demo_data() -> list[c.DemoData]:
    from .demo import build

    return [c.DemoData(build=build, order=30)]
