"""A city's office whose documents go drafter → head → deputy → leader → office; real database, real workflow."""

import pytest

from oa_kernel import workflow

from .office import Office


@pytest.fixture(scope="session")
def oa_settings():
    return {
        "organisation": {"name": "云岭市人民政府办公室"}, "security": {"highest_secrecy": "机密"},
        "plugins": {"documents": {"series": "云政办发", "overdue_days": 3}},
    }


@pytest.fixture
def office(oa, make):
    deputy = make.person("deputy", "分管领导", clearance=3)
    unit = make.department("综合处", deputy=deputy)
    business = make.department("业务处")
    people = {
        "deputy": deputy,
        "drafter": make.person("drafter", "林晓燕", unit, clearance=3),
        "head": make.person("head", "处长", unit, posts=[("处长", "head")], clearance=3),
        "leader": make.person("leader", "高明德", unit, roles=["documents_signer"], clearance=3),
        "clerk": make.person("clerk", "文书", unit, roles=["documents_office"], clearance=3),
        "officer": make.person("officer", "业务员", business),
        "colleague": make.person("colleague", "业务同事", business),
    }
    workflow.sync_definitions()
    return Office(people, unit, business)
