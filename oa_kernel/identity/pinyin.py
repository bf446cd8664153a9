"""Names as they are typed on a Latin keyboard: 林晓岚 is found by ``linxiaolan``, ``lxl`` and ``xiaol``."""

from __future__ import annotations

#: most readings of one name that are kept: 单 is Shàn as a surname and Dān else
_READINGS = 4


def letters(name: str) -> str:
    """All readings of a name, each whole and by initials, separated by spaces; other letters stay as they are."""
    if name.isascii():
        return name.lower().replace(" ", "")[:200]
    from pypinyin import Style, pinyin  # 0.1 s: only where a name is given or changed

    syllables = pinyin(name, style=Style.NORMAL, heteronym=True, errors=lambda text: [[c.lower()] for c in text])
    first, rest = syllables[0], [s[0] for s in pinyin(name[1:], style=Style.NORMAL, errors=lambda t: [[c.lower()] for c in t])]
    found: list[str] = []
    for head in first[:_READINGS]:
        whole = [head, *rest]
        found += ["".join(whole), "".join(s[:1] for s in whole)]
    return " ".join(dict.fromkeys(found))[:200]


__all__ = ["letters"]
