"""Permissions and ready-made roles of the exchange plugin."""

from __future__ import annotations

from typing import Any

from oa_kernel import permissions
from oa_kernel.contributions import Permission, Role

PARTNERS = "exchange.partners.manage"
MESSAGES = "exchange.messages.manage"

PERMISSIONS = [
    Permission(PARTNERS, "管理交换伙伴", "导入和核对对方证书、撤销信任、更换本单位的交换证书", domain="security"),
    Permission(MESSAGES, "办理电子交换", "查看收发的交换包，重发，用文件导出导入"),
]

ROLES = [
    Role("exchange_security", "交换信任管理员", {PARTNERS: "all"}, "与别的单位互换证书、核对指纹", domain="security"),
    Role("exchange_clerk", "交换收发人员", {MESSAGES: "all"}, "查看交换记录，重发，用文件交换"),
]


def require(by: Any, name: str) -> None:
    """Raises Forbidden unless ``by`` may. None is the system itself (a command at the machine, the worker)."""
    if by is not None:
        permissions.require(by, name)
