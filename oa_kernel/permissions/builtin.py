"""The kernel's own permissions of administration, and the roles every installation has.

System, security and audit administrators (三员) are apart: nobody may hold roles of two of these domains.
"""

from __future__ import annotations

from oa_kernel.contributions import Permission, Role


def _all(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "all")


CONTRIBUTIONS = {
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
        Permission("kernel.numbering.manage", "管理编号登记", domain="system"),
        Permission("kernel.doctor.view", "查看系统诊断", domain="system"),
        Permission("kernel.roles.manage", "管理角色", domain="security"),
        Permission("kernel.grants.manage", "授权和收回授权", domain="security"),
        Permission("kernel.permissions.explain", "查看权限的来由", domain="security"),
        Permission("kernel.audit.read", "查看和验证审计记录", domain="audit"),
    ],
    "oa_roles": [
        Role(
            "member", "全体人员",
            _all("kernel.tasks.own", "kernel.instances.start", "kernel.files.upload", "kernel.search.use",
                 "kernel.notifications.own", "kernel.tokens.own", "kernel.people.read", "kernel.profile.own"),
            "每个在用的人员都有", everyone=True,
        ),
        Role(
            "system_admin", "系统管理员",
            _all("kernel.people.manage", "kernel.departments.manage", "kernel.plugins.view", "kernel.plugins.manage",
                 "kernel.deadletters.manage", "kernel.workflow.manage", "kernel.numbering.manage",
                 "kernel.doctor.view"),
            "维护人员、部门、插件和流程，不能授权，不能看审计", domain="system",
        ),
        Role(
            "security_admin", "安全管理员",
            _all("kernel.roles.manage", "kernel.grants.manage", "kernel.permissions.explain",
                 "kernel.people.clearance", "kernel.people.unlock", "kernel.sessions.manage"),
            "管理角色、授权、密级权限和会话", domain="security",
        ),
        Role("audit_admin", "审计管理员", _all("kernel.audit.read"), "只看审计记录", domain="audit"),
    ],
}
