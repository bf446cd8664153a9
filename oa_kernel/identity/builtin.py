"""What the identity room contributes: its permissions and its nightly tidying."""

from __future__ import annotations

from oa_kernel.contributions import Permission, Role, ScheduledTask

from .guarded import CHANGES
from .sheets import SHEETS


def _tidy() -> int:
    from .tidy import tidy

    return tidy()


def _begin_moves() -> int:
    from .moves import begin_moves

    return begin_moves()


CONTRIBUTIONS = {
    "oa_sheets": SHEETS,
    "oa_guarded_changes": CHANGES,
    "oa_permissions": [
        Permission("kernel.people.read", "查看通讯录", "看到人员、部门和职务"),
        Permission("kernel.people.mobile", "查看手机号码", "通讯录、名片和搜索里的手机号码；本人的总能看到"),
        Permission("kernel.profile.own", "维护个人资料", "自己的密码、动态口令、会话、令牌和偏好"),
        Permission("kernel.people.manage", "管理人员", "新建、修改、停用人员，任免职务，重置密码", domain="system"),
        Permission("kernel.departments.manage", "管理部门和职务", domain="system"),
        Permission("kernel.people.clearance", "设定密级权限", domain="security"),
        Permission("kernel.people.unlock", "解除账户锁定", domain="security"),
        Permission("kernel.sessions.manage", "查看并结束他人会话和令牌", domain="security"),
    ],
    "oa_roles": [
        Role("phone_book", "查看全部手机号码", {"kernel.people.mobile": "all"}, "值班、文书等要找到每个人的岗位"),
    ],
    "oa_scheduled_tasks": [
        ScheduledTask("identity.moves", "5 * * * *", _begin_moves, "到日期的调动：主要部门随新职务"),
        ScheduledTask("identity.tidy", "40 3 * * *", _tidy, "清理过期的会话和令牌"),
    ],
}
