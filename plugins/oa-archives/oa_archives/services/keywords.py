"""Keywords proposed for a record: what its title is about, and what its text speaks of most.

Who made it and of what kind it is stand in elements of their own (DA/T 46: 责任者, 文种), so that neither is a keyword.
"""

from __future__ import annotations

import re
from collections import Counter

MOST = 8
#: times a word that is not in the title must stand in the text
_OFTEN = 3
#: in every other title, so that nothing is found by them
_COMMON_TEXT = """
关于 通知 报告 请示 批复 意见 决定 通报 公告 通告 纪要 有关 工作 相关 我们 本次 各处 各处室 各单位 单位 部门 处室 要求 情况
事项 期间 年度 人员 附件 以上 以下 同时 办公室 市政府 人民政府 机关 时间 问题 内容 方面 方式 以来 领导 负责人 主任 处长 同志
责任 全体 一览表
"""
_COMMON = frozenset(_COMMON_TEXT.split())
#: 关于 … 的通知: what stands between
_ABOUT = re.compile(r"关于(.+)的\S{1,4}$")
#: parts of speech that name a matter (rjieba's tags): nouns, verbs used as nouns, places, times, names of things
_NAMING = ("n", "nz", "vn", "an", "ns", "nt", "t", "l", "j")


def propose(title: str, text: str, creator: str = "") -> list[str]:
    """At most :data:`MOST` words of two characters or more; the title's first, in its order."""
    found = list(dict.fromkeys(_matter(title, creator)))
    counted = Counter(word for word, flag in _tagged(text[:5000]) if flag in _NAMING and flag != "t" and _telling(word, creator))
    often = [word for word, times in counted.most_common(MOST * 2) if times >= _OFTEN and not any(word in known for known in found)]
    return [*found, *often][:MOST]


def _matter(title: str, creator: str) -> list[str]:
    """Words of what a title is about; what is done with it first (举办, 报送, 做好) is left out."""
    match = _ABOUT.search(title)
    words, begun = [], False
    for word, flag in _tagged(match.group(1) if match else title):
        names = flag in _NAMING
        begun = begun or names
        if (names or (begun and flag == "v")) and _telling(word, creator):
            words.append(word)
    return words


def _telling(word: str, creator: str) -> bool:
    return len(word) >= 2 and word not in _COMMON and word not in creator and all("\u4e00" <= c <= "\u9fff" for c in word)


def _tagged(text: str) -> list[tuple[str, str]]:
    import rjieba

    tagged: list[tuple[str, str]] = rjieba.tag(text)
    return tagged
