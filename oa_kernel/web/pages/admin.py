"""``/admin``: the address people type; it leads to the first page of administration that is theirs."""

from __future__ import annotations

from typing import Any

from oa_kernel.errors import NotFound

from ..access import Pages
from ..door import person
from ..rendering import redirect
from ..shell import navigation

pages = Pages("admin", __name__)


@pages.get("/admin", signed_in=True)
def index() -> Any:
    """The first one in the navigation; who has none is told what everybody is told of pages that are not there."""
    for group in navigation(person()):
        for item in group.items:
            if group.name == "admin" and item.url.startswith("/admin/"):
                return redirect(item.url)
    raise NotFound("没有这个页面")
