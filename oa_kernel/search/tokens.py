"""Text as tokens of which any substring of two characters is a phrase.

Every character of a run of CJK characters begins one token: itself and the two that follow, fewer at the run's end.
消防安全 is 消防安 防安全 安全 全. Latin letters and digits are words. Spaces and punctuation are dropped, on both sides
alike. A query of three characters or more asks for whole tokens one after the other (消防安全: 消防安 then 防安全); a
shorter one for what begins with it, for which two characters have an index of their own.

Three characters rather than two, because a phrase of common pairs that stands nowhere would otherwise be looked for in
every text that has all the pairs; the index is about twice as large for it (see docs/performance.md).
"""

from __future__ import annotations

import re
import unicodedata

#: Han with its extensions, kana, bopomofo, hangul, 〇 々
_CJK = (
    "\u3005\u3007\u3040-\u30ff\u3100-\u312f\u31a0-\u31bf\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_RUN = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")
_ONE = re.compile(rf"[{_CJK}]")
#: phrases of one query that are looked for
MOST_PHRASES = 8
#: tokens of one phrase
LONGEST = 64
#: characters of a token of a CJK run
WIDTH = 3


def normal(text: str) -> str:
    """Full width and half width, upper and lower case are one (NFKC)."""
    return unicodedata.normalize("NFKC", text).casefold()


def tokens(text: str) -> list[str]:
    """All tokens of a text, in order."""
    found: list[str] = []
    for run in _RUN.findall(normal(text)):
        if is_cjk(run):
            found += [run[i:i + WIDTH] for i in range(len(run))]
        else:
            found.append(run)
    return found


def phrases(query: str) -> list[tuple[list[str], bool]]:
    """What a query asks for, one phrase a word between spaces: (tokens, whether the last one is only a beginning)."""
    found = []
    for word in normal(query).split()[:MOST_PHRASES]:
        runs = _RUN.findall(word)
        if not runs:
            continue
        made = tokens(word)
        last = runs[-1]
        if is_cjk(last) and len(last) >= WIDTH:
            # in the text more may follow: the last characters begin tokens that are not known
            found.append((made[:1 - WIDTH][:LONGEST], False))
        elif is_cjk(last):
            made = made[:len(made) - len(last) + 1]
            found.append((made[:LONGEST], len(made) <= LONGEST))
        else:
            found.append((made[:LONGEST], len(made) <= LONGEST))
    return found


def is_cjk(run: str) -> bool:
    """Whether it begins with a CJK character."""
    return _ONE.match(run) is not None


def snippet(text: str, query: str, around: int = 40) -> tuple[str, str, str]:
    """(before, hit, after) of the first place where a word of the query stands; the beginning where none does.

    Found as written, or else in another width or case. Runs of spaces and line ends are one space.
    """
    for word in query.split():
        at = text.find(word)
        if at >= 0:
            return _cut(text, at, len(word), around)
        folded = normal(text)
        if len(folded) == len(text) and (at := folded.find(wanted := normal(word))) >= 0:
            return _cut(text, at, len(wanted), around)
    plain = _plain(text, 2 * around + 1).lstrip()
    return plain[:2 * around] + ("…" if len(plain) > 2 * around else ""), "", ""


def _cut(text: str, at: int, length: int, around: int) -> tuple[str, str, str]:
    before, after = _plain(text, around, before=at), _plain(text, around, at + length)
    return (
        ("…" if len(before) > around else "") + before[:around][::-1],
        text[at:at + length],
        after[:around] + ("…" if len(after) > around else ""),
    )


def _plain(text: str, most: int, start: int = 0, before: int = -1) -> str:
    """The text from ``start`` on (or backwards from ``before``), runs of spaces as one: more than ``most`` characters where
    there are so many. Of a long text only that much is looked at."""
    room = 2 * most
    while True:
        part = text[start:start + room] if before < 0 else text[max(0, before - room):before][::-1]
        plain = " ".join(part.split())
        if plain and part[0].isspace():
            plain = f" {plain}"
        if len(plain) > most or len(part) < room:
            return plain
        room *= 8


__all__ = ["LONGEST", "MOST_PHRASES", "WIDTH", "is_cjk", "normal", "phrases", "snippet", "tokens"]
