"""Static files under addresses that carry a hash of their content, so that browsers may keep them for good.

``/static/<owner>/<hash>/<path>``: owner is ``theme``, ``kernel`` or a plugin's name. The hash is there for the
browser; a file is served by its path.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import mimetypes
from pathlib import Path
from typing import Any

from flask import Flask, current_app, request
from werkzeug.utils import safe_join
from werkzeug.wrappers import Response

from oa_kernel import runtime

from .access import Access

_YEAR = "public, max-age=31536000, immutable"
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml",
          ".woff2": "font/woff2", ".json": "application/json", ".wasm": "application/wasm", ".map": "application/json"}
_TEXT = frozenset((".js", ".mjs", ".css", ".svg", ".json", ".map", ".txt"))
_ZIP_UP_TO = 4 * 1024 * 1024


def install(app: Flask) -> None:
    """Adds the one route for static files."""
    app.add_url_rule("/static/<owner>/<mark>/<path:name>", "oa.asset", _serve)
    app.add_url_rule("/favicon.ico", "oa.favicon", _favicon)
    app.config["OA_ACCESS"]["oa.asset"] = Access(public=True, cacheable=True)
    app.config["OA_ACCESS"]["oa.favicon"] = Access(public=True, cacheable=True)
    attach(app)


def attach(app: Flask) -> None:
    """What is kept of the running installation's files, empty."""
    app.config.update(OA_ASSET_FOLDERS=folders(), OA_ASSET_URLS={}, OA_ASSET_BODIES={})


def folders() -> dict[str, Path]:
    """Owner → folder of its static files."""
    found = {"kernel": Path(__file__).parent / "static"}
    for state in runtime.current().plugins.ok():
        package = state.info.package if state.info else ""
        spec = importlib.util.find_spec(package) if package else None
        if spec and spec.origin and (path := Path(spec.origin).parent / "static").is_dir():
            found[state.name] = path
    theme = runtime.current().cache.get("web.theme")
    if theme is not None and theme.static_folder:
        found["theme"] = Path(theme.static_folder)
    return found


def asset_url(name: str, owner: str = "theme") -> str:
    """Address of a static file: ``asset_url("oa.css")``, ``asset_url("editor.js", "documents")``.

    A theme's ``static_manifest`` may map the name to a built file. A missing file gets an address that answers 404.
    """
    cache: dict[tuple[str, str], str] = current_app.config["OA_ASSET_URLS"]
    key = (owner, name)
    if key not in cache:
        cache[key] = _address(owner, name)
    return cache[key]


def _address(owner: str, name: str) -> str:
    if owner == "theme":
        theme = runtime.current().cache.get("web.theme")
        manifest = getattr(theme, "static_manifest", None) or {}
        name = manifest.get(name, name)
    folder = current_app.config["OA_ASSET_FOLDERS"].get(owner)
    path = safe_join(str(folder), name) if folder else None
    try:
        mark = hashlib.blake2b(Path(path or "").read_bytes(), digest_size=6).hexdigest()
    except OSError:
        mark = "missing"
    return f"/static/{owner}/{mark}/{name}"


def _serve(owner: str, mark: str, name: str) -> Any:
    folder = current_app.config["OA_ASSET_FOLDERS"].get(owner)
    path = safe_join(str(folder), name) if folder else None
    if path is None or not Path(path).is_file():
        return Response("没有这个文件\n", status=404, mimetype="text/plain")
    suffix = Path(name).suffix.lower()
    kind = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    zipped = suffix in _TEXT and Path(path).stat().st_size <= _ZIP_UP_TO and "gzip" in request.headers.get("Accept-Encoding", "")
    body = _body(path, zipped)
    response = Response(body, mimetype=kind)
    if suffix in _TEXT:
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Content-Type"] = f"{kind}; charset=utf-8"
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = _YEAR if mark != "missing" else "no-cache"
    if suffix == ".svg":  # a picture, never a page of its own
        response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response


def _body(path: str, zipped: bool) -> bytes:
    if not zipped:
        return Path(path).read_bytes()
    cache: dict[str, tuple[float, bytes]] = current_app.config["OA_ASSET_BODIES"]
    changed = Path(path).stat().st_mtime
    if path not in cache or cache[path][0] != changed:
        cache[path] = (changed, gzip.compress(Path(path).read_bytes(), 6, mtime=0))
    return cache[path][1]


def _favicon() -> Any:
    for owner, name in (("theme", "favicon.svg"), ("theme", "favicon.ico"), ("kernel", "favicon.svg")):
        folder = current_app.config["OA_ASSET_FOLDERS"].get(owner)
        if folder and (folder / name).is_file():
            return _serve(owner, "icon", name)
    return Response(status=404)


__all__ = ["asset_url", "folders", "install"]
