"""Keywords proposed for a record: the words of its title, and those its text uses most."""

from __future__ import annotations

from collections import Counter

MOST = 8
#: in every other title, so that nothing is found by them
_COMMON_TEXT = """
关于 通知 报告 请示 批复 函 意见 决定 有关 进行 工作 相关 以及 我们 本次 各处 单位 要求 开展 情况 实施 认真 做好
予以 其他 按照 根据 为了 可以 应当 必须 进一步 现将 如下 同意 特此 附件 以上 需要 同时 办公室 市政府 人民政府
"""
_COMMON = frozenset(_COMMON_TEXT.split())


def propose(title: str, text: str) -> list[str]:
    """At most :data:`MOST` words of two characters or more; the title's first."""
    import rjieba

    found: Counter[str] = Counter()
    for weight, part in ((5, title), (1, text[:5000])):
        for word in rjieba.cut(part):
            if len(word) >= 2 and word not in _COMMON and all("\u4e00" <= c <= "\u9fff" for c in word):
                found[word] += weight
    return [word for word, count in found.most_common(MOST) if count > 1]
