"""The one search."""

from __future__ import annotations

from typing import Any

from oa_kernel import search

from ..api import Api
from ..door import person

api = Api("search", title="搜索")


@api.get(
    "/search", permission="kernel.search.use", summary="look everywhere one may see",
    query={"q": {"type": "string", "required": True, "maxlength": 200, "label": "要找的"},
           "limit": {"type": "integer", "min": 1, "max": 50, "default": 10, "label": "每类条数"}},
    returns={"items": {"type": "object", "properties": {
        "source": {"type": "string"}, "source_title": {"type": "string"}, "title": {"type": "string"},
        "url": {"type": "string"}, "snippet": {"type": "string"},
    }}},
)
def find(query: dict[str, Any]) -> Any:
    """Sources are asked in order; each gives at most ``limit``."""
    groups = search.find(person(), query["q"], limit=query["limit"])
    items = [{"source": group.name, "source_title": group.title, **hit} for group in groups for hit in group.hits]
    return {"items": items, "next": None}
