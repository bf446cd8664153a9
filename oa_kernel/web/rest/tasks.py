"""What waits for me, and doing it."""

from __future__ import annotations

from typing import Any

from oa_kernel import identity, workflow
from oa_kernel.errors import Invalid

from ..api import LIST_QUERY, Api, listing
from ..door import person
from ..shell import forget_counts

api = Api("tasks", title="待办")

_TASK = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"}, "instance": {"type": "integer"}, "title": {"type": "string"},
        "step": {"type": "string"}, "step_name": {"type": "string"}, "assignee": {"type": "object"},
        "due": {"type": ["string", "null"], "format": "date-time"}, "urgency": {"type": "string"},
        "actions": {"type": "array", "items": {"type": "string"}},
    },
}

ACTION_BODY: dict[str, Any] = {
    "action": {"type": "string", "required": True, "label": "动作",
               "help": "one of the task's actions, e.g. approve, return, reject"},
    "comment": {"type": "string", "nullable": True, "maxlength": 10000, "label": "意见"},
    "to": {"type": "list", "nullable": True, "schema": {"type": "string"}, "label": "人员（用户名）"},
    "target": {"type": "string", "nullable": True, "label": "退回到的步骤"},
    "resume": {"type": "string", "nullable": True, "allowed": ["step", "direct"], "label": "退回后怎样继续"},
    "place": {"type": "string", "nullable": True, "allowed": ["before", "after", "beside"], "label": "加签位置"},
    "version": {"type": "integer", "nullable": True, "label": "任务版本"},
    "form": {"type": "dict", "nullable": True, "label": "修改的表单字段"},
}


@api.get("/tasks", permission="kernel.tasks.own", returns={"items": _TASK}, summary="my to-do list",
         query={**LIST_QUERY, "state": {"type": "string", "allowed": ["open", "done"], "default": "open",
                                        "label": "待办还是已办"},
                "q": {"type": "string", "maxlength": 200, "label": "标题里的字"}})
def list_tasks(query: dict[str, Any]) -> Any:
    """The newest first."""
    who = person()
    page = workflow.todo(
        who, state=query["state"], q=query.get("q") or "", limit=query["limit"], cursor=query.get("cursor")
    )
    actions = workflow.actions_of(page.items)
    return listing(page, lambda task: task_shape(task, who, actions[task.id]))


@api.post("/tasks/<int:id>/actions", permission="kernel.tasks.own", body=ACTION_BODY,
          summary="do a task: approve, return, reject, transfer …",
          returns={"type": "object", "properties": {"instance": {"type": "integer"}, "state": {"type": "string"}}})
def act(id: int, body: dict[str, Any]) -> Any:
    """409 where somebody was faster or the state does not allow it, 403 or 404 for somebody else's task."""
    done = workflow.act(id, body["action"], person(), **act_options(body))
    forget_counts(person().id)
    return {"instance": done.id, "state": done.state}


def act_options(body: dict[str, Any]) -> dict[str, Any]:
    """The further arguments of ``workflow.act`` out of a body; people by user name."""
    options: dict[str, Any] = {"comment": body.get("comment") or "", "version": body.get("version")}
    if body.get("to"):
        options["to"] = people_named(body["to"])
    for name in ("target", "form", "place", "resume"):
        if body.get(name):
            options[name] = body[name]
    return options


def people_named(usernames: list[str], field: str = "to") -> list[int]:
    """Ids of the people with these user names. Raises Invalid that names the unknown ones."""
    ids, unknown = [], []
    for username in usernames:
        found = identity.by_username(username)
        if found is None or not found.active:
            unknown.append(username)
        else:
            ids.append(found.id)
    if unknown:
        raise Invalid("有的人员找不到", errors={field: [f"没有这个用户名，或账户已停用：{name}" for name in unknown]})
    return ids


def task_shape(task: Any, who: Any, actions: list[str]) -> dict[str, Any]:
    """A task as the contract has it."""
    return {
        "id": task.id, "instance": task.instance_id, "title": task.title, "step": task.step,
        "step_name": task.step_name, "assignee": {"username": who.username, "name": who.name}, "due": task.due_at,
        "urgency": task.urgency, "from": task.from_name, "arrived": task.arrived_at, "done": task.done_at,
        "state": task.state, "version": task.version, "definition": task.definition_name,
        "subject": {"kind": task.subject_kind, "id": task.subject_id} if task.subject_kind else None,
        "actions": actions,
    }
