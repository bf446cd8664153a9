"""One's own affairs: details, password, second factor, sessions, tokens, preferences."""

from __future__ import annotations

from typing import Any

from flask import request

from oa_kernel import identity, notifications, runtime
from oa_kernel.errors import Invalid, NotFound, OAError

from ..access import Pages
from ..door import person, session, set_session_cookie
from ..i18n import LOCALES
from ..i18n import gettext as _
from ..rendering import flash, form_errors, redirect, render, with_query
from ..show import where
from .qr import svg as qr_svg
from .sign_in import change_password

pages = Pages("profile", __name__)

_OWN = "kernel.profile.own"


@pages.get("/profile", permission=_OWN)
def index() -> Any:
    return _details(None, {})


@pages.post("/profile", permission=_OWN)
def save() -> Any:
    form = request.form
    # the link for a forgotten password goes there: a browser left open must not be enough to turn it aside
    if form.get("email", "") != person().email and not identity.check_password(person(), form.get("password", "")):
        return _details(form, {"password": [_("更改邮箱要填写当前密码")]}, 422)
    try:
        identity.update_person(
            person(), email=form.get("email", ""), phone=form.get("phone", ""), mobile=form.get("mobile", ""),
            by=person(),
        )
    except Invalid as error:
        return _details(form, form_errors(error), 422)
    flash(_("已保存"))
    return redirect("/profile")


def _details(values: Any, errors: dict[str, list[str]], status: int = 200) -> Any:
    who = identity.get(person().id)
    return render("oa/profile.html", status, tab="details", who=who, values=values, errors=errors,
                  held=identity.holdings(who))


@pages.get("/profile/password", permission=_OWN)
def password() -> Any:
    return render("oa/profile_password.html", tab="password", errors={}, policy=_policy())


@pages.post("/profile/password", permission=_OWN)
def password_change() -> Any:
    errors = change_password()
    if errors:
        return render("oa/profile_password.html", 422, tab="password", errors=errors, policy=_policy())
    _row, secret = identity.rotate_session(session())
    flash(_("密码已修改，其他设备上的登录已全部退出"))
    response = redirect("/profile/password")
    set_session_cookie(response, secret)
    return response


def _policy() -> Any:
    return runtime.current().config["security"]


@pages.get("/profile/second-factor", permission=_OWN)
def second_factor() -> Any:
    bound = bool(person().totp_secret)
    left = identity.recovery_codes_left(person()) if bound else 0
    return render("oa/profile_totp.html", tab="totp", bound=bound, left=left, secret="", qr="", error="",
                  policy=_policy())


@pages.post("/profile/second-factor/begin", permission=_OWN)
def second_factor_begin() -> Any:
    """Asks for the password first: who finds a screen unlocked must not bind their own phone."""
    if not identity.check_password(person(), request.form.get("password", "")):
        return _totp_page(_("密码不正确"), 422)
    return _totp_begin("")


def _totp_begin(error: str, status: int = 200) -> Any:
    secret, uri = identity.begin_totp(person())
    return render("oa/profile_totp.html", status, tab="totp", bound=bool(person().totp_secret), left=0, secret=secret,
                  qr=qr_svg(uri), error=error, policy=_policy())


def _totp_page(error: str, status: int) -> Any:
    bound = bool(person().totp_secret)
    return render("oa/profile_totp.html", status, tab="totp", bound=bound, secret="", qr="", error=error,
                  left=identity.recovery_codes_left(person()) if bound else 0, policy=_policy())


@pages.post("/profile/second-factor/confirm", permission=_OWN)
def second_factor_confirm() -> Any:
    try:
        codes = identity.confirm_totp(person(), request.form.get("code", ""))
    except OAError as error:
        reasons = [r for rs in error.errors.values() for r in rs] or [error.message]
        return _totp_begin(_("二维码已更换，请重新扫描。") + reasons[0], 422)
    return render("oa/recovery_codes.html", codes=codes, onward="/profile/second-factor")


@pages.post("/profile/second-factor/codes", permission=_OWN)
def recovery_codes() -> Any:
    if not identity.check_password(person(), request.form.get("password", "")):
        return _totp_page(_("密码不正确"), 422)
    return render("oa/recovery_codes.html", codes=identity.renew_recovery_codes(person()),
                  onward="/profile/second-factor")


@pages.post("/profile/second-factor/remove", permission=_OWN)
def second_factor_remove() -> Any:
    if _policy()["second_factor"] == "required":
        return _totp_page(_("本单位要求使用动态口令，不能解除；更换手机请重新绑定"), 422)
    if not identity.check_password(person(), request.form.get("password", "")):
        return _totp_page(_("密码不正确"), 422)
    identity.remove_totp(person(), by=person())
    flash(_("已解除动态口令"))
    return redirect("/profile/second-factor")


