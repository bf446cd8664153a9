"""The files of a case: added, read, taken away again."""

from __future__ import annotations

from typing import Any

from oa_kernel import db, files, workflow
from oa_kernel.errors import NotFound, OAError

from ..access import Pages
from ..door import person
from ..downloads import send_file
from ..i18n import gettext as _
from ..rendering import flash, redirect
from ..uploads import read_form
from .cases import attach_uploads

pages = Pages("case_files", __name__)


def _home(instance_id: int) -> str:
    return f"/cases/{instance_id}?part=files"


@pages.post("/cases/<int:instance_id>/files", signed_in=True, uploads=True)
def add(instance_id: int) -> Any:
    """Straight into the files room; all of them become the case's, or none."""
    who = person()
    workflow.get_instance(instance_id, who)  # nothing is taken in for a case one may not see
    try:
        upload = read_form()
        upload.file("files")
        with db.transaction():
            attach_uploads(instance_id, who, upload)
    except OAError as error:
        if error.status not in (403, 409, 413, 415, 422):
            raise
        flash(error.message, "warning")
    else:
        flash(_("已添加 %(n)s 个附件", n=len(upload.files["files"])))
    return redirect(_home(instance_id))


@pages.get("/cases/<int:instance_id>/files/<int:file_id>", signed_in=True)
def download(instance_id: int, file_id: int) -> Any:
    who = person()
    case = workflow.get_instance(instance_id, who)
    if file_id not in [f["id"] for f in workflow.attachments(case, who)]:
        raise NotFound(_("没有这个附件"))
    return send_file(files.require_readable(who, file_id))


@pages.post("/cases/<int:instance_id>/files/<int:file_id>/remove", signed_in=True)
def remove(instance_id: int, file_id: int) -> Any:
    try:
        workflow.detach_file(instance_id, file_id, person())
    except OAError as error:
        if error.status not in (403, 409):
            raise
        flash(error.message, "warning")
    else:
        flash(_("已移除附件"))
    return redirect(_home(instance_id))


__all__ = ["pages"]
