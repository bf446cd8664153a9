"""Pages for everybody: is this document genuine, and the receipt of what came by e-mail."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import files, web
from oa_kernel.errors import Invalid, NotFound, OAError, TooLarge

from ..services import dispatches, formal_ofd, verification
from .pages import pages, render

_LARGEST = 100 * 1024 * 1024


@pages.get("/verify/d/<code>", public=True)
def verify_page(code: str) -> Any:
    """Who sealed what number when."""
    return render("verify.html", code=code, view=verification.public_view(code), answer=None, errors={})


@pages.post("/verify/d/<code>", public=True, uploads=True)
def verify_upload(code: str) -> Any:
    """Compares a file with the document of the code. The file is read and forgotten."""
    view = verification.public_view(code)
    try:
        upload = web.read_form(_read)
        data = upload.file("file")
    except OAError as error:
        return render("verify.html", error.status, code=code, view=view, answer=None, errors=web.form_errors(error))
    return render("verify.html", code=code, view=view, answer=verification.compare(code, data), errors={})


def _read(stream: Any, _name: str, _mime: str, _field: str) -> bytes:
    data = bytes(stream.read(_LARGEST + 1))
    if len(data) > _LARGEST:
        raise TooLarge("文件过大：最多 100 MB")
    if not data:
        raise Invalid("文件是空的", errors={"file": ["文件是空的"]})
    return data


@pages.get("/receipt/<token>", public=True)
def receipt_page(token: str) -> Any:
    """What an outside organisation sees when it follows the link in the e-mail."""
    item = dispatches.by_token(token)
    return render("receipt.html", token=token, item=item, document=item.document, errors={}, values={},
                  with_ofd=formal_ofd.wanted(item.document))


@pages.post("/receipt/<token>", public=True)
def receipt_sign(token: str) -> Any:
    """It signs for the document."""
    try:
        dispatches.sign_by_token(token, request.form.get("signed_by", ""))
    except Invalid as error:
        item = dispatches.by_token(token)
        return render("receipt.html", 422, token=token, item=item, document=item.document,
                      errors=web.form_errors(error), values=request.form, with_ofd=formal_ofd.wanted(item.document))
    return web.redirect(f"/receipt/{token}")


@pages.get("/receipt/<token>/pdf", public=True)
def receipt_pdf(token: str) -> Any:
    """The document itself, for who holds the link."""
    document = dispatches.by_token(token).document
    if not document.formal_file_id or document.state == "voided":
        raise NotFound("这份公文已作废或不再提供")
    return web.send_file(files.get(document.formal_file_id), inline=True, name=f"{document.number} {document.title}.pdf")


@pages.get("/receipt/<token>/ofd", public=True)
def receipt_ofd(token: str) -> Any:
    """The same as OFD."""
    document = dispatches.by_token(token).document
    if not document.formal_file_id or document.state == "voided":
        raise NotFound("这份公文已作废或不再提供")
    return web.send_file(formal_ofd.of(document), name=f"{document.number} {document.title}.ofd")
