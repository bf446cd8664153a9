"""The rule about writes."""

from __future__ import annotations

from oa_kernel import context

from .recorder import Statement, faults, recording
from .subject import Office, Route, Subject

_WORKER = context.Actor(username="worker", name="后台", channel="worker")


def every_write_is_audited_in_one_transaction(subject: Subject) -> list[str]:
    """Every write stands in one transaction together with its audit event, whether it came by a page, by REST or by
    a scheduled task."""
    found: list[str] = []
    with subject.office() as office:
        routes = [r for r in office.routes() if r.method != "GET"]
        # what is removed comes last; each call gets a row of its own
        routes.sort(key=lambda r: (r.method == "DELETE" or "delete" in r.rule.rule, str(r)))
        office.fill(len(routes) + 3)
        tried, answers = 0, []
        for number, route in enumerate(routes, 1):
            with recording() as statements:
                status = office.call(route, office.who(route), number).status_code
            answers.append(f"{route} → {status}")
            tried += _wrote(office, statements) and status < 400
            found += [f"{route}：{p}" for p in _judge(office, route, status, statements)]
        found += _tasks(office)
    if routes and not tried and not found:
        found.append("没有一个写入的路由能用从声明得出的内容试成：" + "；".join(answers))
    return found


def _judge(office: Office, route: Route, status: int, statements: list[Statement]) -> list[str]:
    if status >= 500:
        return [f"出错 {status}"]
    if status >= 400:  # refused: what was begun is rolled back, what stood outside a transaction is not
        loose = [s for s in statements if s.written in office.tables and s.transaction is None]
        return [f"拒绝了（{status}）却已写 {loose[0].written}，不在事务里"] if loose else []
    return faults(statements, office.tables)


def _wrote(office: Office, statements: list[Statement]) -> bool:
    return any(s.written in office.tables for s in statements)


def _tasks(office: Office) -> list[str]:
    found = []
    for owner, task in office.running.plugins.collect_with_owner("oa_scheduled_tasks"):
        if owner != office.subject.name:
            continue
        try:
            with recording() as statements, context.acting(_WORKER):
                task.run()
        except Exception as error:  # a plugin's own code
            found.append(f"定时任务 {task.name} 出错：{type(error).__name__}: {error}")
        else:
            found += [f"定时任务 {task.name}：{p}" for p in faults(statements, office.tables, batch=True)]
    return found


__all__ = ["every_write_is_audited_in_one_transaction"]
