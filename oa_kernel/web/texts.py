"""Texts of scripts in the language on screen.

A script says ``t("网络不通，没有保存")`` with ``const t = window.oaText || ((text) => text);`` and the msgid stands in
``translations/en.po`` like those of templates. One small script, made here of the texts that the static files of kernel,
theme and plugins name, comes before all others; its address carries a hash of its content, so browsers keep it.
(A script of ours from our own address: the content security policy allows no other way, and needs none.)
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from werkzeug.wrappers import Response

from . import i18n
from .access import Access
from .assets import _YEAR

_CALL = re.compile(r"""(?<![\w.$])(?:t|oaText)\(\s*(?:"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)')""")
_CODE = """\
(() => {
  const texts = %s;
  window.oaText = (text, values) => (texts[text] || text).replace(
    /%%\\((\\w+)\\)s/g, (all, name) => values && name in values ? values[name] : all);
})();
"""


def install(app: Flask) -> None:
    """Adds the route of the texts."""
    app.add_url_rule("/texts/<locale>/<mark>.js", "oa.texts", _serve)
    app.config["OA_ACCESS"]["oa.texts"] = Access(public=True, cacheable=True)
    app.config["OA_TEXTS"] = {}


def named(path: Path) -> Iterator[tuple[int, str]]:
    """(line, msgid) of every text that a script names by ``t("…")``."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        for double, single in _CALL.findall(line):
            yield number, (double or single).replace('\\"', '"').replace("\\'", "'").replace("\\\\", "\\")


def url() -> str:
    """Address of the texts in the language of this request."""
    locale = i18n.locale()
    body = _body(locale)
    return f"/texts/{locale}/{hashlib.blake2b(body.encode(), digest_size=6).hexdigest()}.js"


def _body(locale: str) -> str:
    cache: dict[str, str] = current_app.config["OA_TEXTS"]
    if locale not in cache:
        found = {} if locale == "zh_CN" else {text: said for text in _all() if (said := i18n.translated(text, locale)) != text}
        # what ends a script element or a line must not stand in one
        shown = json.dumps(found, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")
        cache[locale] = _CODE % shown
    return cache[locale]


def _all() -> set[str]:
    folders = current_app.config["OA_ASSET_FOLDERS"].values()
    return {text for folder in folders for path in sorted(folder.rglob("*.js")) if "vendor" not in path.parts
            for _line, text in named(path)}


def _serve(locale: str, mark: str) -> Any:
    if locale not in i18n.LOCALES:
        return Response("没有这种语言\n", status=404, mimetype="text/plain")
    response = Response(_body(locale), mimetype="text/javascript")
    response.headers["Cache-Control"] = _YEAR
    return response


__all__ = ["install", "named", "url"]
