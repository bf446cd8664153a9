"""Which texts the screens show, and which of them have no English yet: ``python -m tests.looks.catalogue`` lists them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PARTS = {
    "kernel": (ROOT / "oa_kernel" / "web", ROOT / "oa_kernel" / "web" / "translations"),
    "theme": (ROOT / "themes/oa-theme-default/oa_theme_default", ROOT / "themes/oa-theme-default/oa_theme_default/translations"),
    **{
        folder.name[3:]: (inner := folder / folder.name.replace("-", "_"), inner / "translations")
        for folder in sorted((ROOT / "plugins").glob("oa-*"))
    },
}
_CALL = re.compile(r"""(?<![\w.])_\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")""")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def templates(part):
    return sorted((PARTS[part][0]).rglob("*.html"))


def shown(part):
    """msgids in the templates of a part."""
    found = {}
    for path in templates(part):
        for single, double in _CALL.findall(path.read_text("utf-8")):
            text = (single or double).replace("\\'", "'").replace('\\"', '"')
            if _CHINESE.search(text):
                found.setdefault(text, path.name)
    return found


def english():
    """msgid → English, of all parts."""
    from babel.messages.pofile import read_po

    found = {}
    for _, folder in PARTS.values():
        path = folder / "en.po"
        if path.is_file():
            with path.open("rb") as file:
                found.update({m.id: m.string for m in read_po(file, locale="en") if m.id and m.string and not m.fuzzy})
    return found


def missing(part):
    known = english()
    return {text: where for text, where in shown(part).items() if text not in known}


if __name__ == "__main__":
    for part in PARTS:
        for text, where in missing(part).items():
            print(f"{part}\t{where}\t{text}")
