"""Rules about routes: who may call them, and how lists behave."""

from __future__ import annotations

from oa_kernel import permissions

from .recorder import recording
from .subject import Office, Route, Subject

_NUMBERS = ("IntegerConverter",)
_MAX_PAGE = 200


def every_route_asks_for_a_permission(subject: Subject) -> list[str]:
    """Every route asks for a registered permission (or for being signed in, and the service asks); a public one
    cannot be reached by counting. Who lacks the right gets 403, and 404 for a thing they may not see."""
    with subject.office() as office:
        state = office.running.plugins.states[subject.name]
        if state.state != "ok":
            return [state.reason]
        office.fill(3)
        return [p for route in office.routes() for p in _asks(office, route)]


def _asks(office: Office, route: Route) -> list[str]:
    access, registered = route.access, permissions.registered()
    guessed = [a for a in route.arguments if route.converter(a) in _NUMBERS]
    if access.public:
        if guessed:
            return [f"{route}：公开的路由不能用可以数出来的编号（{'、'.join(guessed)}），请用随机的码"]
        return [f"{route}：公开的写入"] if route.method != "GET" and not route.arguments else []
    if access.permission and access.permission not in registered:
        return [f"{route}：权限 {access.permission} 没有登记（oa_permissions）"]
    found = []
    if route.method == "GET":
        answer = office.call(route, None, 1)
        if answer.status_code not in (303, 302, 401):
            found.append(f"{route}：没有登录也得到 {answer.status_code}")
    with recording() as statements:
        answer = office.call(route, office.stranger, 1)
    status = answer.status_code
    wrote = {s.written for s in statements} & office.tables
    holds = bool(access.permission) and permissions.allows(office.stranger, access.permission)
    if status >= 500:
        found.append(f"{route}：旁人调用时出错 {status}")
    elif access.permission and not holds and status not in (403, 404):
        found.append(f"{route}：没有权限的人得到 {status}，应是 403 或 404")
    elif guessed and route.method != "GET" and wrote and status < 400 and not _everything(office, route):
        found.append(f"{route}：旁人改了别人的东西（{'、'.join(sorted(wrote))}），服务没有检查权限")
    elif guessed and holds and _scoped(route) and not _everything(office, route) and status != 404:
        found.append(f"{route}：旁人不该看见的东西得到 {status}，应是 404")
    return found


def _scoped(route: Route) -> bool:
    known = permissions.registered().get(route.access.permission or "")
    return bool(known and known.scoped)


def _everything(office: Office, route: Route) -> bool:
    scope = permissions.scopes_of(office.stranger).get(route.access.permission or "")
    return bool(scope and scope.all)


def every_list_is_paged(subject: Subject) -> list[str]:
    """Every list is paged: a REST list takes ``limit`` and ``cursor`` and answers ``items`` and ``next``; a page does
    not grow with the table (a file to take away, as a spreadsheet of all, may)."""
    found: list[str] = []
    with subject.office() as office:
        office.fill(_MAX_PAGE + 20)
        sizes = {}
        for route in _lists(office):
            answer = office.call(route, office.who(route), 1)
            if answer.status_code >= 500:
                found.append(f"{route}：出错 {answer.status_code}")
            if answer.headers.get("Content-Disposition", "").startswith("attachment"):
                continue
            sizes[route] = _size(answer)
            if route.operation is not None:
                found += _rest_list(office, route, answer)
        office.fill(_MAX_PAGE + 20)
        for route, before in sizes.items():
            after = _size(office.call(route, office.who(route), 1))
            if after > before * 1.2 + 400:
                found.append(f"{route}：表长一倍，答复从 {before} 长到 {after}，没有分页")
    return found


def _size(answer: object) -> int:
    value = answer.get_json(silent=True) if answer.mimetype == "application/json" else None  # type: ignore[attr-defined]
    if isinstance(value, dict) and isinstance(value.get("items"), list):
        return len(value["items"])
    return len(answer.data)  # type: ignore[attr-defined]


def _rest_list(office: Office, route: Route, answer: object) -> list[str]:
    value = answer.get_json(silent=True)  # type: ignore[attr-defined]
    if answer.status_code != 200 or not isinstance(value, dict) or not isinstance(value.get("items"), list):  # type: ignore[attr-defined]
        return []
    query = route.operation.query or {}
    missing = [name for name in ("limit", "cursor") if name not in query]
    if missing:
        return [f"{route}：列表没有参数 {'、'.join(missing)}（用 query={{**web.LIST_QUERY, …}}）"]
    if "next" not in value:
        return [f"{route}：列表没有给出 next（用 web.listing）"]
    if not value["items"]:
        return []
    two = office.call(route, office.who(route), 1, limit=2).get_json()
    if len(two["items"]) > 2:
        return [f"{route}：limit=2 给了 {len(two['items'])} 条"]
    if two["next"]:
        rest = office.call(route, office.who(route), 1, limit=2, cursor=two["next"]).get_json()
        if any(item in two["items"] for item in rest["items"]):
            return [f"{route}：下一页里又是上一页的内容"]
    return []


def lists_are_constant_in_queries(subject: Subject) -> list[str]:
    """A list asks the database the same number of times whatever it shows: no query in a loop."""
    found = []
    with subject.office() as office:
        routes = _lists(office)
        office.fill(3)
        few = {route: _queries(office, route) for route in routes}
        office.fill(37)
        for route, before in few.items():
            after = _queries(office, route)
            if after > before:
                found.append(f"{route}：3 行时 {before} 条查询，40 行时 {after} 条")
    return found


def _queries(office: Office, route: Route) -> int:
    client = office.client(office.who(route), api=route.operation is not None)
    client.get(route.url(1))  # what is cached is cached
    with recording() as statements:
        client.get(route.url(1))
    return len(statements)


def _lists(office: Office) -> list[Route]:
    return [r for r in office.routes() if r.method == "GET" and not r.arguments and not r.access.public]


__all__ = ["every_list_is_paged", "every_route_asks_for_a_permission", "lists_are_constant_in_queries"]
