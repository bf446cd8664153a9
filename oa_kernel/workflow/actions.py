"""What people do to a task, one function an action. All are called by ``engine.act`` inside its transaction, with
the task already theirs, open and of the version they saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from oa_kernel import signals
from oa_kernel.errors import Conflict, Invalid
from oa_kernel.identity.models import Person

from . import deciding, moves
from .case import ALIVE, Case, usernames
from .definition import Step
from .models import Run, Task


@dataclass
class Act:
    """One action: the case, the task, its run and step, and what came with it."""

    case: Case
    task: Task
    run: Run
    step: Step
    action: str
    comment: str = ""
    to: list[int] = field(default_factory=list)
    target: str | None = None
    resume: str = "step"
    place: str = "before"
    form: Mapping[str, Any] | None = None

    def finish(self, action: str = "") -> None:
        """Marks the task done; it was checked that it is open and the version fits."""
        changed = Task.update(
            state="done", action=action or self.action, comment=self.comment, done_at=self.case.now,
            version=Task.version + 1,
        ).where(Task.id == self.task.id, Task.state == "open", Task.version == self.task.version).execute()
        if not changed:
            raise Conflict("这件任务刚刚已被处理：请刷新后再看", code="task_done")
        self.task.state, self.task.action, self.task.comment = "done", action or self.action, self.comment


def approve(a: Act) -> None:
    """同意 / 送审: the task is done; the case goes on when the step's mode is satisfied."""
    if a.task.kind == "circulate":
        return read(a)
    save_form(a, complete=True)
    a.case.chosen = a.to
    before = a.case.instance.state
    a.finish()
    action = "submit" if a.task.kind == "draft" else "approve"
    a.case.trail(action, a.task, a.comment, was=before if before == "withdrawn" else "")
    if before == "withdrawn":
        a.case.set_state("running")
    deciding.answered(a.case, a.run, a.step, a.task)
    completed(a)
    return None


def completed(a: Act) -> None:
    signals.workflow_task_completed.send(
        "workflow", instance=a.case.instance, task=a.task, action=a.action, by=a.case.by, comment=a.comment
    )


def reject(a: Act) -> None:
    """否决: ends the case; where votes decide, it is a vote against."""
    comment_needed(a, "否决")
    a.finish()
    a.case.trail("reject", a.task, a.comment)
    if a.step.mode in ("ratio", "weights") and a.task.kind == "work":
        name = usernames([a.task.for_id or a.task.assignee_id])
        if next(iter(name.values()), ("",))[0] not in a.step.veto:
            deciding.answered(a.case, a.run, a.step, a.task)
            completed(a)
            return
    moves.rejected(a.case, a.comment)
    completed(a)


def transfer(a: Act) -> None:
    """转办: another does it instead of me."""
    person = _one(a, "转办")
    a.finish()
    made = a.case.again(a.step, a.task, person.id, due_at=a.task.due_at)
    a.case.trail("transfer", a.task, a.comment, to=[person.username], made=made.id)
    a.case.tell("workflow.task", [person.id], f"转办 {a.step.title}：{a.case.instance.title}", a.comment)
    completed(a)


def delegate(a: Act) -> None:
    """委托: another does it first, then it comes back to me."""
    person = _one(a, "委托")
    _wait(a)
    row = a.case.task_row(a.run.id, a.step, person.id, kind="delegate", parent_id=a.task.id, due_at=a.task.due_at)
    a.case.add_tasks(a.step, [row])
    Run.update(asked=Run.asked + 1).where(Run.id == a.run.id).execute()
    a.case.trail("delegate", a.task, a.comment, to=[person.username])
    a.case.tell("workflow.task", [person.id], f"受托 {a.step.title}：{a.case.instance.title}", a.comment)


def add_sign(a: Act) -> None:
    """加签: others are asked before me, after me, or beside me."""
    found = _several(a, "加签")
    if a.place not in ("before", "after", "beside"):
        raise Invalid("place 应是 before、after 或 beside", errors={"place": ["应是 before、after 或 beside"]})
    if a.place == "before":
        _wait(a)
    state = "waiting" if a.place == "after" else "open"
    rows = [a.case.task_row(a.run.id, a.step, p.id, kind="sign", place=a.place, parent_id=a.task.id, state=state,
                            position=a.task.position) for p in found]
    a.case.add_tasks(a.step, rows)
    Run.update(asked=Run.asked + len(rows)).where(Run.id == a.run.id).execute()
    a.case.trail("add_sign", a.task, a.comment, to=[p.username for p in found], place=a.place)
    if state == "open":
        a.case.tell("workflow.task", [p.id for p in found], f"加签 {a.step.title}：{a.case.instance.title}", a.comment)


def remove_sign(a: Act) -> None:
    """减签: those I had added, or asked in my place, and who have not answered."""
    found = _several(a, "减签", new=False)
    gone = [i for (i,) in Task.select(Task.id).where(
        Task.parent_id == a.task.id, Task.kind.in_(("sign", "delegate")), Task.state.in_(ALIVE),
        Task.assignee_id.in_([p.id for p in found])).tuples()]
    if not gone:
        raise Conflict("这些人没有由我加签，或已经办理", code="not_added")
    while gone:  # with whoever they had added or asked themselves
        Task.update(state="cancelled", done_at=a.case.now, version=Task.version + 1).where(Task.id.in_(gone)).execute()
        gone = [i for (i,) in Task.select(Task.id).where(Task.parent_id.in_(gone), Task.state.in_(ALIVE),
                                                         Task.kind != "circulate").tuples()]
    a.case.trail("remove_sign", a.task, a.comment, to=[p.username for p in found])
    a.case.tell("workflow.notice", [p.id for p in found], f"不必再办 {a.step.title}：{a.case.instance.title}", a.comment)
    deciding.back_to_parent(a.case, a.step, a.task.id)


