"""Signing in: password → second factor → what the first sign-in asks for. And out."""

from __future__ import annotations

from typing import Any

from flask import current_app, g, request

from oa_kernel import identity, runtime
from oa_kernel.errors import Invalid, OAError, Unauthenticated

from ..access import Pages
from ..door import drop_session_cookie, identity_step, person, session, set_session_cookie
from ..i18n import LOCALES
from ..i18n import gettext as _
from ..rendering import flash, form_errors, redirect, redirect_back, render, safe_target
from .forgotten import offered
from .qr import svg as qr_svg

pages = Pages("sign_in", __name__)


@pages.get("/sign-in", public=True)
def form() -> Any:
    if g.oa_session is not None:
        return redirect(identity_step(g.oa_session, g.oa_person) or safe_target(request.args.get("next")))
    return _form()


@pages.post("/sign-in", public=True)
def sign_in() -> Any:
    username = request.form.get("username", "").strip()
    address = request.remote_addr or ""
    current_app.config["OA_LIMITER"].hit(
        f"s{address}", current_app.config["OA_SIGN_IN_LIMIT"], _("登录尝试过于频繁，请一分钟后再试")
    )
    if not username or not request.form.get("password"):
        return _form(username, _("请填写用户名和密码"), 422)
    if "\x00" in username or len(username) > 200:
        return _form("", identity_refused(), 401)
    try:
        who = identity.authenticate(username, request.form["password"])
    except Unauthenticated as error:
        return _form(username, error.message, 401)
    row, secret = identity.open_session(
        who, ip=address, user_agent=request.headers.get("User-Agent", ""), replaces=g.oa_session
    )
    g.oa_session, g.oa_person = row, who
    step = identity_step(row, who)
    target = safe_target(request.form.get("next"))
    response = redirect(step + ("?next=" + target if step and target != "/" else "") if step else target)
    set_session_cookie(response, secret)
    return response


def identity_refused() -> str:
    """The one sentence for every reason."""
    return _("用户名或密码不正确。多次输错后账户会暂时锁定，请稍后再试或联系管理员")


def _form(username: str = "", problem: str = "", status: int = 200) -> Any:
    return render(
        "oa/sign_in.html", status, username=username, error=problem, next=safe_target(
            request.form.get("next") or request.args.get("next"), ""), locales=LOCALES, may_reset=offered(),
    )


@pages.get("/sign-in/second-factor", signed_in=True, unfinished=True)
def second_factor() -> Any:
    if session() is None or session().complete:
        return redirect("/")
    return render("oa/sign_in_code.html", error="", next=safe_target(request.args.get("next"), ""))


@pages.post("/sign-in/second-factor", signed_in=True, unfinished=True)
def second_factor_check() -> Any:
    if session() is None or session().complete:
        return redirect("/")
    code = request.form.get("code", "")[:60]
    if not identity.check_totp(person(), code):
        return render("oa/sign_in_code.html", 401, error=_("验证码不正确或已用过，请等下一个再输入"),
                      next=safe_target(request.form.get("next"), ""))
    row, secret = identity.rotate_session(session(), complete=True)
    response = redirect(identity_step(row, person()) or safe_target(request.form.get("next")))
    set_session_cookie(response, secret)
    return response


@pages.get("/sign-in/first", signed_in=True, unfinished=True)
def first() -> Any:
    if person().completed:
        return _onward()
    return _first({"name": person().name, "email": person().email, "mobile": person().mobile}, {})


@pages.post("/sign-in/first", signed_in=True, unfinished=True)
def first_complete() -> Any:
    _second_factor_first()
    form = request.form
    department = form.get("department", "")
    try:
        identity.complete_profile(
            person(), form.get("name", ""), int(department) if department.isdigit() else None,
            form.get("post", "").strip() or None, email=form.get("email", ""), mobile=form.get("mobile", ""),
        )
    except Invalid as error:
        return _first(form, form_errors(error), 422)
    return _onward(refresh=True)


def _first(values: Any, errors: dict[str, list[str]], status: int = 200) -> Any:
    held = identity.holdings(person())
    return render(
        "oa/sign_in_first.html", status, values=values, errors=errors, departments=identity.department_tree(),
        held=held, department=identity.department(person().department_id) if person().department_id else None,
    )


@pages.get("/sign-in/password", signed_in=True, unfinished=True)
def password() -> Any:
    return render("oa/sign_in_password.html", errors={}, policy=runtime.current().config["security"])


@pages.post("/sign-in/password", signed_in=True, unfinished=True)
def password_change() -> Any:
    _second_factor_first()
    errors = change_password()
    if errors:
        return render("oa/sign_in_password.html", 422, errors=errors, policy=runtime.current().config["security"])
    _row, secret = identity.rotate_session(session())
    response = _onward(refresh=True)
    set_session_cookie(response, secret)
    flash(_("密码已修改，其他设备上的登录已全部退出"))
    return response


def change_password() -> dict[str, list[str]]:
    """Sets the person's new password by the form's ``old``, ``new`` and ``again``; what is wrong, by field."""
    form = request.form
    if not identity.check_password(person(), form.get("old", "")):
        return {"old": [_("当前密码不正确")]}
    if form.get("new") != form.get("again"):
        return {"again": [_("两次输入的新密码不一致")]}
    try:
        identity.set_password(
            person(), form.get("new", ""), by=person(), must_change=False, keep_session=session()
        )
    except OAError as error:
        return {"new": [r for reasons in error.errors.values() for r in reasons] or [error.message]}
    return {}


@pages.get("/sign-in/bind", signed_in=True, unfinished=True)
def bind() -> Any:
    _second_factor_first()
    if person().totp_secret:
        return _onward()
    secret, uri = identity.begin_totp(person())
    return render("oa/sign_in_bind.html", secret=secret, qr=qr_svg(uri), error="")


@pages.post("/sign-in/bind", signed_in=True, unfinished=True)
def bind_confirm() -> Any:
    _second_factor_first()
    try:
        codes = identity.confirm_totp(person(), request.form.get("code", ""))
    except OAError as error:
        secret, uri = identity.begin_totp(person())
        reasons = [r for rs in error.errors.values() for r in rs] or [error.message]
        return render("oa/sign_in_bind.html", 422, secret=secret, qr=qr_svg(uri),
                      error=_("二维码已更换，请重新扫描。") + reasons[0])
    return render("oa/recovery_codes.html", codes=codes, onward="/")


@pages.post("/sign-out", signed_in=True, unfinished=True)
def sign_out() -> Any:
    if session() is not None:
        identity.end_session(session(), by=person())
    g.oa_session = g.oa_person = None
    response = redirect("/sign-in")
    drop_session_cookie(response)
    # what was typed and is kept in this browser is of who has just left it
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@pages.post("/language", public=True)
def language() -> Any:
    wanted = request.form.get("locale", "")
    response = redirect_back("/sign-in")
    if wanted in LOCALES:
        if g.oa_person is not None and g.oa_session is not None and g.oa_session.complete:
            identity.update_person(g.oa_person, locale=wanted, by=g.oa_person)
        response.set_cookie("oa_lang", wanted, max_age=365 * 86400, samesite="Lax", httponly=True, path="/",
                            secure=current_app.config["SESSION_COOKIE_SECURE"])
    return response


def _second_factor_first() -> None:
    """Who has not given the second factor may not go on to the pages behind it."""
    if session() is None or not session().complete:
        raise Unauthenticated(_("请先输入动态口令"))


def _onward(refresh: bool = False) -> Any:
    who = identity.get(person().id) if refresh else person()
    return redirect(identity_step(session(), who) or "/")
