"""REST of one ledger, described from its declaration."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from oa_kernel import ledgers

from ..api import LIST_QUERY, Api, listing
from ..door import person
from ..downloads import send_bytes
from .workbooks import XLSX, export, template

_SHAPES: dict[str, dict[str, Any]] = {
    "string": {"type": "string"}, "text": {"type": "string"}, "integer": {"type": ["integer", "null"]},
    "number": {"type": ["number", "null"]}, "money": {"type": ["number", "null"]},
    "date": {"type": ["string", "null"], "format": "date"}, "datetime": {"type": ["string", "null"], "format": "date-time"},
    "boolean": {"type": "boolean"}, "list": {"type": "array"},
    "person": {"type": ["object", "null"], "properties": {"username": {"type": "string"}, "name": {"type": "string"}}},
    "department": {"type": ["object", "null"], "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}},
}
_CHANGE = {"type": "object", "properties": {
    "at": {"type": "string", "format": "date-time"}, "by": {"type": "string"}, "action": {"type": "string"},
    "reason": {"type": "string"}, "changes": {"type": "array", "items": {"type": "object"}}}}


def api_of(ledger: ledgers.Ledger) -> Api:
    """The routes of a ledger."""
    api = Api(f"ledger_{ledger.name}", title=ledger.title)
    path, one = f"/ledgers/{ledger.name}", f"/ledgers/{ledger.name}/<int:id>"
    row = shape(ledger)

    @api.get(path, permission=ledger.right("view"), query=query_of(ledger), returns={"items": row}, name="list",
             summary=f"{ledger.title}: a page")
    def list_rows(query: dict[str, Any]) -> Any:
        """Filters are named after the fields: ``FIELD``, of numbers and dates ``FIELD_from`` and ``FIELD_to``, of texts
        ``FIELD_prefix``; ``q`` finds words anywhere. ``sort`` is a field, or ``-`` and a field."""
        who = person()
        page = ledger.page(who, query, limit=query["limit"], cursor=query.get("cursor"))
        names = ledger.names(page.items, who)
        return listing(page, lambda found: ledger.outside(found, who, names))

    @api.get(one, permission=ledger.right("view"), returns=row, name="show", summary=f"{ledger.title}: one row")
    def show(id: int) -> Any:
        return answer(ledger, ledger.get(id, person()))

    @api.get(f"{path}/export.xlsx", permission=ledger.right("export"), query=query_of(ledger, paged=False), content_type=XLSX,
             name="export", summary=f"{ledger.title}: what the filters find, as a workbook")
    def export_rows(query: dict[str, Any]) -> Any:
        return send_bytes(export(ledger, person(), query), XLSX, f"{ledger.title}.xlsx")

    if ledger.writable:
        _writes(api, ledger, path, one, row)
    return api


def _writes(api: Api, ledger: ledgers.Ledger, path: str, one: str, row: dict[str, Any]) -> None:
    @api.post(path, permission=ledger.right("edit"), body=body_of(ledger, new=True), returns=row, status=201, name="create",
              summary=f"{ledger.title}: a new row")
    def create(body: dict[str, Any]) -> Any:
        return answer(ledger, ledger.create(body, person(), coerce=False))

    @api.put(one, permission=ledger.right("edit"), body=body_of(ledger, new=False), returns=row, name="change",
             summary=f"{ledger.title}: change a row")
    def change(id: int, body: dict[str, Any]) -> Any:
        """Fields that are not there stay as they are. 409 ``stale``, with ``changes``, where ``version`` is not the row's."""
        version = body.pop("version", None)
        return answer(ledger, ledger.update(id, body, person(), version=version, coerce=False))

    @api.get(f"{one}/history", permission=ledger.right("view"), query=LIST_QUERY, returns={"items": _CHANGE}, name="history",
             summary=f"{ledger.title}: what was done to a row")
    def history(id: int, query: dict[str, Any]) -> Any:
        return listing(ledger.history(id, person(), limit=query["limit"], cursor=query.get("cursor")), dict)

    @api.get(f"{path}/template.xlsx", permission=ledger.right("view"), content_type=XLSX, name="template",
             summary=f"{ledger.title}: an empty workbook for an import")
    def empty() -> Any:
        made = BytesIO()
        template(ledger, person(), made)
        return send_bytes(made.getvalue(), XLSX, f"{ledger.title}（模板）.xlsx")

    if ledger.declaration.delete != "never":
        reason = {"reason": {"type": "string", "maxlength": 500, "nullable": True, "label": "原因（必填，也可写在查询串里）"}}

        @api.delete(one, permission=ledger.right("delete"), name="remove", body=reason, summary=f"{ledger.title}: take a row out",
                    query={"reason": {"type": "string", "maxlength": 500, "label": "原因"},
                           "permanently": {"type": "boolean", "default": False, "label": "删除而不是停用"}})
        def remove(id: int, query: dict[str, Any], body: dict[str, Any]) -> Any:
            """The row is archived with the reason; where the ledger removes rows, or ``permanently``, it is gone."""
            why = body.get("reason") or query.get("reason") or ""
            if query["permanently"] or ledger.declaration.delete == "remove":
                ledger.remove(id, why, person())
            else:
                ledger.archive([id], why, person())


