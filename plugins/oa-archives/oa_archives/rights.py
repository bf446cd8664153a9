"""Permissions and ready-made roles of the archives plugin."""

from __future__ import annotations

from oa_kernel.contributions import Permission, Role

READ = "archives.item.read"
FILE = "archives.item.file"
EXPORT = "archives.item.export"
BORROW = "archives.borrowing.ask"
LEND = "archives.borrowing.manage"
OPEN = "archives.access.manage"
APPRAISE = "archives.appraisal.manage"
DECIDE = "archives.appraisal.decide"
WITNESS = "archives.appraisal.witness"
TRANSFER = "archives.transfer.manage"

PERMISSIONS = [
    Permission(READ, "查阅档案", "检索、查阅授权范围内的档案", scoped=True),
    Permission(FILE, "归档", "确认保管期限与分类，编档号，归档"),
    Permission(EXPORT, "导出档案", "导出归档数据包和目录"),
    Permission(BORROW, "申请借阅", "申请借阅没有查阅权限的档案，在期限内阅读"),
    Permission(LEND, "借阅管理", "借阅登记、收回、利用统计"),
    Permission(OPEN, "开放划控", "划定档案的开放与控制使用"),
    Permission(APPRAISE, "鉴定与销毁", "编制鉴定清册，执行已批准的鉴定意见"),
    Permission(DECIDE, "批准鉴定", "审批鉴定清册"),
    Permission(WITNESS, "监销", "在销毁时到场确认"),
    Permission(TRANSFER, "移交进馆", "编制移交清单，检测，打包，登记回执"),
]

ROLES = [
    Role("archives_reader", "本部门档案查阅", {READ: "department_tree", BORROW: "all"}, "查阅本部门形成的档案，申请借阅其他档案",
         everyone=True),
    Role("archives_archivist", "档案员",
         {READ: "all", FILE: "all", EXPORT: "all", BORROW: "all", LEND: "all", OPEN: "all", APPRAISE: "all", TRANSFER: "all"},
         "归档、检索、导出、借阅、划控、编制鉴定与移交清单"),
    Role("archives_decider", "鉴定审批人", {READ: "all", DECIDE: "all"}, "审批鉴定清册"),
    Role("archives_witness", "监销人", {WITNESS: "all"}, "销毁时到场确认"),
]
