"""A forgotten password: asked for, and set anew by the link in the e-mail. The answer is the same for everybody."""

from __future__ import annotations

from typing import Any

from flask import current_app, request

from oa_kernel import identity, notifications, runtime
from oa_kernel.errors import Invalid, NotFound

from ..access import Pages
from ..i18n import gettext as _
from ..rendering import flash, form_errors, redirect, render

pages = Pages("forgotten", __name__)
_A_MINUTE = 5


def offered() -> bool:
    """Whether a link can be sent at all."""
    mail = runtime.current().config["mail"]
    return bool(mail["host"] or mail["folder"])


def _require_mail() -> None:
    if not offered():
        raise NotFound(_("本系统没有设置发信服务器，请联系系统管理员重置密码"))


@pages.get("/forgotten", public=True)
def form() -> Any:
    _require_mail()
    return render("oa/forgotten.html", sent=False)


@pages.post("/forgotten", public=True)
def ask() -> Any:
    _require_mail()
    address = request.remote_addr or ""
    current_app.config["OA_LIMITER"].hit(f"r{address}", _A_MINUTE, _("申请过于频繁，请一分钟后再试"))
    notifications.ask_reset(request.form.get("who", ""), ip=address)
    return render("oa/forgotten.html", sent=True)


@pages.get("/forgotten/<secret>", public=True)
def set_form(secret: str) -> Any:
    return _set(secret, {}, 200)


def _set(secret: str, errors: dict[str, list[str]], status: int) -> Any:
    person = identity.reset_person(secret)
    if person is None:
        return render("oa/forgotten.html", 404, expired=True)
    response = render("oa/forgotten_set.html", status, secret=secret, username=person.username, errors=errors)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@pages.post("/forgotten/<secret>", public=True)
def set_new(secret: str) -> Any:
    new = request.form.get("password", "")
    if new != request.form.get("again", ""):
        return _set(secret, {"again": [_("两次输入不一致")]}, 422)
    try:
        identity.finish_reset(secret, new)
    except Invalid as error:
        if error.code == "reset_expired":
            return render("oa/forgotten.html", 404, expired=True)
        return _set(secret, form_errors(error), 422)
    flash(_("密码已更换，请用新密码登录"))
    return redirect("/sign-in")
