"""An office with a supervisor, two departments with heads, and a deputy leader in charge."""

import datetime as dt
from types import SimpleNamespace

import pytest
from oa_supervision.services import items

from oa_kernel import workflow


@pytest.fixture(scope="session")
def oa_settings():
    return {"organisation": {"name": "云岭市人民政府办公室"}, "plugins": {"documents": {}, "supervision": {}}}


@pytest.fixture
def desk(oa, make, frozen):
    frozen("2026-11-23T09:00:00+08:00")  # a Monday
    deputy = make.person("deputy", "沈怀远")
    lead = make.department("业务处", deputy=deputy)
    other, away = make.department("财务处"), make.department("档案处")
    people = {
        "deputy": deputy,
        "supervisor": make.person("supervisor", "督查员", make.department("督查处"), roles=["supervision_supervisor"]),
        "head": make.person("head", "业务处长", lead, posts=[("处长", "head")]),
        "officer": make.person("officer", "罗一鸣", lead),
        "helper": make.person("helper", "财务员", other, posts=[("处长", "head")]),
        "stranger": make.person("stranger", "档案员", away),
    }
    workflow.sync_definitions()

    def item(title="落实防汛物资储备", due="2026-12-04", **more):
        data = {"title": title, "due_on": due, "department": "业务处", "assisting": ["财务处"], **more}
        return items.create(data, people["supervisor"])

    return SimpleNamespace(**people, item=item, lead=lead, day=dt.date.fromisoformat)
