"""The public page that says whether a sealed document or a receipt is genuine. Nothing that is sent here is kept."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import Any

from flask import current_app, request

from oa_kernel import builtin, clock
from oa_kernel.errors import Invalid, OAError, TooLarge

from ..access import Pages
from ..i18n import gettext as _
from ..rendering import render
from ..uploads import read_form

log = logging.getLogger("oa.web")
pages = Pages("verify", __name__)

#: bytes of a file to be verified
LARGEST = 100 * 1024 * 1024
_A_MINUTE = 20


@pages.get("/verify", public=True)
def form() -> Any:
    return render("oa/verify.html", result=None, error="", name="")


@pages.post("/verify", public=True, uploads=True, csrf=False)
def check() -> Any:
    """Needs no CSRF token: it changes nothing and answers the same to everybody."""
    current_app.config["OA_LIMITER"].hit(f"v{request.remote_addr}", _A_MINUTE, _("验证过于频繁，请一分钟后再试"))
    try:
        if (request.content_length or 0) > LARGEST + 100_000:
            raise TooLarge(_("文件过大：上限 %(n)s MB", n=LARGEST // 2**20))
        result, name = read_form(_verify, max_files=1).file("file")
    except (Invalid, TooLarge) as error:
        return render("oa/verify.html", error.status, result=None, error=error.message, name="")
    return render("oa/verify.html", result=result, error="", name=name, at=clock.now())


def _verify(stream: Any, filename: str, _mime: str, _field: str) -> tuple[dict[str, Any], str]:
    with tempfile.TemporaryDirectory(prefix="oa-verify-") as folder:
        path = Path(folder) / "file"
        size = 0
        with path.open("wb") as out:
            while piece := stream.read(256 * 1024):
                size += len(piece)
                if size > LARGEST:
                    raise TooLarge(_("文件过大：上限 %(n)s MB", n=LARGEST // 2**20))
                out.write(piece)
        if not size:
            raise Invalid(_("文件是空的"))
        with path.open("rb") as file:
            head = file.read(4096)
        return verdict(path, head), filename


def verdict(path: Path, head: bytes) -> dict[str, Any]:
    """What the first verifier that recognises the file says of it."""
    for verifier in builtin.collect("oa_verifiers"):
        try:
            if verifier.recognises(path, head):
                return {"recognised": True, "title": verifier.title, **verifier.verify(path)}
        except OAError as error:
            return {"recognised": True, "title": verifier.title, "ok": False, "summary": error.message, "reasons": []}
        except Exception:  # a plugin's own code, fed with strangers' bytes
            log.exception("verifier %s failed", verifier.name)
            return {"recognised": True, "title": verifier.title, "ok": False, "reasons": [],
                    "summary": _("文件已损坏，无法验证")}
    return {"recognised": False, "ok": False, "reasons": [],
            "summary": _("没有在文件中找到本系统的电子签章或回执，无法验证它的真伪")}
