"""A purchase in two steps, a service step that fails while ``works`` says why, and short ways to act and read."""

import re

from oa_kernel import workflow

STEPS = """
name: t.case
title: 采购审批
steps:
  - {id: draft, title: 拟稿, people: drafter, next: one}
  - {id: one, title: 初审, people: {user: a}, due: 1 working day, on_overdue: escalate, next: two}
  - {id: two, title: 审核, people: {user: b}, next: end}
"""
SERVICE = """
name: t.service
title: 自动归档
steps:
  - {id: draft, title: 拟稿, people: drafter, next: machine}
  - {id: machine, title: 自动编号, type: service, service: machines.run, next: end}
"""
works = {"error": "打印机没有纸"}


def words(page):
    """What is read of a page, its tags left out."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def act(case, who, action="approve", **kwargs):
    return workflow.act(workflow.open_task(case.id, who).id, action, who, **kwargs)
