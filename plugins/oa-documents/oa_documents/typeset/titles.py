"""Lines of a title: broken at words, as trapezoid or diamond, never with one word left over (GB/T 9704, 7.3.1)."""

from __future__ import annotations

import functools
import unicodedata

#: a line holds 156 mm of 22 pt characters
LINE_EMS = 20
_NO_BEGIN = "的了和与及、，。；：！？）》」』”’〕】％%"
_NO_END = "（《「『“‘〔【、的"
#: more words than this and lines are filled, not balanced
_LONGEST = 400


def width(text: str) -> float:
    """In ems: a CJK character is one, an ASCII character about a half."""
    return sum(1.0 if unicodedata.east_asian_width(c) in "WFA" else 0.55 for c in text)


@functools.lru_cache(maxsize=256)
def break_title(title: str, ems: float = LINE_EMS) -> tuple[str, ...]:
    """The title's lines. Line breaks written into the title are kept."""
    if "\n" in title:
        return tuple(line for part in title.split("\n") if part.strip() for line in break_title(part.strip(), ems))
    title = title.strip()
    if width(title) <= ems:
        return (title,) if title else ()
    by_use = _after_guanyu(title, ems)
    if by_use:
        return by_use
    words = _words(title, ems)
    for count in range(2, 40):
        lines = _best(words, count, ems)
        if lines is not None:
            return lines
    return tuple(_filled(words, ems))


def _after_guanyu(title: str, ems: float) -> tuple[str, str] | None:
    """Two lines with the issuer and 关于 in the first, as titles are commonly broken, where that makes a good shape."""
    at = title.find("关于")
    if at <= 0 or title.count("关于") > 1:
        return None
    first, second = title[: at + 2], title[at + 2:]
    a, b = width(first), width(second)
    return (first, second) if max(a, b) <= ems and min(a, b) >= 0.4 * max(a, b) else None


def _words(title: str, ems: float) -> list[str]:
    """Words that may not be broken; what may not begin or end a line is glued to its neighbour."""
    import rjieba

    words: list[str] = []
    for word in rjieba.cut(title):
        if words and (word[0] in _NO_BEGIN or words[-1][-1] in _NO_END
                      or (word[0].isdigit() and words[-1][-1].isdigit())
                      or (words[-1][-1].isdigit() and word in ("年", "月", "日", "号", "个", "项", "批", "届", "次"))):
            words[-1] += word
        else:
            words.append(word)
    out: list[str] = []
    for word in words:
        while width(word) > ems:  # nothing but an unbroken string: broken anywhere
            out.append(word[: int(ems)])
            word = word[int(ems):]
        out.append(word)
    return out


def _best(words: list[str], count: int, ems: float) -> tuple[str, ...] | None:
    """The best split into ``count`` lines, or None if the words do not fit into so many."""
    if len(words) > _LONGEST or len(words) < count:
        return None
    widths = [width(w) for w in words]
    total = [0.0]
    for w in widths:
        total.append(total[-1] + w)
    if total[-1] > ems * count:
        return None
    ideal = total[-1] / count
    n = len(words)
    # cost[k][i]: first i words in k lines
    best: list[list[float]] = [[float("inf")] * (n + 1) for _ in range(count + 1)]
    back = [[0] * (n + 1) for _ in range(count + 1)]
    best[0][0] = 0.0
    for k in range(1, count + 1):
        for i in range(k, n + 1):
            for j in range(i - 1, k - 2, -1):
                wide = total[i] - total[j]
                if wide > ems:
                    break
                cost = best[k - 1][j] + (wide - ideal) ** 2 + _break_cost(words, i)
                if cost < best[k][i]:
                    best[k][i], back[k][i] = cost, j
    if best[count][n] == float("inf"):
        return None
    lines, i = [], n
    for k in range(count, 0, -1):
        j = back[k][i]
        lines.append("".join(words[j:i]))
        i = j
    return _no_hourglass(tuple(reversed(lines)), words, ems)


def _break_cost(words: list[str], i: int) -> float:
    """How bad a break before word ``i`` is: within 《》 worse, after 关于 or before the last word bad."""
    if i >= len(words):
        return 0.0
    before = "".join(words[:i])
    cost = 6.0 if before.count("《") > before.count("》") else 0.0
    if len(words[i]) == 1:
        cost += 2.0
    if words[i - 1] in ("印发", "转发", "做好", "开展", "加强", "进一步", "成立", "召开"):
        cost += 8.0
    if i == len(words) - 1 and width(words[i]) <= 3:
        cost += 30.0
    return cost


def _no_hourglass(lines: tuple[str, ...], words: list[str], ems: float) -> tuple[str, ...]:
    """Equal lines and an hourglass are not wanted: the shape is tried as it came, that is nearly balanced."""
    if len(lines) == 3:
        a, b, c = (width(x) for x in lines)
        if b < a - 1 and b < c - 1:
            moved = _widen_middle(lines, words, ems)
            if moved is not None:
                return moved
    return lines


def _widen_middle(lines: tuple[str, ...], words: list[str], ems: float) -> tuple[str, ...] | None:
    """Moves a word from the first or the last line of three into the middle, if that makes a diamond."""
    ends = [0]
    for line in lines:
        ends.append(ends[-1] + len(line))
    cuts = {0}
    for word in words:
        cuts.add(max(cuts) + len(word))
    text = "".join(words)
    for first in sorted(c for c in cuts if c <= ends[1])[::-1]:
        for second in sorted(c for c in cuts if c >= ends[2]):
            parts = (text[:first], text[first:second], text[second:])
            a, b, c = (width(x) for x in parts)
            if all(parts) and b <= ems and b >= max(a, c) and min(a, c) > 3:
                return parts
    return None


def _filled(words: list[str], ems: float) -> list[str]:
    lines = [""]
    for word in words:
        if width(lines[-1] + word) > ems:
            lines.append("")
        lines[-1] += word
    return lines
