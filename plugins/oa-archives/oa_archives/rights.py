"""Permissions and ready-made roles of the archives plugin."""

from __future__ import annotations

from oa_kernel.contributions import Permission, Role

READ = "archives.item.read"
FILE = "archives.item.file"
EXPORT = "archives.item.export"

PERMISSIONS = [
    Permission(READ, "查阅档案", "检索、查阅授权范围内的档案", scoped=True),
    Permission(FILE, "归档", "确认保管期限与分类，编档号，归档"),
    Permission(EXPORT, "导出档案", "导出归档数据包和目录"),
]

ROLES = [
    Role("archives_reader", "本部门档案查阅", {READ: "department_tree"}, "查阅本部门形成的档案", everyone=True),
    Role("archives_archivist", "档案员", {READ: "all", FILE: "all", EXPORT: "all"}, "归档、检索、导出"),
]
