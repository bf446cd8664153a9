"""The to-do list: every row opens, in one click, where the work is done. The most visited page of all, so lean."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import request

from oa_kernel import builtin, clock, identity, runtime, workflow

from .. import show
from ..access import Pages
from ..door import person
from ..i18n import gettext as _
from ..rendering import flash, is_htmx, redirect, render, with_query

pages = Pages("todo", __name__)

FILTERS = ("urgency", "kind", "due", "q")


class Row(NamedTuple):
    """A task as a line of the list: everything a template would otherwise work out, ready."""

    id: int
    url: str
    title: str
    unread: bool
    urgency: str
    step_name: str
    from_name: str
    kind: str
    arrived: Any
    due: Any
    state: str
    action: str
    done: Any


@pages.get("/todo", permission="kernel.tasks.own")
def index() -> Any:
    who = person()
    args = request.args
    state = "done" if args.get("state") == "done" else "open"
    sort = "due" if args.get("sort") == "due" and state == "open" else "arrived"
    chosen = {name: args.get(name, "").strip()[:200] for name in FILTERS}
    page = workflow.todo(
        who, state=state, q=chosen["q"], urgency=chosen["urgency"], definition=chosen["kind"], due=chosen["due"],
        sort=sort, cursor=args.get("cursor"), limit=50,
    )
    counts = workflow.todo_counts(who) if state == "open" else {}
    base = {"state": "done" if state == "done" else "", "sort": "due" if sort == "due" else "", **chosen}
    values = {
        "rows": rows_shown(page.items), "state": state, "sort": sort, "chosen": chosen, "chips": _chips(counts, base),
        "counts": counts, "next_url": with_query("/todo", {**base, "cursor": page.next}) if page.next else "",
        "sort_url": with_query("/todo", {**base, "sort": "" if sort == "due" else "due"}),
        "filtered": any(chosen.values()), "saved": _saved(who, base), "may_save": any(chosen.values()) and state == "open",
    }
    return render("oa/todo_rows.html" if is_htmx() else "oa/todo.html", **values)


#: filters one may keep, and how long their names are
MOST_SAVED, LONGEST_NAME = 12, 20


def _saved(who: Any, base: dict[str, str]) -> list[dict[str, Any]]:
    """The filters somebody kept: ``{"name", "url", "on"}``."""
    found = []
    for one in (who.preferences or {}).get("todo_filters", []):
        values = {n: one["filters"].get(n, "") for n in (*FILTERS, "sort")}
        found.append({"name": one["name"], "url": with_query("/todo", values),
                      "on": not base["state"] and all(base[n] == v for n, v in values.items())})
    return found


@pages.post("/todo/filters", permission="kernel.tasks.own")
def save_filter() -> Any:
    """Keeps the filters as they are set under a name (again: replaced); ``remove`` forgets it."""
    form, who = request.form, person()
    name = form.get("name", "").strip()[:LONGEST_NAME]
    values = {n: form.get(n, "").strip()[:200] for n in (*FILTERS, "sort")}
    kept = [f for f in (who.preferences or {}).get("todo_filters", []) if f["name"] != name]
    onward = with_query("/todo", values)
    if form.get("remove") == "1":
        onward = "/todo"
    elif not name or not any(values[n] for n in FILTERS):
        flash(_("写一个名称，并先选好筛选条件"), "warning")
        return redirect(onward)
    elif len(kept) >= MOST_SAVED:
        flash(_("最多保存 %(n)s 个筛选，请先删去不用的", n=MOST_SAVED), "warning")
        return redirect(onward)
    else:
        kept.append({"name": name, "filters": {n: v for n, v in values.items() if v}})
    identity.set_preferences(who, {"todo_filters": kept or None})
    flash(_("已删去筛选“%(t)s”", t=name) if form.get("remove") == "1" else _("已保存筛选“%(t)s”", t=name))
    return redirect(onward)


@pages.get("/tasks/<int:task_id>", signed_in=True)
def open_task(task_id: int) -> Any:
    """Where this task is done: the page of its subject, or the case's own."""
    task = workflow.get_task(task_id, person())
    return redirect(work_url(task.subject_kind, task.subject_id, task.instance_id))


@pages.get("/todo/next", permission="kernel.tasks.own")
def next_one() -> Any:
    """The newest of what waits, or the list where nothing does."""
    page = workflow.todo(person(), state="open", limit=1)
    if not page.items:
        return redirect("/todo")
    task = page.items[0]
    return redirect(work_url(task.subject_kind, task.subject_id, task.instance_id))


def rows_shown(tasks: list[Any]) -> list[Row]:
    """Tasks as lines of the list."""
    titles = definition_titles()
    when, due = show.when, show.due
    return [
        Row(
            t.id, work_url(t.subject_kind, t.subject_id, t.instance_id), t.title, t.read_at is None, t.urgency,
            t.step_name, t.from_name, titles.get(t.definition_name, t.definition_name), when(t.arrived_at),
            due(t.due_at, t.done_at is not None), t.state, t.action, when(t.done_at),
        )
        for t in tasks
    ]


def work_url(subject_kind: str, subject_id: str, instance_id: int) -> str:
    """The page where a case is worked on."""
    if subject_kind:
        subject = _subjects().get(subject_kind)
        if subject is not None:
            return str(subject.url(subject_id))
    return f"/cases/{instance_id}"


def about(subject_kind: str, subject_id: str) -> tuple[str, str] | None:
    """(what it is called, its page) of what a case is about; None for a case of its own."""
    subject = _subjects().get(subject_kind) if subject_kind else None
    return (str(subject.title), str(subject.url(subject_id))) if subject is not None else None


def _subjects() -> dict[str, Any]:
    cache = runtime.current().cache
    if "web.subjects" not in cache:
        cache["web.subjects"] = {s.kind: s for s in builtin.collect("oa_workflow_subjects")}
    found: dict[str, Any] = cache["web.subjects"]
    return found


def definition_titles() -> dict[str, str]:
    """Name → title of the definitions, a minute old at most."""
    cache = runtime.current().cache
    kept = cache.get("web.definition_titles")
    now = clock.now()
    if kept is None or (now - kept[0]).total_seconds() > 60:
        kept = cache["web.definition_titles"] = (now, {d.name: d.title for d in workflow.definitions()})
    titles: dict[str, str] = kept[1]
    return titles


def _chips(counts: dict[str, Any], base: dict[str, str]) -> list[dict[str, Any]]:
    """The filters one can press, each with its figure: urgency, due, kind."""
    titles = definition_titles()
    chips = []
    if counts.get("due_soon"):
        chips.append(_chip("due", "soon", "将到期", counts["due_soon"], base))
    if counts.get("overdue"):
        chips.append(_chip("due", "overdue", "已超期", counts["overdue"], base))
    for urgency, count in counts.get("urgency", {}).items():
        if urgency:
            chips.append(_chip("urgency", urgency, urgency, count, base))
    kinds = counts.get("definition", {})
    if len(kinds) > 1 or base["kind"]:
        chips += [_chip("kind", name, titles.get(name, name), count, base) for name, count in kinds.items()]
    return chips


def _chip(name: str, value: str, text: str, count: int, base: dict[str, str]) -> dict[str, Any]:
    on = base.get(name) == value
    return {"text": text, "count": count, "on": on, "url": with_query("/todo", {**base, name: "" if on else value})}
