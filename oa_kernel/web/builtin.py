"""What the web room contributes: the kernel's own pages in the navigation, its cards, its nightly tidying."""

from __future__ import annotations

from typing import Any

from oa_kernel.contributions import NavItem, ScheduledTask, Widget


def _tidy() -> int:
    from .idempotency import tidy

    return tidy()


def _todo_card(person: Any) -> str:
    from .cards import todo

    return todo(person)


def _started_card(person: Any) -> str:
    from .cards import started

    return started(person)


def _messages_card(person: Any) -> str:
    from .cards import messages

    return messages(person)


def _shortcuts_card(person: Any) -> str:
    from .cards import shortcuts

    return shortcuts(person)


def _todo_count(person: Any) -> int:
    from .cards import todo_count

    return todo_count(person)


def _imports(person: Any) -> bool:
    from oa_kernel import sheets

    return bool(sheets.imports.kinds_for(person))


def _may_ask(person: Any) -> bool:
    from oa_kernel import permissions

    return permissions.may_ask(person)


def _decides(person: Any) -> bool:
    from oa_kernel import permissions

    return permissions.decides(person)


def _waiting(person: Any) -> int:
    from oa_kernel import permissions

    return permissions.waiting_for(person)


CONTRIBUTIONS: dict[str, Any] = {
    "oa_navigation": [
        NavItem("workbench", "工作台", "workbench.index", "home", order=10),
        NavItem("workbench", "待办事项", "todo.index", "checklist", "kernel.tasks.own", order=20, count=_todo_count),
        NavItem("workbench", "我发起的", "cases.mine", "send", "kernel.instances.start", order=30),
        NavItem("workbench", "消息", "notices.index", "bell", "kernel.notifications.own", order=40),
        NavItem("workbench", "通讯录", "people.index", "address-book", "kernel.people.read", order=50),
        NavItem("workbench", "组织机构图", "org_chart.index", "sitemap", None, order=52),
        NavItem("requests", "发起流程", "cases.choose", "file-plus", "kernel.instances.start", order=90),
        NavItem("requests", "申请权限", "access_requests.index", "key", "kernel.profile.own", order=95, visible=_may_ask),
        NavItem("admin", "人员", "admin_people.index", "users", "kernel.people.manage", order=10),
        NavItem("admin", "部门与职务", "admin_departments.index", "hierarchy-2", "kernel.departments.manage", order=20),
        NavItem("admin", "导入与导出", "admin_imports.index", "table-import", None, order=25, visible=_imports),
        NavItem("admin", "角色", "admin_roles.index", "shield-lock", "kernel.roles.manage", order=30),
        NavItem("admin", "授权", "admin_grants.index", "key", "kernel.grants.manage", order=40),
        NavItem("admin", "权限来由", "admin_grants.explain", "help-circle", "kernel.permissions.explain", order=50),
        NavItem("admin", "权限清单", "admin_review.index", "list-check", "kernel.permissions.review", order=51),
        NavItem("admin", "安全变更复核", "admin_approvals.index", "shield-check", None, order=52, count=_waiting,
                visible=_decides),
        NavItem("admin", "登录日志", "admin_sign_ins.index", "lock-open", "kernel.sign_ins.read", order=57),
        NavItem("admin", "登录日志", "admin_sign_ins.for_auditors", "lock-open", "kernel.audit.read", order=92),
        NavItem("admin", "权限清单", "admin_review.for_auditors", "list-check", "kernel.audit.read", order=94),
        NavItem("admin", "账户安全", "admin_security.index", "lock", "kernel.people.unlock", order=55),
        NavItem("admin", "流程", "admin_workflows.index", "route", "kernel.workflow.manage", order=56),
        NavItem("admin", "流程统计", "admin_workflow_statistics.index", "chart-bar", "kernel.workflow.statistics", order=57),
        NavItem("admin", "工作移交", "admin_handover.index", "user-share", "kernel.workflow.manage", order=58),
        NavItem("admin", "自动环节", "admin_services.index", "refresh", "kernel.workflow.manage", order=59),
        NavItem("admin", "插件", "admin_plugins.index", "puzzle", "kernel.plugins.view", order=60),
        NavItem("admin", "运行状况", "admin_system.health", "heartbeat", "kernel.doctor.view", order=70),
        NavItem("admin", "未送达", "admin_system.dead_letters", "mail-off", "kernel.deadletters.manage", order=80),
        NavItem("admin", "审计记录", "admin_audit.index", "history", "kernel.audit.read", order=90),
        NavItem("admin", "接口说明", "api_page.index", "api", "kernel.tokens.own", order=200),
    ],
    "oa_widgets": [
        Widget("todo", "我的待办", _todo_card, "checklist", "kernel.tasks.own", width=8, order=10),
        Widget("messages", "未读消息", _messages_card, "bell", "kernel.notifications.own", width=4, order=20),
        Widget("started", "我发起的", _started_card, "send", "kernel.instances.start", width=8, order=30),
        Widget("shortcuts", "快捷方式", _shortcuts_card, "apps", None, width=4, order=40),
    ],
    "oa_scheduled_tasks": [ScheduledTask("web.tidy", "20 3 * * *", _tidy, "清理过期的重复提交记录")],
}
