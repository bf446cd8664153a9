"""A plugin with scoped permissions, and a table of its things."""

from __future__ import annotations

import pytest

from oa_kernel import db, hookimpl, permissions
from oa_kernel.contributions import NavItem, Permission, PluginInfo, Role, WorkflowSubject


class PapersPlugin:
    """Permissions and roles like a business plugin's."""

    @hookimpl
    def oa_plugin(self):
        return PluginInfo("papers", "文稿", "1")

    @hookimpl
    def oa_permissions(self):
        return [
            Permission("papers.read", "查看文稿", scoped=True),
            Permission("papers.write", "起草文稿", scoped=True),
            Permission("papers.lock", "锁定文稿系统", domain="system"),
        ]

    @hookimpl
    def oa_navigation(self):
        return [NavItem("documents", "文稿", "search.index", count=lambda who: 77 * permissions.by_right(who, "papers.write"))]

    @hookimpl
    def oa_workflow_subjects(self):
        return [WorkflowSubject("paper", "文稿", lambda i: f"/papers/{i}", lambda person, i: i == str(person.id))]

    @hookimpl
    def oa_roles(self):
        return [
            Role("papers.writer", "拟稿人", {"papers.read": "own", "papers.write": "own"}),
            Role("papers.division", "处室阅读", {"papers.read": "department"}),
            Role("papers.branch", "分管阅读", {"papers.read": "department_tree"}),
            Role("papers.chosen", "指定阅读", {"papers.read": "chosen"}),
            Role("papers.all", "全部阅读", {"papers.read": "all"}),
            Role("papers.sneaky", "夹带", {"papers.read": "all", "papers.lock": "all", "no.such": "all",
                                         "papers.write": "galaxy"}),
            Role("papers.keeper", "文稿系统管理", {"papers.lock": "all"}, domain="system"),
            Role("papers.takeover", "人人管理", {"papers.lock": "all"}, domain="system", everyone=True),
        ]


class Paper(db.Model):
    title = db.CharField()
    drafter_id = db.BigIntegerField()
    department_id = db.BigIntegerField()
    secrecy_level = db.SmallIntegerField(default=0)

    class Meta:
        table_name = "papers_paper"


@pytest.fixture(scope="session")
def oa_settings():
    return {"organisation": {"name": "测试单位"}, "plugins": {"papers": {}}}


@pytest.fixture(scope="session")
def oa_extra_plugins():
    return {"papers": PapersPlugin()}


@pytest.fixture
def office(make):
    """局 ← 综合处 ← 一科; 局 ← 业务处: departments by name, and a person in each but the 局."""
    top = make.department("局")
    general, affairs = make.department("综合处", top), make.department("业务处", top)
    section = make.department("一科", general)
    return {
        "top": top, "general": general, "affairs": affairs, "section": section,
        "zhang": make.person("zhang", "张三", department=general),
        "li": make.person("li", "李四", department=section),
        "wang": make.person("wang", "王五", department=affairs),
    }


@pytest.fixture
def papers(office):
    """One paper of each person, title = user name; 王五's second one is 秘密."""
    Paper.create_table()
    for name, home in (("zhang", "general"), ("li", "section"), ("wang", "affairs")):
        Paper.create(title=name, drafter_id=office[name].id, department_id=office[home].id)
    Paper.create(title="secret", drafter_id=office["wang"].id, department_id=office["affairs"].id, secrecy_level=2)
    return Paper
