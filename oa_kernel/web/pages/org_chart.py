"""The organisation as a tree: units, how many people, who heads them, which leader is in charge."""

from __future__ import annotations

from typing import Any

from oa_kernel import identity

from ..access import Pages
from ..door import person
from ..rendering import render

pages = Pages("org_chart", __name__)


@pages.get("/people/chart", signed_in=True)
def index() -> Any:
    return render("oa/org_chart.html", units=identity.chart(person()), may_open=_may_open())


def _may_open() -> bool:
    from oa_kernel import permissions

    return permissions.allows(person(), "kernel.people.read")