def answer(ledger: ledgers.Ledger, row: Any) -> dict[str, Any]:
    """One row as this person sees it; 404 would be the answer for one who may change but not look."""
    who = person()
    return ledger.outside(row, who, ledger.names([row], who))


def shape(ledger: ledgers.Ledger) -> dict[str, Any]:
    """JSON schema of a row."""
    properties: dict[str, Any] = {"id": {"type": "integer"}}
    for column in ledger.declaration.columns:
        properties[column.name] = {**_SHAPES[column.kind], "title": column.label}
        if column.choices:
            properties[column.name]["description"] = "、".join(f"{k}={v}" if k != v else k for k, v in column.choices.items())
    if ledger.writable:
        properties |= {
            "version": {"type": "integer"}, "archived": {"type": "boolean"}, "archived_reason": {"type": "string"},
            "created": {"type": "string", "format": "date-time"}, "updated": {"type": "string", "format": "date-time"},
        }
    return {"type": "object", "properties": properties}


def body_of(ledger: ledgers.Ledger, *, new: bool) -> dict[str, Any]:
    """Cerberus schema of what may be sent. The ledger judges again, by who sends it."""
    schema: dict[str, Any] = {}
    for name, rule in ledger.form(None, new=new).schema.items():
        rule = {k: v for k, v in rule.items() if k not in ("default", "options") or (k == "options" and _fixed(ledger, name))}
        if not new:
            rule.pop("required", None)
        if not rule.get("required"):
            rule["nullable"] = True
        schema[name] = rule
    if not new:
        schema["version"] = {"type": "integer", "nullable": True, "label": "所依据的版本"}
    return schema


def _fixed(ledger: ledgers.Ledger, name: str) -> bool:
    """Choices of departments change while the service runs."""
    column = ledger.declaration.column(name)
    return column is None or column.kind != "department"


def query_of(ledger: ledgers.Ledger, *, paged: bool = True) -> dict[str, Any]:
    """Cerberus schema of the filters."""
    schema: dict[str, Any] = dict(LIST_QUERY) if paged else {}
    kinds = {"integer": "integer", "number": "number", "money": "number", "date": "date", "datetime": "datetime",
             "boolean": "boolean", "department": "integer"}
    sortable = ["id"]
    for column in ledger.declaration.columns:
        if column.sort:
            sortable.append(column.name)
        if not column.filter:
            continue
        kind = kinds.get(column.kind, "string")
        if column.choices:
            inner = {"type": "string", "allowed": list(column.choices)}
            schema[column.name] = {"type": "list", "schema": inner, "label": column.label}
            continue
        schema[column.name] = {"type": kind, "label": column.label, "nullable": True}
        if column.ranged:
            schema[f"{column.name}_from"] = {"type": kind, "label": f"{column.label}不小于", "nullable": True}
            schema[f"{column.name}_to"] = {"type": kind, "label": f"{column.label}不大于", "nullable": True}
        if column.prefixed:
            schema[f"{column.name}_prefix"] = {"type": "string", "label": f"{column.label}的开头"}
    if ledger.searched:
        schema["q"] = {"type": "string", "maxlength": 200, "label": "任何地方的字"}
    if ledger.writable:
        schema["state"] = {"type": "string", "allowed": ["active", "archived", "all"], "default": "active", "label": "在用还是停用"}
    schema["sort"] = {"type": "string", "maxlength": 60, "label": "排序字段，前加 - 为倒序", "help": "、".join(sortable)}
    return schema


__all__ = ["answer", "api_of", "body_of", "query_of", "shape"]
