"""REST routes of the archives plugin, thin, over the same services as the pages."""

from __future__ import annotations

from typing import Any

from oa_kernel import web

from . import rights
from .models import RETENTIONS, Item, Pending
from .package import FORMS
from .services import facets, filing, packages, pending, queries, sources, taking

api = web.Api("archives", title="档案")

_PENDING = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"}, "title": {"type": "string"}, "number": {"type": "string"}, "source": {"type": "object"},
        "proposed": {"type": "object", "properties": {"retention": {"type": "string"}, "class": {"type": "string"}}},
    },
}
_ITEM = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"}, "archival_number": {"type": "string"}, "title": {"type": "string"},
        "number": {"type": "string"}, "year": {"type": "integer"},
        "retention": {"type": "string", "enum": list(RETENTIONS)}, "snippet": {"type": "string"},
    },
}


@api.get("/archives/pending", permission=rights.FILE, returns={"items": _PENDING}, summary="finished things that wait for filing",
         query={**web.LIST_QUERY, "q": {"type": "string", "label": "题名或文号"},
                "state": {"type": "string", "allowed": ["waiting", "overdue", "declined", "filed"], "label": "状态"}})
def list_pending(query: dict[str, Any]) -> Any:
    """The last finished first."""
    page = pending.waiting(web.person(), q=query.get("q") or "", state=query.get("state") or "waiting",
                           limit=query.get("limit") or 50, cursor=query.get("cursor"))
    return web.listing(page, _waiting)


@api.post("/archives/pending/<int:id>/file", permission=rights.FILE, returns=_ITEM, status=201, summary="file one of them",
          body={"retention": {"type": "string", "nullable": True, "label": "保管期限"},
                "class": {"type": "string", "nullable": True, "label": "机构（问题）代码"},
                "year": {"type": "integer", "nullable": True, "label": "年度"},
                "keywords": {"type": "list", "nullable": True, "label": "关键词"}})
def file_pending(id: int, body: dict[str, Any]) -> Any:
    """The 档号 is given, the four checks are made; a failed one refuses (409 ``checks_failed``)."""
    return _brief(filing.file(web.person(), id, body))


@api.post("/archives/pending/<int:id>/decline", permission=rights.FILE, returns=_PENDING, summary="it need not be kept",
          body={"reason": {"type": "string", "required": True, "label": "原因"}})
def decline_pending(id: int, body: dict[str, Any]) -> Any:
    """With the reason; ``restore`` takes it back."""
    return _waiting(pending.decline(web.person(), id, body["reason"]))


@api.post("/archives/pending/<int:id>/restore", permission=rights.FILE, returns=_PENDING, summary="it is to be kept after all")
def restore_pending(id: int) -> Any:
    """A declined one waits again."""
    return _waiting(pending.restore(web.person(), id))


_FILTERS = {
    "q": {"type": "string", "label": "检索词"}, "year": {"type": "string", "label": "年度"},
    "in": {"type": "string", "allowed": ["title", "text", "people", "keywords"], "label": "检索范围"},
    "number": {"type": "string", "label": "文号或档号"}, "retention": {"type": "string", "label": "保管期限"},
    "class": {"type": "string", "label": "机构（问题）代码"}, "department": {"type": "string", "label": "部门"},
    "kind": {"type": "string", "label": "文种"}, "secrecy": {"type": "string", "label": "密级（0 起）"},
    "access": {"type": "string", "allowed": list(queries.ACCESS), "label": "开放或控制"},
    "state": {"type": "string", "allowed": list(queries.STATES), "label": "状态"},
}
_FACETS = {"type": "array", "items": {"type": "object", "properties": {
    "name": {"type": "string"}, "title": {"type": "string"},
    "values": {"type": "array", "items": {"type": "object", "properties": {
        "value": {"type": "string"}, "title": {"type": "string"}, "count": {"type": "integer"}}}}}}}


@api.get("/archives", permission=rights.READ, returns={"items": _ITEM}, summary="records one may see",
         query={**web.LIST_QUERY, **_FILTERS})
def list_items(query: dict[str, Any]) -> Any:
    """The last filed first; ``q`` is every word between spaces, any substring of two characters."""
    return web.listing(queries.find(web.person(), query, limit=query.get("limit") or 20, cursor=query.get("cursor")), _brief)


