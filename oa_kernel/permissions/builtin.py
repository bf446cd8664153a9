"""The kernel's own permissions of administration, and the roles every installation has.

System, security and audit administrators (三员) are apart: nobody may hold roles of two of these domains.
"""

from __future__ import annotations

from oa_kernel.contributions import Diagnostic, Permission, Role, ScheduledTask

from . import guarded, wishes


def _all(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "all")


def _separation() -> tuple[str, str]:
    from .health import separation

    return separation()


def _second_person() -> tuple[str, str]:
    from .health import second_person

    return second_person()


def _expire() -> int:
    from .changes import expire

    return expire()


CONTRIBUTIONS = {
    "oa_guarded_changes": [*guarded.CHANGES, *wishes.CHANGES],
    "oa_diagnostics": [
        Diagnostic("separation", "三员分立", _separation), Diagnostic("second_person", "第二人复核", _second_person),
    ],
    "oa_scheduled_tasks": [ScheduledTask("permissions.expire", "25 * * * *", _expire, "无人复核的变更到期作废")],
    "oa_permissions": [
        Permission("kernel.tasks.own", "办理自己的待办"),
        Permission("kernel.instances.start", "发起流程"),
        Permission("kernel.files.upload", "上传文件"),
        Permission("kernel.search.use", "使用搜索"),
        Permission("kernel.notifications.own", "查看自己的消息"),
        Permission("kernel.tokens.own", "建立自己的访问令牌"),
        Permission("kernel.plugins.view", "查看插件", domain="system"),
        Permission("kernel.plugins.manage", "启用和停用插件", domain="system"),
        Permission("kernel.deadletters.manage", "处理未能送达的消息", domain="system"),
        Permission("kernel.workflow.manage", "管理流程定义和运行中的流程", domain="system"),
        Permission("kernel.workflow.statistics", "查看流程统计"),
        Permission("kernel.numbering.manage", "管理编号登记", domain="system"),
        Permission("kernel.doctor.view", "查看系统诊断", domain="system"),
        Permission("kernel.roles.manage", "管理角色", domain="security"),
        Permission("kernel.grants.manage", "授权和收回授权", domain="security"),
        Permission("kernel.permissions.explain", "查看权限的来由", domain="security"),
        Permission("kernel.permissions.review", "审查权限", "谁可以做什么、从哪里来、多久没有用过", domain="security"),
        Permission("kernel.changes.decide", "复核安全变更", "确认或不同意别人提交的授权、角色、密级和管理员账户的变更",
                   domain="security"),
        Permission("kernel.sign_ins.read", "查看登录日志", domain="security"),
        Permission("kernel.audit.read", "查看和验证审计记录", "登录日志与权限清单在内", domain="audit"),
    ],
    "oa_roles": [
        Role(
            "member", "全体人员",
            _all("kernel.tasks.own", "kernel.instances.start", "kernel.files.upload", "kernel.search.use",
                 "kernel.notifications.own", "kernel.tokens.own", "kernel.people.read", "kernel.profile.own")
            | {"kernel.people.mobile": "department"},
            "每个在用的人员都有", everyone=True,
        ),
        Role(
            "system_admin", "系统管理员",
            _all("kernel.people.manage", "kernel.departments.manage", "kernel.plugins.view", "kernel.plugins.manage",
                 "kernel.deadletters.manage", "kernel.workflow.manage", "kernel.workflow.statistics", "kernel.numbering.manage",
                 "kernel.doctor.view"),
            "维护人员、部门、插件和流程，不能授权，不能看审计", domain="system",
        ),
        Role(
            "security_admin", "安全管理员",
            _all("kernel.roles.manage", "kernel.grants.manage", "kernel.permissions.explain", "kernel.permissions.review",
                 "kernel.changes.decide", "kernel.sign_ins.read",
                 "kernel.people.clearance", "kernel.people.unlock", "kernel.sessions.manage"),
            "管理角色、授权、密级权限和会话", domain="security",
        ),
        Role("audit_admin", "审计管理员", _all("kernel.audit.read"), "只看审计记录和登录日志，不能修改任何内容", domain="audit"),
    ],
}
