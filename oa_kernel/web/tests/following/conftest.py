"""An office where a purchase waits, on a Thursday morning."""

import pytest

from oa_kernel import workflow
from oa_kernel.web.tests.pages import Browser

from .cases import STEPS, works


@pytest.fixture(scope="session")
def oa_extra_plugins():
    from oa_kernel import hookimpl
    from oa_kernel.contributions import PluginInfo, WorkflowService

    def run(instance, key):
        if works["error"]:
            raise RuntimeError(works["error"])
        return {}

    class Machines:
        @hookimpl
        def oa_plugin(self):
            return PluginInfo("machines", "机器", "1")

        @hookimpl
        def oa_workflow_services(self):
            return [WorkflowService("machines.run", "机器", run)]

    return {"machines": Machines()}


@pytest.fixture(scope="session")
def oa_settings():
    return {"organisation": {"name": "测试"}, "plugins": {"machines": {}}}


@pytest.fixture(autouse=True)
def early(frozen):
    """A Thursday; before anybody is given a role, for a grant holds from when it is made."""
    frozen("2026-10-15T09:00:00+08:00")
    works["error"] = "打印机没有纸"


@pytest.fixture
def office(oa, make):
    unit = make.department("综合处")
    people = {n: make.person(n, f"{n}先生", unit) for n in ("drafter", "a", "b", "c")}
    people["admin"] = make.person("admin", "管理员", unit, roles=["system_admin"])
    people["doctor"] = make.person("doctor", "无关", unit)
    workflow.publish(STEPS)
    return people


@pytest.fixture
def browser(oa_client, office):
    return lambda name: Browser(oa_client(office[name]), office[name])


@pytest.fixture
def case(office, frozen):
    return workflow.start("t.case", "采购显示器", {}, office["drafter"])
