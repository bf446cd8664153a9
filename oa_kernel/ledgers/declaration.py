"""The YAML file of a ledger, checked: whatever is wrong is said with the file, the place and what may stand there.

::

    name: items                # in addresses, permissions and commands
    title: 办公用品
    icon: package
    fields:
      code:  {type: string, label: 编号, maxlength: 40, unique: true, sort: true, filter: true}
      name:  {type: string, label: 名称, required: true, maxlength: 120, search: true}
      kind:  {type: string, label: 类别, allowed: [文具, 设备], filter: true}
      price: {type: money, label: 金额, total: true, sort: true, filter: true}
    number: {field: code, format: "YP-{year}-{n:04d}"}
    sort: -code
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from oa_kernel.errors import ConfigError
from oa_kernel.permissions import SCOPE_TITLES

from .columns import Column, make_column
from .rows import RESERVED

_KEYS = (
    "name", "title", "noun", "description", "icon", "group", "order", "fields", "number", "sort", "unique", "delete",
    "owner", "department", "everyone", "widget", "secrecy",
)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,50}")
DELETES = ("archive", "remove", "both", "never")
VERBS = ("view", "edit", "import", "export", "delete")


@dataclass(frozen=True)
class Number:
    """Numbers given by the kernel's gapless series. ``format`` knows ``{year}``, ``{month}`` and ``{n}``."""

    field: str
    format: str = "{year}-{n:04d}"
    #: one series a ``year`` (the number begins again) or for ``ever``
    each: str = "year"


@dataclass(frozen=True)
class Declaration:
    """What the file says."""

    path: Path
    name: str
    title: str
    columns: tuple[Column, ...]
    noun: str = "记录"
    description: str = ""
    icon: str = "table"
    group: str = "ledgers"
    order: int = 100
    number: Number | None = None
    #: name of a column with ``-`` before it for descending; ``-id``: the newest first
    sort: str = "-id"
    #: further sets of columns that no two rows share
    unique: tuple[tuple[str, ...], ...] = ()
    #: ``archive`` (the row stays, with a reason) | ``remove`` | ``both`` | ``never``
    delete: str = "archive"
    #: fields that say whose a row is; empty: who made it
    owner: str = ""
    department: str = ""
    #: verb → scope that everybody has
    everyone: Mapping[str, str] = field(default_factory=dict)
    widget: bool = False
    #: rows have a secrecy level of their own
    secrecy: bool = False

    def column(self, name: str) -> Column | None:
        """A column by name."""
        return next((c for c in self.columns if c.name == name), None)

    @property
    def key(self) -> Column | None:
        """The first unique column: by it an import knows the row again."""
        return next((c for c in self.columns if c.unique), None)


def read(path: Path) -> Declaration:
    """The declaration in a file. Raises ConfigError."""
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" 第 {mark.line + 1} 行" if mark else ""
        raise ConfigError(f"{path}{line}：YAML 写法有误（{getattr(error, 'problem', error)}）") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"无法读取台账 {path}：{error}") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{path}：台账应是映射，至少有 name、title、fields")
    return declare(data, path)


def declare(data: Mapping[str, Any], path: Path) -> Declaration:
    """A declaration from the file's content. Raises ConfigError."""
    where = str(path)
    _known(data, _KEYS, where, "")
    name = str(data.get("name") or "")
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{where}：name 应为小写字母开头的英文名（字母、数字、下划线），而不是 {name!r}")
    fields = data.get("fields")
    if not isinstance(fields, Mapping) or not fields:
        raise ConfigError(f"{where}：缺少 fields（字段: 规则）")
    columns = []
    for one, rule in fields.items():
        if not _FIELD.fullmatch(str(one)) or one in RESERVED:
            taken = "是保留的名字" if one in RESERVED else "应为小写字母开头的英文名"
            raise ConfigError(f"{where}：字段名 {one!r} {taken}")
        if str(one).endswith(("_from", "_to", "_prefix")):
            raise ConfigError(f"{where}：字段名 {one} 不能以 _from、_to、_prefix 结尾（筛选用）")
        columns.append(make_column(str(one), rule, where))
    made = Declaration(
        path=path, name=name, title=str(data.get("title") or name), columns=tuple(columns),
        noun=str(data.get("noun") or "记录"), description=str(data.get("description") or ""),
        icon=str(data.get("icon") or "table"), group=str(data.get("group") or "ledgers"), order=int(data.get("order", 100)),
        number=_number(data.get("number"), columns, where), sort=str(data.get("sort") or "-id"),
        unique=_unique(data.get("unique") or (), columns, where), delete=str(data.get("delete") or "archive"),
        owner=str(data.get("owner") or ""), department=str(data.get("department") or ""),
        everyone=dict(data.get("everyone") or {}), widget=bool(data.get("widget")), secrecy=bool(data.get("secrecy")),
    )
    return _checked(made, where)


