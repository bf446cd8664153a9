"""Service steps that failed: why, since when, and once more."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import workflow
from oa_kernel.errors import Conflict

from ..access import Pages
from ..door import person
from ..i18n import gettext as _
from ..rendering import flash, redirect, render, with_query
from .todo import definition_titles

pages = Pages("admin_services", __name__)

PATH = "/admin/workflow-services"
MANAGE = "kernel.workflow.manage"


@pages.get(PATH, permission=MANAGE)
def index() -> Any:
    page = workflow.failed_service_page(cursor=request.args.get("cursor"))
    return render("oa/admin/workflow_services.html", rows=page.items, titles=definition_titles(),
                  next_url=with_query(PATH, {"cursor": page.next}) if page.next else "")


@pages.post(f"{PATH}/<int:run_id>/repeat", permission=MANAGE)
def repeat(run_id: int) -> Any:
    try:
        workflow.repeat_service(run_id, person())
    except Conflict as error:
        flash(error.message, "warning")
    else:
        flash(_("已重新交给后台办理，请稍后刷新查看结果"))
    return redirect(PATH)
