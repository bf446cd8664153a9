"""Permissions and ready-made roles of the documents plugin."""

from __future__ import annotations

from typing import Any

from oa_kernel import permissions
from oa_kernel.contributions import Permission, Role

DRAFT = "documents.outgoing.draft"
READ = "documents.outgoing.read"
NUMBER = "documents.outgoing.number"
DISPATCH = "documents.outgoing.dispatch"
VOID = "documents.outgoing.void"
REVOKE = "documents.outgoing.revoke"
REVOKE_CONFIRM = "documents.outgoing.revoke_confirm"
PRINT = "documents.outgoing.print"
SERIES = "documents.series.manage"
SEAL = "documents.seal.manage"
ADDRESSES = "documents.addresses.manage"
REGISTER = "documents.incoming.register"
READ_INCOMING = "documents.incoming.read"

PERMISSIONS = [
    Permission(DRAFT, "拟制发文", "起草、修改、送审自己的文稿"),
    Permission(READ, "查阅发文", "查阅授权范围内的发文，不限于自己经办的", scoped=True),
    Permission(NUMBER, "编号用印", "给发文编号、用印，管理预留号"),
    Permission(DISPATCH, "分发公文", "分发已成文的公文，登记签收，催办，办结"),
    Permission(VOID, "作废公文", "作废已编号的公文；文号保留在登记簿中"),
    Permission(REVOKE, "提出撤销、废止", "提出撤销、废止、代替已成文的公文；由另一人确认后生效"),
    Permission(REVOKE_CONFIRM, "确认撤销、废止", "确认或不同意别人提出的撤销、废止、代替"),
    Permission(PRINT, "印制公文", "按份号印制正式公文，每份带水印，留印制记录"),
    Permission(SERIES, "管理机关代字", "新增、停用机关代字，设定起始号"),
    Permission(SEAL, "管理电子印章", "制作、启用、停用电子印章"),
    Permission(ADDRESSES, "管理外单位地址簿", "维护外单位名称、邮箱、地址"),
    Permission(REGISTER, "登记收文", "登记、修改、送办、作废收文"),
    Permission(READ_INCOMING, "查阅收文", "查阅授权范围内的收文，不限于自己经办的", scoped=True),
]

ROLES = [
    Role("documents_drafter", "公文拟稿人", {DRAFT: "own"}, "各部门人员，可以拟稿", everyone=True),
    Role(
        "documents_office",
        "文书（机要）人员",
        {DRAFT: "own", READ: "all", NUMBER: "all", DISPATCH: "all", VOID: "all", REVOKE: "all", PRINT: "all",
         SERIES: "all", SEAL: "all",
         ADDRESSES: "all", REGISTER: "all", READ_INCOMING: "all"},
        "收发、文号、用印、分发",
    ),
    Role("documents_signer", "公文签发人", {READ: "all", REVOKE_CONFIRM: "all", READ_INCOMING: "all"}, "代表本单位签发公文"),
]


def require(by: Any, name: str, obj: Any = None) -> None:
    """Raises Forbidden unless ``by`` may. None is the system itself (a command at the machine, setting up)."""
    if by is not None:
        permissions.require(by, name, obj)


def by_right(by: Any, name: str, obj: Any = None) -> bool:
    """Whether ``by`` may, and does; None is the system itself."""
    return by is None or permissions.by_right(by, name, obj)