@pages.get("/profile/sessions", permission=_OWN)
def sessions() -> Any:
    return render("oa/profile_sessions.html", tab="sessions", sessions=identity.list_sessions(person()),
                  current=session(), device_of=identity.device_of, where=where)


@pages.post("/profile/sessions/<int:session_id>/end", permission=_OWN)
def end_session(session_id: int) -> Any:
    if session_id not in [s.id for s in identity.list_sessions(person())]:
        raise NotFound(_("没有这个登录，或它已经退出"))
    identity.end_session(session_id, by=person())
    flash(_("已退出那台设备上的登录"))
    return redirect("/profile/sessions")


@pages.post("/profile/sessions/end-others", permission=_OWN)
def end_others() -> Any:
    count = identity.end_all_sessions(person(), session(), by=person())
    flash(_("已退出其他 %(n)s 处登录", n=count))
    return redirect("/profile/sessions")


@pages.get("/profile/sign-ins", permission=_OWN)
def sign_ins() -> Any:
    """``failed=1``: only what did not succeed."""
    failed = request.args.get("failed") == "1"
    page = identity.sign_ins(
        person_id=person().id, result="failed" if failed else "", cursor=request.args.get("cursor"))
    return render(
        "oa/profile_sign_ins.html", tab="sign_ins", rows=page.items, failed=failed, results=identity.SIGN_IN_RESULTS,
        bad=identity.SIGN_IN_FAILED, current=session(),
        next_url=with_query("/profile/sign-ins", {"failed": "1" if failed else "", "cursor": page.next}) if page.next else "",
    )


@pages.get("/profile/tokens", permission="kernel.tokens.own")
def tokens() -> Any:
    return _tokens({}, {})


@pages.post("/profile/tokens", permission="kernel.tokens.own")
def create_token() -> Any:
    form = request.form
    days = form.get("days", "")
    try:
        made, secret = identity.create_token(
            person(), form.get("title", "").strip(), int(days) if days.isdigit() and len(days) < 6 else 0,
            read_only=form.get("read_only") == "1", by=person(),
        )
    except Invalid as error:
        return _tokens(form, form_errors(error), 422)
    return _tokens({}, {}, made=made, secret=secret)


def _tokens(values: Any, errors: dict[str, list[str]], status: int = 200, **more: Any) -> Any:
    return render(
        "oa/profile_tokens.html", status, tab="tokens", tokens=identity.list_tokens(person()), values=values,
        errors=errors, longest=_policy()["token_max_days"], **{"made": None, "secret": "", **more},
    )


@pages.post("/profile/tokens/<int:token_id>/revoke", permission="kernel.tokens.own")
def revoke_token(token_id: int) -> Any:
    if token_id not in [t.id for t in identity.list_tokens(person())]:
        raise NotFound(_("没有这个令牌，或它已经撤销"))
    identity.revoke_token(token_id, by=person())
    flash(_("令牌已撤销"))
    return redirect("/profile/tokens")


@pages.get("/profile/preferences", permission=_OWN)
def preferences() -> Any:
    kinds = [(k, notifications.wanted(k.name, person().preferences)) for k in notifications.kinds().values()]
    channels = [(c.name, c.title) for c in notifications.channels().values()]
    return render("oa/profile_preferences.html", tab="preferences", kinds=kinds, channels=channels, locales=LOCALES)


@pages.post("/profile/preferences", permission=_OWN)
def save_preferences() -> Any:
    form = request.form
    outside = list(notifications.channels())
    chosen = {
        name: ["inbox", *[c for c in outside if form.get(f"channel:{name}:{c}")]] for name in notifications.kinds()
    }
    theme = form.get("theme", "auto")
    identity.set_preferences(person(), {
        "theme": theme if theme in ("light", "dark") else None, "large_type": form.get("large_type") == "1" or None,
        "channels": chosen,
    })
    if (wanted := form.get("locale", "")) in LOCALES and wanted != person().locale:
        identity.update_person(person(), locale=wanted, by=person())
    flash(_("偏好已保存"))
    return redirect("/profile/preferences")


@pages.post("/profile/quick", permission=_OWN)
def quick() -> Any:
    """One small habit at a time, from the shell: navigation folded, theme, large type."""
    form = request.form
    changes: dict[str, Any] = {}
    for name in ("nav_folded", "large_type"):
        if name in form:
            changes[name] = form[name] == "1" or None
    if form.get("theme") in ("auto", "light", "dark"):
        changes["theme"] = None if form["theme"] == "auto" else form["theme"]
    if changes:
        identity.set_preferences(person(), changes)
    from ..rendering import is_htmx, redirect_back

    return ("", 204) if is_htmx() else redirect_back("/")
