"""Texts to measure a search with: words in the frequencies of a language (Zipf), the same at every run."""

from __future__ import annotations

import bisect
import itertools
import random
from collections.abc import Iterator

_CHARACTERS = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经十三之进"
    "着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各"
    "重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料象员革位入常文总次"
    "品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取据处队南给色光门即保治"
    "北造百规热领七海口东导器压志世金增争济阶油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示"
    "议声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装影算低持音众书布复容儿须际商非验连断深"
)
#: words by rank: the first are the commonest
WORDS = 6_000


def vocabulary() -> list[str]:
    """Words of two to four characters, the commonest first and shortest."""
    random_ = random.Random(9704)
    found: dict[str, None] = {}
    while len(found) < WORDS:
        length = random_.choices((2, 3, 4), (70, 15, 15))[0]
        found["".join(random_.choices(_CHARACTERS, k=length))] = None
    return sorted(found, key=len)


def texts(count: int, characters: int = 500) -> Iterator[str]:
    """``count`` texts of about so many characters."""
    words = vocabulary()
    random_ = random.Random(33190)
    weights = list(itertools.accumulate(1 / (rank + 2.7) for rank in range(len(words))))
    # sentences are made once and put together: making a million texts character by character would take an hour
    stock = []
    for _ in range(60_000):
        length = random_.randrange(10, 40)
        sentence = ""
        while len(sentence) < length:
            sentence += words[bisect.bisect_left(weights, random_.random() * weights[-1])]
        stock.append(sentence)
    average = sum(map(len, stock)) / len(stock) + 1
    each = max(1, round(characters / average))
    for _ in range(count):
        yield "，".join(random_.choices(stock, k=each)) + "。"


def absent(number: int = 40) -> list[str]:
    """Phrases of the commonest characters that stand nowhere: each pair of theirs is common or at least there."""
    words = vocabulary()[:60]
    random_ = random.Random(22)
    return ["".join(random_.choices(words, k=3)) for _ in range(number)]


__all__ = ["absent", "texts", "vocabulary"]
