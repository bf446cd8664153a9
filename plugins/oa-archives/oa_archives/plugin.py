"""What the archives plugin contributes: the hook implementations, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from oa_kernel import contributions as c
from oa_kernel import hookimpl

from . import __version__, settings


@hookimpl
def oa_plugin() -> c.PluginInfo:
    """Who the plugin is."""
    from .services import appraisal_case, borrowing, pending

    for room in (pending, borrowing, appraisal_case):
        room.connect()
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
    from .models_use import MODELS as USE

    return [*MODELS, *USE, *KEEPING]


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
    from . import views_ending, views_intake, views_keeping, views_use  # noqa: F401  (their routes belong to the same pages)
    from .views import pages

    return [pages]


@hookimpl
def oa_api_blueprints() -> list[Any]:
    from . import api_ending, api_intake, api_keeping, api_use  # noqa: F401  (their routes belong to the same api)
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
        c.NavItem("archives", "目录与装盒", "archives.boxes", icon="box", permission=rights.FILE, order=22),
        c.NavItem("archives", "年度导出", "archives.handover_list", icon="package", permission=rights.EXPORT, order=24),
        c.NavItem("archives", "年度导入", "archives.intake_list", icon="package", permission=rights.FILE, order=26),
        c.NavItem("archives", "我的借阅", "archives.borrowings", icon="book", permission=rights.BORROW, order=30),
        c.NavItem("archives", "借阅登记", "archives.register", icon="clipboard-list", permission=rights.LEND, order=40),
        c.NavItem("archives", "开放划控", "archives.access", icon="lock-open", permission=rights.OPEN, order=50),
        c.NavItem("archives", "鉴定销毁", "archives.appraisals", icon="trash", permission=rights.APPRAISE, order=60),
        c.NavItem("archives", "鉴定审批", "archives.appraisals_to_decide", icon="scale", permission=rights.DECIDE, order=61),
        c.NavItem("archives", "监销", "archives.appraisals_to_witness", icon="eye", permission=rights.WITNESS, order=62),
        c.NavItem("archives", "移交进馆", "archives.transfers", icon="truck", permission=rights.TRANSFER, order=70),
        c.NavItem("archives", "利用统计", "archives.statistics", icon="chart-bar", permission=rights.LEND, order=80),
    ]


@hookimpl
def oa_search_sources() -> list[c.SearchSource]:
    from . import rights
    from .services import queries

    return [c.SearchSource("archives", "档案", queries.search_box, permission=rights.READ, order=40)]


@hookimpl
def oa_file_guards() -> list[c.FileGuard]:
    from .services import filing, intakes, queries

    return [c.FileGuard(filing.SUBJECT, queries.readable), c.FileGuard(intakes.SUBJECT, intakes.readable)]


@hookimpl
def oa_workflows() -> list[Path]:
    return sorted((Path(__file__).parent / "workflows").glob("*.yaml"))


@hookimpl
def oa_workflow_effects() -> list[c.WorkflowEffect]:
    from .services import appraisal_case, borrowing

    return [c.WorkflowEffect("archives.lend", "借阅期限开始", borrowing.lend),
            c.WorkflowEffect("archives.appraisal_decided", "鉴定意见生效", appraisal_case.decided)]


@hookimpl
def oa_workflow_subjects() -> list[c.WorkflowSubject]:
    from .services import appraisal

    return [c.WorkflowSubject(appraisal.SUBJECT, "档案鉴定", url=appraisal.url)]


@hookimpl
def oa_verifiers() -> list[c.Verifier]:
    from . import verify, verify_transfer, yearly

    return [c.Verifier("archives.package", "归档信息包", verify.recognises, verify.verify),
            c.Verifier("archives.transfer", "移交信息包", verify_transfer.recognises, verify_transfer.check),
            c.Verifier("archives.year", "年度归档数据包", yearly.recognises, yearly.verify, folders=True)]


@hookimpl
def oa_scheduled_tasks() -> list[c.ScheduledTask]:
    from .services import fixity, handovers, intakes, june, keeping, terms, transfer_checks

    return [
        c.ScheduledTask("archives.june", "30 8 * * 1", june.remind, title="六月底前归档的提醒"),
        c.ScheduledTask("archives.terms", "5 8 * * *", terms.daily, title="借阅到期提醒与收回"),
        c.ScheduledTask("archives.check", "30 2 * * *", keeping.nightly, title="档案四性检测（保管环节）"),
        c.ScheduledTask("archives.fixity", "30 3 * * *", fixity.nightly, title="档案文件核对"),
        c.ScheduledTask("archives.handover", "*/10 * * * *", handovers.resume, title="接着做中断的年度导出"),
        c.ScheduledTask("archives.intake", "*/10 * * * *", intakes.resume, title="接着做中断的年度导入"),
        c.ScheduledTask("archives.transfer_check", "*/10 * * * *", transfer_checks.resume, title="接着做中断的移交检测"),
    ]


@hookimpl
def oa_diagnostics() -> list[c.Diagnostic]:
    from .services import fixity

    return [c.Diagnostic("archives.fixity", "档案文件", fixity.doctor)]


@hookimpl
def oa_queued_tasks() -> list[c.QueuedTask]:
    from .services import handovers, intakes, transfer_checks

    return [c.QueuedTask("archives.handover", handovers.run), c.QueuedTask("archives.intake", intakes.run),
            c.QueuedTask("archives.transfer_check", lambda transfer: transfer_checks.run(transfer))]


@hookimpl
def oa_commands() -> list[Any]:
    from .commands import archives

    return [archives]


@hookimpl
def oa_notification_kinds() -> list[c.NotificationKind]:
    return [c.NotificationKind("archives.damaged", "档案检测不通过"), c.NotificationKind("archives.due", "归档提醒"),
            c.NotificationKind("archives.handover", "年度导出"), c.NotificationKind("archives.transfer", "移交进馆"),
            c.NotificationKind("archives.borrowing", "借阅批准、到期与收回"), c.NotificationKind("archives.destruction", "监销")]


@hookimpl
def oa_demo_data() -> list[c.DemoData]:
    from .demo import build

    return [c.DemoData(build=build, order=40)]


@hookimpl
def oa_benchmarks() -> list[c.Benchmark]:
    from .bench_keeping import BENCHMARKS as KEEPING
    from .bench_search import BENCHMARKS

    return [*BENCHMARKS, *KEEPING]