@api.get("/archives/facets", permission=rights.READ, summary="how what is found divides", query=_FILTERS,
         returns={"type": "object", "properties": {"counted": {"type": "integer"}, "more": {"type": "boolean"}, "facets": _FACETS}})
def list_facets(query: dict[str, Any]) -> Any:
    """By year, retention, department, kind and secrecy; each value is a filter of the list. ``counted`` of the newest records
    were looked at; ``more``: there are older ones."""
    found = facets.find(web.person(), query)
    return {"counted": found.counted, "more": found.more, "facets": [
        {"name": name, "title": facets.TITLES[name],
         "values": [{"value": v.value, "title": v.title, "count": v.count} for v in values]}
        for name, values in found.values.items()]}


@api.get("/archives/<int:id>", permission=rights.READ, returns=_ITEM, summary="one record")
def get_item(id: int) -> Any:
    """Its description and files."""
    item = queries.get(web.person(), id)
    return {
        **_brief(item), "kind": item.kind, "creator": item.creator, "date": item.date, "secrecy": item.secrecy,
        "secrecy_term": item.secrecy_term, "department": item.department_name, "class": item.class_code,
        "keywords": item.keywords, "people": [{"action": what, "name": name} for what, name in item.people],
        "pages": item.pages, "state": item.state, "open_from": item.open_from, "access_reason": item.access_reason,
        "keep_until": item.keep_until, "filed_at": item.filed_at, "filed_by": item.filed_by_name,
        "source": {"kind": item.source_kind, "id": item.source_id, "title": sources.title_of(item.source_kind)},
        "origin": {"fonds_name": origin.fonds_name, "kind": origin.source_kind, "id": origin.source_id,
                   "fingerprint": origin.fingerprint} if (origin := taking.origin_of(item)) else None,
        "files": [{"file": p.file_id, "role": p.role, "name": p.name, "mime": p.mime, "size": p.size, "sm3": p.sm3,
                   "pages": p.pages} for p in queries.parts(item)],
    }


@api.get("/archives/<int:id>/checks", permission=rights.READ, summary="the last four checks of a record",
         returns={"type": "object", "properties": {"items": {"type": "array", "items": {"type": "object"}}}})
def get_checks(id: int) -> Any:
    """Each rule with its result and evidence."""
    found = queries.checks_of(queries.get(web.person(), id))
    return {"items": [{
        "stage": c.stage, "at": c.at, "quality": c.quality, "code": c.code, "title": c.title, "result": c.result,
        "evidence": c.evidence} for c in found], "ok": all(c.result != "failed" for c in found)}


@api.post("/archives/<int:id>/checks", permission=rights.FILE, summary="check a record again",
          returns={"type": "object", "properties": {"ok": {"type": "boolean"}}})
def check_again(id: int) -> Any:
    """Reads every file of it; the results are kept."""
    from .services import keeping

    return {"ok": keeping.check(queries.get(web.person(), id), web.person())}


@api.get("/archives/<int:id>/package", permission=rights.EXPORT, content_type="application/zip", summary="a record's package",
         query={"format": {"type": "string", "allowed": list(FORMS), "label": "信息包的形式"}})
def get_package(id: int, query: dict[str, Any]) -> Any:
    """A zip file, or one XML with the files inside (``embedded``); ``oa verify`` checks either offline."""
    return packages.response(web.person(), queries.get(web.person(), id), query.get("format") or "")


def _waiting(row: Pending) -> dict[str, Any]:
    return {
        "id": row.id, "title": row.title, "number": row.number, "kind": row.kind, "date": row.date, "state": row.state,
        "source": {"kind": row.source_kind, "id": row.source_id, "title": sources.title_of(row.source_kind)},
        "proposed": {"retention": row.retention, "class": row.class_code, "keywords": row.keywords, "reason": row.reason},
    }


def _brief(item: Item) -> dict[str, Any]:
    snippet = getattr(item, "snippet", None)
    return {"id": item.id, "archival_number": item.archival_number, "title": item.title, "number": item.number,
            "year": item.year, "retention": item.retention, "snippet": "".join(snippet) if snippet else ""}
