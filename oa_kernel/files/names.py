"""Names of files, as people may give them."""

from __future__ import annotations

import unicodedata

from oa_kernel.errors import Invalid

LONGEST = 200
#: they make a name read as another one: ``fdp.exe`` as ``exe.pdf``
_TURNING = set("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(name: str) -> str:
    """The name, composed (NFC) and without surrounding blanks.

    :raises Invalid: when it is empty, too long, holds a path or characters that cannot be seen.
    """
    name = unicodedata.normalize("NFC", str(name or "")).strip()
    if not name or not name.strip("."):
        raise _wrong("文件名不能为空")
    if "/" in name or "\\" in name or (len(name) > 1 and name[1] == ":" and name[0].isalpha()):
        raise _wrong(f"文件名 {_shown(name)} 里带有路径：请只用文件本身的名称，不要有 / 和 \\")
    for place, character in enumerate(name, 1):
        if character in _TURNING or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp"):
            raise _wrong(f"文件名第 {place} 个字符（U+{ord(character):04X}）是不可见的控制字符，请改名后再上传")
    if len(name) > LONGEST:
        raise _wrong(f"文件名有 {len(name)} 个字符，最长 {LONGEST} 个，请改短后再上传")
    return name


def extension(name: str) -> str:
    """What stands after the last dot, in lower case; empty if there is none."""
    stem, dot, last = name.rpartition(".")
    return last.lower() if dot and stem else ""


def _shown(name: str) -> str:
    text = name if len(name) <= 60 else name[:60] + "…"
    return "".join(c if c.isprintable() else "�" for c in text)


def _wrong(message: str) -> Invalid:
    return Invalid(message, code="bad_file_name", errors={"file": [message]})
