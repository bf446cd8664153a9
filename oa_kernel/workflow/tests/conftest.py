"""An office of a few people, and short ways to look at a case."""

import pytest

from oa_kernel import workflow
from oa_kernel.workflow import Instance, Task


class Office:
    """People by name: ``office.drafter``; what is open in a case: ``office.open(case)``."""

    def __init__(self, people):
        self.people = people

    def __getattr__(self, name):
        try:
            return self.__dict__["people"][name]
        except KeyError:
            raise AttributeError(name) from None

    def publish(self, steps, head=""):
        """Publishes ``t.case`` with a first step and those given, one line each."""
        lines = "\n".join(f"  - {line}" for line in steps)
        workflow.publish(f"name: t.case\ntitle: 一件事\n{head}\nsteps:\n{lines}\n")

    def start(self, form=None, **kwargs):
        return workflow.start("t.case", "一件事", form or {}, self.drafter, **kwargs)

    def open(self, case):
        """``{(step, username)}`` of what people can do now, copies to read left out."""
        names = {p.id: n for n, p in self.people.items()}
        return {(t.step, names[t.assignee_id]) for t in Task.select().where(
            Task.instance_id == case.id, Task.state == "open", Task.kind != "circulate")}

    def task(self, case, name, step=None):
        where = [Task.instance_id == case.id, Task.assignee_id == self.people[name].id, Task.state == "open"]
        found = Task.select().where(*where, *([Task.step == step] if step else [])).order_by(
            Task.id).first()
        assert found is not None, f"{name} has nothing to do: {self.open(case)}"
        return found

    def act(self, case, name, action="approve", step=None, **kwargs):
        return workflow.act(self.task(case, name, step).id, action, self.people[name], **kwargs)

    def state(self, case):
        return Instance.get_by_id(case.id).state


@pytest.fixture
def desk(oa, make):
    """``a`` … ``e`` of one unit with ``head``, ``deputy`` in charge, ``drafter``, ``admin``."""
    deputy = make.person("deputy", "deputy")
    unit = make.department("综合处", deputy=deputy)
    people = {n: make.person(n, n, unit) for n in ("drafter", "a", "b", "c", "d", "e")}
    people |= {"deputy": deputy, "head": make.person("head", "head", unit, posts=[("处长", "head")]),
               "admin": make.person("admin", "admin", unit, roles=["system_admin"])}
    return Office(people)
