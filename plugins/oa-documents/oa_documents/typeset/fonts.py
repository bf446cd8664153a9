"""Which fonts documents are set in: the organisation's own, else Fandol, else open fonts that came with pip.

The standard names 小标宋, 仿宋, 楷体, 黑体 and 宋体 (GB/T 9704-2012, 5.2.2, 7). Where one is missing another stands
in, and ``oa doctor`` says which.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: role → families that are the thing itself, then those that stand in, best first
_WANTED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "小标宋": (("FZXiaoBiaoSong-B05S", "FZXiaoBiaoSong-B05", "方正小标宋_GBK", "方正小标宋简体", "FZXBSJW--GB1-0", "FZXBSK--GBK1-0",
             "STZhongsong", "华文中宋"), ("FandolSong", "Noto Serif SC", "Noto Serif CJK SC")),
    "仿宋": (("FangSong_GB2312", "仿宋_GB2312", "FangSong", "仿宋", "STFangsong", "FZFangSong-Z02", "FandolFang", "FandolFang R"),
           ("Noto Serif SC", "Noto Serif CJK SC")),
    "楷体": (("KaiTi_GB2312", "楷体_GB2312", "KaiTi", "楷体", "STKaiti", "FZKai-Z03", "FandolKai"),
           ("Noto Serif SC", "Noto Serif CJK SC")),
    "黑体": (("SimHei", "黑体", "STHeiti", "FZHei-B01", "FandolHei"), ("Noto Sans SC", "Noto Sans CJK SC")),
    "宋体": (("SimSun", "宋体", "STSong", "FZShuSong-Z01", "FandolSong"), ("Noto Serif SC", "Noto Serif CJK SC")),
}
_FANDOL = (
    "/usr/share/texmf/fonts/opentype/public/fandol", "/usr/share/texlive/texmf-dist/fonts/opentype/public/fandol",
    "/usr/share/fonts/opentype/fandol", "/usr/local/share/fonts/fandol",
)


@dataclass(frozen=True)
class Role:
    """What a role is set in. ``stand_in``: it is not the font the standard names."""

    name: str
    family: str
    stand_in: bool


@dataclass(frozen=True)
class Missing:
    """A character that no font has. ``line`` and ``column`` count from 1 in its field."""

    char: str
    codepoint: str
    field: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"第 {self.line} 行第 {self.column} 字 {self.codepoint}"


def find_fonts(folder: Path | None = None) -> tuple[Path, ...]:
    """Folders with fonts, in the order of preference: the organisation's, Fandol's, the one from pip."""
    import pylopdf_fonts_zh_cn

    found = [folder] if folder is not None else []
    found += [Path(p) for p in _FANDOL]
    found.append(Path(pylopdf_fonts_zh_cn.serif_path()).parent)
    return tuple(p for p in found if p.is_dir())


@functools.lru_cache(maxsize=8)
def roles(folder: Path | None = None) -> dict[str, Role]:
    """Role → what it is set in."""
    import typst

    paths = [str(p) for p in find_fonts(folder)]
    have = set(typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=paths).families())
    out = {}
    for name, (own, others) in _WANTED.items():
        family = next((f for f in own if f in have), "")
        stand_in = not family
        family = family or next((f for f in others if f in have), "")
        out[name] = Role(name, family, stand_in)
    return out


def describe(folder: Path | None = None) -> list[Role]:
    """For ``oa doctor``: each role, what it is set in, and whether that only stands in."""
    return list(roles(folder).values())


def faces(folder: Path | None = None) -> dict[str, list[str]]:
    """The families of the template's faces, each with the open fonts behind it for characters it lacks."""
    found = roles(folder)
    serif, sans = "Noto Serif SC", "Noto Sans SC"
    names = {"mark": "小标宋", "title": "小标宋", "body": "仿宋", "kai": "楷体", "hei": "黑体", "song": "宋体"}
    return {
        face: list(dict.fromkeys(f for f in (found[role].family, sans if face == "hei" else serif, sans) if f))
        for face, role in names.items()
    }


@functools.lru_cache(maxsize=4)
def _covered(folder: Path | None) -> bytes:
    """One bit a code point that some font in use has, 136 KB for all of Unicode."""
    bits = bytearray(0x110000 // 8)
    used = {family for families in faces(folder).values() for family in families}
    for font in _opened(folder):
        if used & _names(font):
            for code in font.getBestCmap():
                bits[code >> 3] |= 1 << (code & 7)
    return bytes(bits)


@functools.lru_cache(maxsize=8)
def open_font(family: str, folder: Path | None = None) -> Any:
    """A font of the family (fontTools), for its outlines; None if there is none."""
    return next((font for font in _opened(folder) if family in _names(font)), None)


@functools.lru_cache(maxsize=8)
def file_of(family: str, folder: Path | None = None) -> tuple[Path, int] | None:
    """The file of a family and its place in it; None if there is none."""
    from PIL import ImageFont

    for path in find_fonts(folder):
        for file in sorted(path.rglob("*")):
            if file.suffix.lower() not in (".otf", ".ttf", ".ttc", ".otc"):
                continue
            for index in range(64):
                try:
                    name = ImageFont.truetype(str(file), 10, index=index).getname()[0]
                except OSError:
                    break
                if name == family:
                    return file, index
                if file.suffix.lower() in (".otf", ".ttf"):
                    break
    return None


def _opened(folder: Path | None) -> Iterator[Any]:
    """All fonts there are, the preferred first."""
    from fontTools.ttLib import TTCollection, TTFont

    for path in find_fonts(folder):
        for file in sorted(path.rglob("*")):
            if file.suffix.lower() in (".ttc", ".otc"):
                yield from TTCollection(str(file), lazy=True).fonts
            elif file.suffix.lower() in (".otf", ".ttf"):
                yield TTFont(str(file), lazy=True)


def _names(font: Any) -> set[str | None]:
    return {font["name"].getDebugName(n) for n in (1, 16)}


def missing_characters(texts: Mapping[str, str], folder: Path | None = None, limit: int = 50) -> list[Missing]:
    """Characters that would come out as boxes, each at its first place in each field.

    :param texts: field → text. White space and joiners are never missing.
    """
    covered = _covered(folder)
    found: list[Missing] = []
    for field, text in texts.items():
        wrong = {c for c in set(text) if not covered[ord(c) >> 3] >> (ord(c) & 7) & 1 and not _unseen(c)}
        if wrong:
            found += _places(field, text, wrong)
    return found[:limit]


def _places(field: str, text: str, wrong: set[str]) -> Sequence[Missing]:
    out, left = [], set(wrong)
    # lines as the editor counts them; splitlines would also take what is no line end here, and lose it
    for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        for column, char in enumerate(line, 1):
            if char in left:
                left.discard(char)
                out.append(Missing(char, f"U+{ord(char):04X}", field, number, column))
        if not left:
            break
    return out


def _unseen(char: str) -> bool:
    return char in "\t\n\r\u200b\u200c\u200d\ufeff\xad" or unicodedata.category(char) == "Zs"