def _checked(made: Declaration, where: str) -> Declaration:
    if made.number is not None:
        columns = tuple(_numbered(c) if c.name == made.number.field else c for c in made.columns)
        made = Declaration(**{**made.__dict__, "columns": columns})
    sort = made.sort.removeprefix("-")
    if sort != "id" and not (c := made.column(sort)):
        raise ConfigError(f"{where}：sort 指的字段 {sort} 不存在")
    elif sort != "id" and c is not None and not c.sort:
        raise ConfigError(f"{where}：默认按 {sort} 排序，字段 {sort} 就要写 sort: true（建索引）")
    if made.delete not in DELETES:
        raise ConfigError(f"{where}：delete 只能是 {'、'.join(DELETES)}")
    for key, kind in (("owner", "person"), ("department", "department")):
        named = getattr(made, key)
        if named and (not (c := made.column(named)) or c.kind != kind):
            raise ConfigError(f"{where}：{key} 应指一个 type 为 {kind} 的字段，而不是 {named}")
    for verb, scope in made.everyone.items():
        if verb not in VERBS or scope not in SCOPE_TITLES or scope == "chosen":
            raise ConfigError(f"{where}：everyone 写作 {{view: department}}；动作：{'、'.join(VERBS)}；"
                              f"范围：{'、'.join(s for s in SCOPE_TITLES if s != 'chosen')}")
    return made


def _numbered(column: Column) -> Column:
    return Column(**{**column.__dict__, "numbered": True, "unique": True,
                     "rule": {k: v for k, v in column.rule.items() if k != "required"}})


def _number(data: Any, columns: list[Column], where: str) -> Number | None:
    if not data:
        return None
    if not isinstance(data, Mapping):
        raise ConfigError(f"{where}：number 写作 {{field: code, format: \"YP-{{year}}-{{n:04d}}\"}}")
    _known(data, ("field", "format", "each"), where, "number.")
    made = Number(str(data.get("field") or ""), str(data.get("format") or "{year}-{n:04d}"), str(data.get("each") or "year"))
    column = next((c for c in columns if c.name == made.field), None)
    if column is None or column.kind != "string":
        raise ConfigError(f"{where}：number.field 应指一个 type 为 string 的字段")
    if made.each not in ("year", "ever"):
        raise ConfigError(f"{where}：number.each 只能是 year 或 ever")
    try:
        first, second = (made.format.format(year=2026, month=1, n=n) for n in (1, 2))
    except (KeyError, ValueError, IndexError) as error:
        raise ConfigError(f"{where}：number.format 只认识 {{year}}、{{month}}、{{n}}：{error}") from None
    if first == second:
        raise ConfigError(f"{where}：number.format 里没有 {{n}}，每一行会是同一个编号")
    if made.each == "year" and made.format.format(year=2026, month=1, n=1) == made.format.format(year=2027, month=1, n=1):
        raise ConfigError(f"{where}：每年重新编号时 number.format 要有 {{year}}，否则会重号")
    return made


def _unique(data: Any, columns: list[Column], where: str) -> tuple[tuple[str, ...], ...]:
    known = {c.name for c in columns}
    sets = []
    for names in data:
        names = [names] if isinstance(names, str) else list(names)
        if unknown := [n for n in names if n not in known]:
            raise ConfigError(f"{where}：unique 里的字段 {unknown[0]} 不存在")
        sets.append(tuple(names))
    return tuple(sets)


def _known(data: Mapping[str, Any], allowed: Iterable[str], where: str, prefix: str) -> None:
    for key in data:
        if key not in allowed:
            near = difflib.get_close_matches(str(key), list(allowed), 1, 0.6)
            hint = f"，是不是 {near[0]}" if near else ""
            raise ConfigError(f"{where}：不认识 {prefix}{key}{hint}。可用：{'、'.join(allowed)}")


__all__ = ["DELETES", "VERBS", "Declaration", "Number", "declare", "read"]