def circulate(a: Act) -> None:
    """传阅: others read it and may write an opinion; nothing waits for them."""
    found = _several(a, "传阅", new=False)
    have = {i for (i,) in Task.select(Task.assignee_id).where(
        Task.instance_id == a.case.instance.id, Task.kind == "circulate", Task.state == "open").tuples()}
    rows = [a.case.task_row(a.run.id, a.step, p.id, kind="circulate", step_name="传阅", due_at=None)
            for p in found if p.id not in have]
    a.case.add_tasks(a.step, rows)
    a.case.trail("circulate", a.task, a.comment, to=[p.username for p in found])
    a.case.tell("workflow.circulated", [r["assignee_id"] for r in rows], f"传阅：{a.case.instance.title}", a.comment)


def read(a: Act) -> None:
    """已阅: of a circulated copy it is the answer; of work it only says that it was looked at."""
    if a.task.kind == "circulate":
        a.finish("read")
        a.case.trail("read", a.task, a.comment)
    elif a.task.read_at is None:
        Task.update(read_at=a.case.now).where(Task.id == a.task.id).execute()


def save(a: Act) -> None:
    """保存: keeps the opinion and the fields so far."""
    save_form(a, complete=False)
    Task.update(comment=a.comment, version=Task.version + 1).where(
        Task.id == a.task.id, Task.version == a.task.version).execute()


def claim(a: Act) -> None:
    """签收: of those who were all asked, I take it on."""
    others = [i for (i,) in Task.select(Task.id).where(
        Task.run_id == a.run.id, Task.id != a.task.id, Task.state == "open", Task.kind == "work").tuples()]
    if not others or a.step.mode != "one" or a.task.kind != "work" or a.task.place == "claimed":
        raise Conflict("这件任务只有一个人办理，不需要签收", code="nothing_to_claim")
    Task.update(state="waiting", version=Task.version + 1).where(Task.id.in_(others)).execute()
    a.case.stop_clocks(others)
    Task.update(place="claimed", version=Task.version + 1).where(Task.id == a.task.id).execute()
    a.case.trail("claim", a.task, a.comment)


def release(a: Act) -> None:
    """放回: what I claimed is everybody's again."""
    if a.task.place != "claimed":
        raise Conflict("没有签收过，不需要放回", code="not_claimed")
    alive = list(Task.select().where(Task.run_id == a.run.id, Task.state.in_(ALIVE)))
    for task in deciding.queued(alive):
        a.case.reopen_waiting(a.step, task)
    Task.update(place="", version=Task.version + 1).where(Task.id == a.task.id).execute()
    a.case.trail("release", a.task, a.comment)


ACTIONS = {
    "approve": approve, "reject": reject, "transfer": transfer, "delegate": delegate,
    "add_sign": add_sign, "remove_sign": remove_sign, "circulate": circulate, "read": read, "save": save,
    "claim": claim, "release": release,
}


def _wait(a: Act) -> None:
    changed = Task.update(state="waiting", comment=a.comment, version=Task.version + 1).where(
        Task.id == a.task.id, Task.state == "open", Task.version == a.task.version).execute()
    if not changed:
        raise Conflict("这件任务刚刚已被处理：请刷新后再看", code="task_done")
    a.case.stop_clocks([a.task.id])


def comment_needed(a: Act, word: str) -> None:
    if not a.comment.strip():
        raise Invalid(f"{word}要写明理由", errors={"comment": [f"{word}要写明理由"]})


def _several(a: Act, word: str, new: bool = True) -> list[Person]:
    if not a.to:
        raise Invalid(f"{word}要选人", errors={"to": [f"{word}要选人"]})
    found = {p.id: p for p in Person.select().where(Person.id.in_(a.to), Person.active)}
    missing = [i for i in a.to if i not in found]
    if missing:
        raise Invalid(f"{word}的人中有已停用的", errors={"to": ["有人已停用"]})
    if new:
        have = {i for (i,) in Task.select(Task.assignee_id).where(
            Task.run_id == a.run.id, Task.state.in_(ALIVE), Task.kind != "circulate").tuples()}
        again = [found[i].name for i in a.to if i in have]
        if again:
            raise Conflict(f"{'、'.join(again)}已在这一环节办理，不能再{word}给他", code="already_asked")
    return [found[i] for i in dict.fromkeys(a.to)]


def _one(a: Act, word: str) -> Person:
    found = _several(a, word)
    if len(found) != 1:
        raise Invalid(f"{word}只能给一个人", errors={"to": [f"{word}只能给一个人"]})
    return found[0]


def save_form(a: Act, *, complete: bool) -> None:
    """Takes over changed fields; only those the step lets one edit, and with what must be filled in when complete."""
    from .fields import check_edit

    values = check_edit(a.case, a.step, a.form or {}, complete=complete)
    if values:
        a.case.save_form(values)
