"""What the search box finds."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import search

from ..access import Pages
from ..door import person
from ..rendering import render

pages = Pages("search", __name__)


@pages.get("/search", permission="kernel.search.use")
def index() -> Any:
    q = request.args.get("q", "").strip()[: search.LONGEST]
    source = request.args.get("source", "")
    groups = search.find(person(), q, limit=50 if source else 8, source=source)
    return render("oa/search.html", q=q, source=source, groups=groups)
