"""归档范围和保管期限表: which finished things are kept, for how long, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oa_kernel import runtime
from oa_kernel.errors import ConfigError

from . import settings
from .models import RETENTIONS

_OWN = Path(__file__).parent / "data" / "retention.yaml"
#: a rule that says: not kept
NONE = "none"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table. Empty conditions always hold."""

    retention: str
    reason: str
    kinds: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    sources: frozenset[str] = frozenset()

    def holds(self, kind: str, title: str, source: str) -> bool:
        """Whether the rule is about such a thing."""
        return (
            (not self.kinds or kind in self.kinds)
            and (not self.words or any(w in title for w in self.words))
            and (not self.sources or source in self.sources)
        )


def propose(kind: str, title: str, source: str) -> tuple[str, str]:
    """(retention code, reason) by the first rule that holds; code empty: need not be kept."""
    for rule in table():
        if rule.holds(kind, title, source):
            return ("" if rule.retention == NONE else rule.retention), rule.reason
    return "D10", "保管期限表中没有合适的条款，暂按十年"


def table() -> Sequence[Rule]:
    """The rules in force: the organisation's own table, or the one that comes with the plugin."""
    cache = runtime.current().cache
    found: Sequence[Rule] | None = cache.get("archives.retention")
    if found is None:
        own = str(settings.get("retention_table"))
        path = (runtime.current().config.folder / own) if own else _OWN
        found = cache["archives.retention"] = read(path)
    return found


def read(path: Path) -> list[Rule]:
    """The rules of a file. Raises ConfigError with the place of what is wrong."""
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"读不到保管期限表 {path}：{error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"第 {mark.line + 1} 行：" if mark else ""
        raise ConfigError(f"{path.name} 不是正确的 YAML：{where}{getattr(error, 'problem', error)}") from error
    rows = data.get("rules") if isinstance(data, Mapping) else None
    if not isinstance(rows, list) or not rows:
        raise ConfigError(f"{path.name} 应有 rules: 一张非空的列表")
    return [_rule(row, n, path.name) for n, row in enumerate(rows, 1)]


def _rule(row: Any, n: int, name: str) -> Rule:
    known = {"kinds", "words", "from", "retention", "reason"}
    if not isinstance(row, Mapping):
        raise ConfigError(f"{name} 第 {n} 条应为键值，可用：{'、'.join(sorted(known))}")
    if unknown := set(row) - known:
        raise ConfigError(f"{name} 第 {n} 条：没有 {sorted(unknown)[0]} 这个键，可用：{'、'.join(sorted(known))}")
    retention = row.get("retention")
    if retention not in (*RETENTIONS, NONE):
        raise ConfigError(f"{name} 第 {n} 条：retention 应为 {'、'.join((*RETENTIONS, NONE))}，而不是 {retention!r}")
    lists = {}
    for key in ("kinds", "words", "from"):
        value = row.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
            raise ConfigError(f"{name} 第 {n} 条：{key} 应为文字的列表")
        lists[key] = value
    return Rule(retention, str(row.get("reason", "")), frozenset(lists["kinds"]), tuple(lists["words"]),
                frozenset(lists["from"]))


def class_code(department: str) -> str:
    """机构代码 of a department: as set, else its pinyin initials; ``QT`` (其他) where there is none."""
    from pypinyin import Style, lazy_pinyin

    codes: Mapping[str, str] = settings.get("codes")
    if department in codes:
        return codes[department]
    letters = "".join(lazy_pinyin(department, style=Style.FIRST_LETTER, errors="ignore")).upper()
    return letters[:10] if len(letters) >= 2 else "QT"


__all__ = ["NONE", "Rule", "class_code", "propose", "read", "table"]
