"""档号 of 文书档案 (DA/T 22-2015, 6.4): 全宗号-档案门类代码·年度-保管期限代码-机构（问题）代码-件号."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from .models import RETENTIONS

_SHAPE = re.compile(r"([A-Z0-9]{1,10})-([A-Z]{2,4})·(\d{4})-([A-Z]\d*)-([A-Z0-9]{2,10})-(\d{4,6})")


@dataclass(frozen=True, slots=True)
class ArchivalNumber:
    """The parts of a 档号; ``str()`` gives ``Z109-WS·2024-Y-BGS-0001``."""

    fonds: str
    category: str
    year: int
    retention: str
    class_code: str
    seq: int

    def __str__(self) -> str:
        return f"{self.fonds}-{self.category}·{self.year}-{self.retention}-{self.class_code}-{self.seq:04d}"

    @property
    def series(self) -> str:
        """The key of the series its 件号 comes from: numbers run within fonds, year, retention and class."""
        return f"archives:{self.fonds}-{self.category}·{self.year}-{self.retention}-{self.class_code}"


def as_written(text: str) -> str:
    """A 档号 as people type it in the form it is kept in: small letters, other dots and full-width signs are the same number."""
    plain = unicodedata.normalize("NFKC", "".join(text.split())).upper()
    return re.sub(r"[.．。•・∙⋅‧]", "·", re.sub(r"[–—―−]", "-", plain))


def parse(text: str) -> ArchivalNumber:
    """The parts of a written 档号. Raises ValueError, saying what is expected."""
    match = _SHAPE.fullmatch(text)
    if match is None or match.group(4) not in RETENTIONS:
        raise ValueError(f"“{text}”不是档号，应形如 Z109-WS·2024-Y-BGS-0001")
    fonds, category, year, retention, class_code, seq = match.groups()
    return ArchivalNumber(fonds, category, int(year), retention, class_code, int(seq))


__all__ = ["ArchivalNumber", "as_written", "parse"]
