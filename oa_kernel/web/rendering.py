"""Pages out of templates. Search order: the organisation's ``templates/`` beside its YAML file, the theme, the
plugins, the kernel, and last a plain built-in shell that works when the theme is missing or broken.

A template is found by the same name wherever it stands, so an organisation or a theme replaces a page by a file
of the same name.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2
from flask import Flask, current_app, request
from flask import flash as flask_flash
from markupsafe import Markup
from werkzeug.utils import redirect as werkzeug_redirect
from werkzeug.wrappers import Response

from oa_kernel import forms, runtime
from oa_kernel.errors import OAError

from . import i18n, show
from .assets import asset_url
from .csrf import csrf_token

log = logging.getLogger("oa.web")

_HERE = Path(__file__).parent


class _Compiled(jinja2.BytecodeCache):
    """Templates compiled in this process, by their source: whoever makes another environment need not do it again."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Any) -> None:
        """jinja2's."""
        code = self._kept.get((bucket.key, bucket.checksum))
        if code is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Any) -> None:
        """jinja2's."""
        self._kept[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


def install(app: Flask) -> None:
    """Makes the application's Jinja environment, and checks that the theme's shell can be read."""
    running = runtime.current()
    theme = _load_theme(running)
    running.cache["web.theme"] = theme
    app.jinja_env = _environment(app, theme)  # type: ignore[misc]
    forms.set_renderer(lambda fields: Markup(render_to_string("oa/parts/fields.html", fields=fields)))
    if theme is not None:
        for name in ("oa/base.html", "oa/bare.html", "oa/error.html"):
            try:
                app.jinja_env.get_template(name)
            except jinja2.TemplateError as error:
                theme_failed(app, error)
                break


def _load_theme(running: runtime.Runtime) -> Any:
    from oa_kernel import plugins

    theme, reason = plugins.load_theme(running.config["theme"])
    running.cache["web.theme_reason"] = reason
    if theme is None:
        log.error("theme left out: %s", reason)
    return theme


def theme_failed(app: Flask, error: Exception) -> None:
    """Takes the theme out of service; the built-in shell takes over."""
    running = runtime.current()
    where = getattr(error, "filename", None) or getattr(error, "name", None)
    reason = f"主题 {running.config['theme']} 出错，已改用内置外观：{type(error).__name__}: {error}"
    running.cache["web.theme_reason"] = f"{reason}（{Path(where).name}）" if where else reason
    running.cache["web.theme"] = None
    log.error("theme left out: %s", reason, exc_info=error)
    app.config["OA_ASSET_URLS"] = {}
    app.jinja_env = _environment(app, None)  # type: ignore[misc]


def _environment(app: Flask, theme: Any) -> jinja2.Environment:
    # newstyle gettext would format every message again; ours formats only where values are given
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.FileSystemLoader(str(f)) for f in template_folders(theme)]),
        autoescape=True,
        auto_reload=False,
        cache_size=500,
        bytecode_cache=_COMPILED,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        i18n.gettext, i18n.ngettext, newstyle=False
    )
    from flask import get_flashed_messages, url_for

    environment.globals.update(
        _=i18n.gettext, asset=asset_url, csrf_token=csrf_token, url_for=url_for,
        get_flashed_messages=get_flashed_messages,
    )
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": False}
    show.install(environment)
    return environment


def template_folders(theme: Any) -> list[Path]:
    """Where templates are looked for, first found wins."""
    running = runtime.current()
    found = [running.config.folder / "templates"]
    if theme is not None:
        found.append(Path(theme.template_folder))
    for state in running.plugins.ok():
        package = state.info.package if state.info else ""
        spec = importlib.util.find_spec(package) if package else None
        if spec and spec.origin:
            found.append(Path(spec.origin).parent / "templates")
    found += [_HERE / "templates", _HERE / "fallback"]
    return [f for f in found if f.is_dir()]


def render_to_string(template: str, **values: Any) -> str:
    """The template's text, with ``oa`` (the shell) and ``request`` beside the values.

    A theme that raises is taken out of service and the page rendered once more without it.
    """
    from .shell import shell

    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    values.setdefault("oa", shell())
    values.setdefault("request", request)
    environment = app.jinja_env
    try:
        return environment.get_template(template).render(values)
    except OAError:
        raise
    except Exception as error:
        if runtime.current().cache.get("web.theme") is None or app.jinja_env is not environment:
            raise
        plain = _environment(app, None)
        try:
            text = plain.get_template(template).render(values)
        except Exception:
            raise error from None  # not the theme's fault: it fails without it too
        theme_failed(app, error)
        return text


def render(template: str, _status: int = 200, **values: Any) -> Any:
    """A page as a response. ``_status``: 422 where a form comes back with its errors."""
    return Response(render_to_string(template, **values), status=_status, mimetype="text/html")


def is_htmx() -> bool:
    """Whether htmx asks for a part of a page (and not for a whole one by history or boost)."""
    headers = request.headers
    return headers.get("HX-Request") == "true" and headers.get("HX-Boosted") != "true" \
        and headers.get("HX-History-Restore-Request") != "true"


def flash(message: str, kind: str = "success") -> None:
    """A message shown on the next page. ``kind``: ``success`` | ``info`` | ``warning`` | ``error``."""
    flask_flash(message, kind)


def redirect(url: str) -> Any:
    """To a page of ours after a write (303). htmx is told to go there as a whole page."""
    target = safe_target(url)
    if is_htmx():
        response = Response(status=204)
        response.headers["HX-Redirect"] = target
        return response
    return werkzeug_redirect(target, 303)


def redirect_back(default: str = "/") -> Any:
    """To the page the form stood on, if it is one of ours."""
    wanted = request.form.get("next") or request.args.get("next")
    if not wanted and request.referrer:
        parts = urlsplit(request.referrer)
        if parts.netloc == request.host:
            wanted = parts.path + (f"?{parts.query}" if parts.query else "")
    return redirect(wanted or default)


def safe_target(url: str | None, default: str = "/") -> str:
    """The address if it is a path of this service, else the default: nobody is sent elsewhere by a link to us."""
    if not url:
        return default
    bad = not url.startswith("/") or url.startswith("//") or "\\" in url or any(ord(c) < 32 for c in url)
    return default if bad else url


def form_errors(error: OAError) -> dict[str, list[str]]:
    """The errors of a form by field; what belongs to no field stands under the empty name."""
    return dict(error.errors) if error.errors else {"": [error.message]}


def with_query(path: str, args: Mapping[str, Any]) -> str:
    """The path with those arguments that are not empty."""
    from urllib.parse import urlencode

    kept = [(k, v) for k, v in args.items() if v not in (None, "", False)]
    return f"{path}?{urlencode(kept)}" if kept else path


__all__ = [
    "flash", "form_errors", "install", "is_htmx", "redirect", "redirect_back", "render", "render_to_string",
    "safe_target", "template_folders", "theme_failed", "with_query",
]
