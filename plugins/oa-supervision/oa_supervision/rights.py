"""Permissions and ready-made roles of supervision."""

from __future__ import annotations

from oa_kernel.contributions import Permission, Role

READ = "supervision.item.read"
MANAGE = "supervision.item.manage"

PERMISSIONS = [
    Permission(READ, "查阅督办", "查阅授权范围内的督办事项，不限于本部门主办、协办的", scoped=True),
    Permission(MANAGE, "督办管理", "立项、改期、催办、销号、出月报"),
]

ROLES = [
    # items are begun on documents' pages: who supervises reads them, up to their own clearance
    Role("supervision_supervisor", "督查人员", {
        READ: "all", MANAGE: "all", "documents.outgoing.read": "all", "documents.incoming.read": "all",
    }, "立项、催办、销号、出月报，为此查阅收文和发文"),
    Role("supervision_leader", "督办查阅（领导）", {READ: "all"}, "查阅全部督办事项"),
]
