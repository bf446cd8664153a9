"""Two languages on screen: msgids are Chinese, English comes from ``translations/en.po``.

Chinese costs nothing (text is its own translation); a catalogue is read when the first person asks for it.
"""

from __future__ import annotations

import importlib.util
import logging
import threading
from pathlib import Path
from typing import Any

from flask import g, has_request_context, request

from oa_kernel import runtime

log = logging.getLogger(__name__)

LOCALES = {"zh_CN": "简体中文", "en": "English"}
_HTML_LANGUAGE = {"zh_CN": "zh-CN", "en": "en"}
_lock = threading.Lock()


def locale() -> str:
    """The language of this request: the person's, else the visitor's choice, else the organisation's."""
    if not has_request_context():
        return "zh_CN"
    known: str | None = getattr(g, "oa_locale", None)
    if known is None:
        known = g.oa_locale = _choose()
    return known


def html_language() -> str:
    """The same, as the ``lang`` attribute wants it."""
    return _HTML_LANGUAGE[locale()]


def _choose() -> str:
    person = getattr(g, "oa_person", None)
    if person is not None and person.locale in LOCALES:
        return str(person.locale)
    cookie = request.cookies.get("oa_lang")
    if cookie in LOCALES:
        return str(cookie)
    return str(runtime.current().config["organisation"]["locale"])


def gettext(message: str, **values: Any) -> str:
    """The message in the language of this request, ``%(name)s`` filled in."""
    if locale() != "zh_CN":
        message = _catalogue(locale()).get(message, message)
    return message % values if values else message


def translated(message: str, name: str) -> str:
    """The message in a language by its name; itself where that has no word for it."""
    return message if name == "zh_CN" else _catalogue(name).get(message, message)


def ngettext(singular: str, plural: str, number: int, **values: Any) -> str:
    """Like :func:`gettext`; Chinese knows no plural, so ``singular`` is the msgid."""
    values.setdefault("num", number)
    return gettext(singular if number == 1 else plural, **values)


def _catalogue(name: str) -> dict[str, str]:
    cache = runtime.current().cache.setdefault("web.catalogues", {})
    if name not in cache:
        with _lock:
            if name not in cache:
                cache[name] = _read(name)
    found: dict[str, str] = cache[name]
    return found


def _read(name: str) -> dict[str, str]:
    from babel.messages.pofile import read_po  # 40 ms: only for those who read English

    merged: dict[str, str] = {}
    for folder in catalogue_folders():
        path = folder / f"{name}.po"
        if not path.is_file():
            continue
        with path.open("rb") as file:
            for message in read_po(file, locale=name):
                if message.id and isinstance(message.id, str) and message.string and not message.fuzzy:
                    merged[message.id] = str(message.string)
    return merged


def catalogue_folders() -> list[Path]:
    """``translations/`` of the plugins, the theme and the kernel; later ones win."""
    found = []
    for state in runtime.current().plugins.ok():
        package = state.info.package if state.info else ""
        spec = importlib.util.find_spec(package) if package else None
        if spec and spec.origin:
            found.append(Path(spec.origin).parent / "translations")
    theme = runtime.current().cache.get("web.theme")
    if theme is not None and getattr(theme, "template_folder", ""):
        found.append(Path(theme.template_folder).parent / "translations")
    found.append(Path(__file__).parent / "translations")
    return found


__all__ = ["LOCALES", "catalogue_folders", "gettext", "html_language", "locale", "ngettext", "translated"]
