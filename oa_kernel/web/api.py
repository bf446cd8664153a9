"""REST routes: declared with their schemas, so that what is checked and what is described are one thing.

::

    api = web.Api("visitors", title="访客")

    @api.post("/visitors", permission="visitors.invite", summary="invite somebody", status=201,
              body={"name": {"type": "string", "required": True, "label": "姓名"}},
              returns={"type": "object", "properties": {"id": {"type": "integer"}}})
    def invite(body):
        return {"id": services.invite(web.person(), **body).id}

A view gets the values in the path as they are named there, ``query`` (checked and coerced) where ``query=`` is
declared, ``body`` where ``body=`` is. It returns a dict or list (JSON), ``(value, status)``, or a response.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, json, request
from werkzeug.wrappers import Response

from oa_kernel import forms
from oa_kernel.errors import BadRequest, UnsupportedType

from . import idempotency
from .access import Access, declare

PREFIX = "/api/v1"

#: query of every list: a page of at most ``limit``, from ``cursor`` on
LIST_QUERY: dict[str, Any] = {
    "limit": {"type": "integer", "min": 1, "max": 200, "default": 50, "label": "每页条数"},
    "cursor": {"type": "string", "label": "上一页给出的 next"},
}


@dataclass(frozen=True)
class Operation:
    """One route as OpenAPI will describe it."""

    method: str
    path: str
    name: str
    summary: str
    description: str
    access: Access
    query: Any = None
    body: Any = None
    returns: Any = None
    status: int = 200
    also: Mapping[int, Any] = field(default_factory=dict)
    idempotent: bool = False
    content_type: str = "application/json"
    view: Callable[..., Any] | None = field(default=None, repr=False)


class Api:
    """A group of REST routes under ``/api/v1``.

    :param name: endpoint prefix and OpenAPI tag, the plugin's name.
    :param title: the tag's text for people.
    """

    def __init__(self, name: str, title: str = "") -> None:
        self.name, self.title = name, title or name
        self.operations: list[Operation] = []

    def route(self, method: str, path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declares a route.

        :param path: below ``/api/v1``, with Flask's ``<int:id>`` placeholders.
        :param permission, signed_in, public: who may call it; exactly one.
        :param query: cerberus schema of the query string.
        :param body: cerberus schema (or ``forms.Form``) of the JSON body.
        :param returns: JSON schema of the answer; ``{"items": SCHEMA}`` stands for a page of such items.
        :param status: status of success.
        :param also: other statuses of success, each with the JSON schema of its answer (``{202: …}``: not ready yet).
        :param idempotent: whether ``Idempotency-Key`` is honoured; POSTs do unless told otherwise.
        :param uploads: the view reads a multipart body itself (``web.read_form``).
        :param content_type: of the answer, where it is not JSON.
        """
        access_options = {k: options.pop(k) for k in list(options) if k in Access.__dataclass_fields__}
        access = declare(f"{self.name}: {method} {path}", {**access_options, "kind": "api"})
        options.setdefault("idempotent", method == "POST" and not access.reads_only)

        def add(view: Callable[..., Any]) -> Callable[..., Any]:
            text = inspect.getdoc(view) or ""
            self.operations.append(Operation(
                method=method, path=path, name=options.pop("name", view.__name__), access=access, view=view,
                summary=options.pop("summary", "") or text.partition("\n")[0],
                description=options.pop("description", text), **options,
            ))
            return view

        return add

    get = functools.partialmethod(route, "GET")
    post = functools.partialmethod(route, "POST")
    put = functools.partialmethod(route, "PUT")
    patch = functools.partialmethod(route, "PATCH")
    delete = functools.partialmethod(route, "DELETE")

    def mount(self, app: Flask) -> None:
        """Adds the routes to the application."""
        for operation in self.operations:
            endpoint = f"api.{self.name}.{operation.name}.{operation.method.lower()}"
            app.add_url_rule(
                PREFIX + operation.path, endpoint, _handler(operation), methods=[operation.method],
                provide_automatic_options=False,
            )
            app.config["OA_ACCESS"][endpoint] = operation.access


def _handler(operation: Operation) -> Callable[..., Any]:
    query = forms.load(operation.query) if operation.query else None
    body = forms.load(operation.body) if operation.body else None
    view = operation.view
    assert view is not None

    def handle(**values: Any) -> Any:
        if query is not None:
            values["query"] = query.validate(_query_values(query), coerce=True)
        if body is not None:
            values["body"] = body.validate(read_json(), coerce=False)
        if operation.idempotent and (key := request.headers.get("Idempotency-Key")):
            once = idempotency.once_upload if operation.access.uploads else idempotency.once
            return once(key, operation, lambda: _respond(view(**values), operation))
        return _respond(view(**values), operation)

    return handle


def _query_values(form: Any) -> dict[str, Any]:
    lists = {name for name, rule in form.schema.items() if rule.get("type") == "list"}
    return {
        name: request.args.getlist(name) if name in lists else value
        for name, value in request.args.items() if name in form.schema or name in form.required
    }


def read_json() -> dict[str, Any]:
    """The JSON object in the body. Raises BadRequest or UnsupportedType, with what was expected."""
    if not request.content_length and not request.headers.get("Transfer-Encoding"):
        return {}
    if request.mimetype != "application/json":
        raise UnsupportedType(f"请求体应为 application/json，收到的是 {request.mimetype or '未说明类型的内容'}")
    try:
        value = json.loads(request.get_data())
    except UnicodeDecodeError:
        raise BadRequest("请求体不是 UTF-8 编码的 JSON") from None
    except RecursionError:
        raise BadRequest("请求体的层次过深") from None
    except ValueError as error:
        line, column = getattr(error, "lineno", "?"), getattr(error, "colno", "?")
        raise BadRequest(f"请求体不是 JSON：第 {line} 行第 {column} 列") from None
    if not isinstance(value, dict):
        raise BadRequest("请求体应为 JSON 对象，例：{\"title\": \"…\"}")
    return value


def _respond(value: Any, operation: Operation) -> Any:
    status = operation.status
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], int):
        value, status = value
    if value is None:
        return Response(status=204 if status == 200 else status)
    if isinstance(value, Mapping | list):
        text = json.dumps(value, ensure_ascii=False, default=_plain)
        return Response(text + "\n", status=status, mimetype="application/json")
    return value


def _plain(value: Any) -> Any:
    """Times as ISO 8601 in the organisation's zone, dates as ``YYYY-MM-DD``."""
    import datetime as dt

    from oa_kernel import clock

    if isinstance(value, dt.datetime):
        return clock.local(value).isoformat(timespec="seconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    return str(value)


def listing(page: Any, show: Callable[[Any], Any]) -> dict[str, Any]:
    """A ``db.Page`` as ``{"items": […], "next": cursor or null}``, each row shown by ``show``."""
    return {"items": [show(row) for row in page.items], "next": page.next}


__all__ = ["LIST_QUERY", "PREFIX", "Api", "Operation", "listing", "read_json"]
