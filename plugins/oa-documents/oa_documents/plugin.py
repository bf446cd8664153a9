"""What the documents plugin contributes: the hook implementations, and nothing else."""

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
    from .services import listeners

    listeners.connect()
    return c.PluginInfo(
        name="documents",
        title="公文",
        version=__version__,
        kernel=">=0.1,<1",
        description="发文：拟稿、审核、签发、编号、排版、用印、分发与签收；收文：登记、分办、承办、复文",
        package="oa_documents",
    )


@hookimpl
def oa_hookspecs() -> list[Any]:
    from . import hookspecs

    return [hookspecs]


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
    from .services import listeners

    return listeners.EFFECTS


@hookimpl
def oa_workflow_subjects() -> list[c.WorkflowSubject]:
    from .services import incoming, incoming_lists, internal, listeners

    return [
        c.WorkflowSubject(kind=internal.SUBJECT, title="签报", url=lambda i: f"/documents/internal/{i}", visible=internal.may_see),
        c.WorkflowSubject(
            kind=listeners.SUBJECT, title="发文", url=listeners.subject_url, visible=listeners.subject_visible
        ),
        c.WorkflowSubject(
            kind=incoming.SUBJECT, title="收文", url=lambda i: f"/documents/incoming/{i}",
            visible=lambda person, i: incoming_lists.may_see(person, int(i)),
        ),
    ]


@hookimpl
def oa_people_rules() -> list[c.PeopleRule]:
    from .services import internal, joint, routing

    return [
        c.PeopleRule("documents.internal_receivers", "签报接收部门的人员", internal.receivers),
        c.PeopleRule("documents.internal_heads", "签报接收部门负责人", internal.heads),
        c.PeopleRule("documents.joint_signatories", "联合发文机关的会签人", joint.signatories),
        c.PeopleRule("documents.consulted_departments", "会稿部门负责人", joint.consulted),
        c.PeopleRule("documents.lead_department", "主办部门负责人", routing.lead_people),
        c.PeopleRule("documents.assisting_departments", "协办部门负责人", routing.assisting_people),
    ]


@hookimpl
def oa_forms() -> list[Path]:
    return sorted((_HERE / "forms").glob("*.yaml"))


@hookimpl
def oa_blueprints() -> list[Any]:
    from .views import blueprints

    return blueprints()


@hookimpl
def oa_api_blueprints() -> list[Any]:
    from .api import api
    from .api_arrivals import api as incoming
    from .api_internal import api as internal
    from .api_standing import api as standing

    return [api, incoming, internal, standing]


@hookimpl
def oa_navigation() -> list[c.NavItem]:
    from .navigation import NAVIGATION

    return NAVIGATION


@hookimpl
def oa_widgets() -> list[c.Widget]:
    from .navigation import WIDGETS

    return WIDGETS


@hookimpl
def oa_search_sources() -> list[c.SearchSource]:
    from .services import incoming_lists, queries

    return [
        c.SearchSource(name="documents", title="公文", find=queries.search, permission=None, order=20),
        c.SearchSource(name="documents.incoming", title="收文", find=incoming_lists.search, permission=None, order=21),
    ]


@hookimpl
def oa_file_guards() -> list[c.FileGuard]:
    from .services import arrivals, incoming, incoming_lists, queries
    from .services.listeners import SUBJECT

    return [
        c.FileGuard(incoming.SUBJECT, incoming_lists.file_readable),
        c.FileGuard("documents.desk", lambda person, who: str(person.id) == who),
        c.FileGuard(arrivals.SUBJECT, arrivals.file_readable),
        c.FileGuard(SUBJECT, queries.file_readable),
        c.FileGuard(SUBJECT + ".formal", queries.formal_readable),
        c.FileGuard(SUBJECT + ".replaced", queries.replaced_readable),
    ]


@hookimpl
def oa_record_sources() -> list[c.RecordSource]:
    from .services import records

    return [records.SOURCE, records.INCOMING]


@hookimpl
def oa_verifiers() -> list[c.Verifier]:
    from .services import verification

    return [
        c.Verifier(
            name="documents.pdf", title="电子签章 PDF", recognises=verification.recognises, verify=verification.verify
        ),
        c.Verifier("documents.ofd", "电子签章 OFD", verification.recognises_ofd, verification.verify),
        c.Verifier("documents.sealed", "为收件单位密封的文件", verification.recognises_sealed, verification.verify_sealed),
    ]


@hookimpl
def oa_scheduled_tasks() -> list[c.ScheduledTask]:
    from .tasks import SCHEDULED

    return SCHEDULED


@hookimpl
def oa_outbox_handlers() -> list[c.OutboxHandler]:
    from .tasks import HANDLERS

    return HANDLERS


@hookimpl
def oa_notification_kinds() -> list[c.NotificationKind]:
    return [
        c.NotificationKind("documents.dispatched", "有公文待签收"),
        c.NotificationKind("documents.urged", "公文签收催办"),
        c.NotificationKind("documents.signed_for", "公文已被签收", channels=("inbox",)),
        c.NotificationKind("documents.annotated", "文稿有新批注", channels=("inbox",)),
        c.NotificationKind("documents.signed", "公文已签发成文"),
        c.NotificationKind("documents.carried", "公文未送达、被退文或撤回", channels=("inbox",)),
        c.NotificationKind("documents.arrived", "收到电子交换的来文"),
        c.NotificationKind("documents.standing", "公文已撤销、废止或被代替"),
        c.NotificationKind("documents.standing_asked", "撤销、废止待确认"),
    ]


@hookimpl
def oa_diagnostics() -> list[c.Diagnostic]:
    from .services import diagnostics

    return diagnostics.DIAGNOSTICS


@hookimpl
def oa_commands() -> list[Any]:
    from .commands import documents

    return [documents]


@hookimpl
def oa_demo_data() -> list[c.DemoData]:
    from .demo import build

    return [c.DemoData(build=build, order=20)]


@hookimpl
def oa_benchmarks() -> list[c.Benchmark]:
    from .bench import BENCHMARKS
    from .bench_desk import BENCHMARKS as DESK

    return [*BENCHMARKS, *DESK]
