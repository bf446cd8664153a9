"""Reading and checking the one YAML file. A wrong key or value is answered with file, line, what is
allowed, and the nearest right name."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..errors import ConfigError
from .schema import KERNEL_SCHEMA, plugin_section

#: environment variables that are not settings
_NOT_SETTINGS = {"OA_CONFIG", "OA_TRACE_HOOKS"}
_NOT_SETTINGS_PREFIXES = ("OA_TEST_", "OA_REQUIRE_", "OA_BENCH_")


@dataclass(frozen=True)
class RawConfig:
    """The file as read: data, where each key stands, and which plugins are wanted."""

    path: Path
    data: dict[str, Any]
    lines: dict[tuple[str, ...], int]

    def enabled_plugins(self) -> dict[str, bool]:
        """Plugin name → on or off."""
        plugins = self.data.get("plugins") or {}
        if not isinstance(plugins, dict):
            raise ConfigError(f"{self.path} 第 {self.line(('plugins',))} 行：plugins 应是“名称: 设置”的映射")
        wanted = {}
        for name, value in plugins.items():
            own = value if isinstance(value, dict) else {}
            wanted[str(name)] = value is not False and own.get("enabled", True) is not False
        return wanted

    def line(self, key: tuple[str, ...]) -> int:
        """Line (from 1) of a key, or of the nearest thing around it."""
        while key and key not in self.lines:
            key = key[:-1]
        return self.lines.get(key, 1)


class Config(Mapping[str, Any]):
    """Checked settings. ``config["mail"]["host"]`` or ``config.get_path("mail.host")``; cannot be changed."""

    def __init__(self, path: Path, data: Mapping[str, Any]) -> None:
        self.path = path
        self._data = _freeze(data)

    @property
    def folder(self) -> Path:
        """Folder of the configuration: relative paths in it start here."""
        return self.path.parent

    def __getitem__(self, key: str) -> Any:
        return self._data[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def get_path(self, dotted: str, default: Any = None) -> Any:
        """A setting by its dotted key."""
        value: Any = self._data
        for part in dotted.split("."):
            if not isinstance(value, Mapping) or part not in value:
                return default
            value = value[part]
        return value

    def plugin(self, name: str) -> Mapping[str, Any]:
        """A plugin's own section, with defaults filled in."""
        return self._data["plugins"].get(name, _Frozen())

    def file(self, dotted: str) -> Path:
        """A setting that is a path, made absolute from the configuration's folder."""
        return (self.folder / str(self.get_path(dotted))).resolve()

    def secret(self, dotted: str) -> str:
        """The content of the file a ``…_file`` setting names, stripped; empty if none is set."""
        name = self.get_path(dotted)
        if not name:
            return ""
        path = (self.folder / str(name)).resolve()
        try:
            return path.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigError(f"{dotted}：无法读取 {path}（{error.strerror}）") from error


class _Frozen(dict[str, Any]):
    """A dict that cannot be changed."""

    def _no(self, *_: Any, **__: Any) -> Any:
        raise TypeError("the configuration cannot be changed while running")

    __setitem__ = __delitem__ = clear = pop = popitem = setdefault = update = _no  # type: ignore[assignment]


def _freeze(value: Any) -> Any:
    if isinstance(value, Mapping):
        return _Frozen({k: _freeze(v) for k, v in value.items()})
    if isinstance(value, list):
        return tuple(_freeze(v) for v in value)
    return value


def read(path: str | os.PathLike[str]) -> RawConfig:
    """Reads the file without checking names. Raises :class:`ConfigError` with file and line."""
    file = Path(path).resolve()
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"找不到配置文件 {file}：用 --config 指定，或先运行 oa init DIR") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"无法读取配置文件 {file}：{error}") from error
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"第 {mark.line + 1} 行第 {mark.column + 1} 列" if mark else ""
        raise ConfigError(f"{file} {where}：YAML 写法有误（{getattr(error, 'problem', error)}）") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{file} 第 1 行：应是“键: 值”的映射")
    lines: dict[tuple[str, ...], int] = {}
    if node is not None:
        _collect_lines(node, (), lines)
    return RawConfig(file, data, lines)


def _collect_lines(node: yaml.Node, key: tuple[str, ...], lines: dict[tuple[str, ...], int]) -> None:
    if isinstance(node, yaml.MappingNode):
        for k, v in node.value:
            inner = (*key, str(k.value))
            lines[inner] = k.start_mark.line + 1
            _collect_lines(v, inner, lines)
    elif isinstance(node, yaml.SequenceNode):
        for i, v in enumerate(node.value):
            inner = (*key, str(i))
            lines[inner] = v.start_mark.line + 1
            _collect_lines(v, inner, lines)


def validate(
    raw: RawConfig,
    plugin_schemas: Mapping[str, Mapping[str, Any]] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Config:
    """Checks the data and fills in defaults.

    :param plugin_schemas: plugin name → cerberus schema of its own section; sections of plugins that are
        not in it (disabled, not installed) are not looked into.
    :raises ConfigError: naming every wrong place, one a line.
    """
    import cerberus

    schemas = dict(plugin_schemas or {})
    schema = {k: v for k, v in KERNEL_SCHEMA.items() if k != "plugins"}
    data = {k: v for k, v in raw.data.items()}
    plugins = {n: ({} if v in (None, True) else {"enabled": False} if v is False else v)
               for n, v in (data.pop("plugins", None) or {}).items()}
    for name in schemas:
        plugins.setdefault(name, {})
    known = {n: v for n, v in plugins.items() if n in schemas}
    others = {n: v for n, v in plugins.items() if n not in schemas}
    full_schema = {**schema, "plugins": {
        "type": "dict", "default": {}, "schema": {n: plugin_section(schemas[n]) for n in known}}}
    document = _apply_environment({**data, "plugins": known}, full_schema, os.environ if environ is None else environ)
    validator = cerberus.Validator(full_schema, purge_unknown=False)
    normalised = validator.validated(document)
    if normalised is None:
        problems = list(_problems(validator._errors, raw, full_schema))
        raise ConfigError("\n".join(problems))
    normalised["plugins"] = {**others, **normalised["plugins"]}
    return Config(raw.path, normalised)


def _problems(errors: Any, raw: RawConfig, schema: Mapping[str, Any]) -> Iterator[str]:
    for error in errors:
        if error.child_errors:
            yield from _problems(error.child_errors, raw, schema)
            continue
        key = tuple(str(p) for p in error.document_path)
        where = f"{raw.path} 第 {raw.line(key)} 行：{'.'.join(key)}"
        allowed = _siblings(schema, key)
        if error.code == 0x03 or (error.rule is None and not error.info):  # unknown field
            near = difflib.get_close_matches(key[-1], allowed, 1, 0.6)
            hint = f"，是不是 {near[0]}？" if near else "。"
            yield f"{where} 不是可用的设置{hint}这里可用：{'、'.join(sorted(allowed))}"
        elif error.rule == "allowed":
            near = difflib.get_close_matches(str(error.value), [str(a) for a in error.constraint], 1, 0.6)
            hint = f"，是不是 {near[0]}？" if near else "。"
            yield f"{where} 的值 {error.value!r} 不在允许的范围内{hint}可用：{'、'.join(map(str, error.constraint))}"
        elif error.rule == "type":
            yield f"{where} 的值 {error.value!r} 类型不对：应为 {_type_word(error.constraint)}"
        elif error.rule in ("min", "max", "minlength", "maxlength"):
            word = {"min": "最小", "max": "最大", "minlength": "最短", "maxlength": "最长"}[error.rule]
            yield f"{where} 的值 {error.value!r} 超出范围：{word}为 {error.constraint}"
        elif error.rule == "required":
            yield f"{where} 是必填的设置"
        else:
            reason = error.info[0] if error.info else f"{error.rule} {error.constraint}"
            yield f"{where} 的值 {error.value!r} 有误（{reason}）"


def _type_word(constraint: Any) -> str:
    words = {"string": "文字", "integer": "整数", "boolean": "true 或 false", "dict": "映射（键: 值）",
             "list": "列表", "number": "数字", "float": "数字", "date": "日期"}
    names = [constraint] if isinstance(constraint, str) else list(constraint)
    return " 或 ".join(words.get(n, n) for n in names)


def _siblings(schema: Mapping[str, Any], key: tuple[str, ...]) -> list[str]:
    level: Any = schema
    for part in key[:-1]:
        rule = level.get(part) if isinstance(level, Mapping) else None
        level = (rule or {}).get("schema", {})
    return list(level) if isinstance(level, Mapping) else []


def _apply_environment(data: dict[str, Any], schema: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """``OA_MAIL_HOST=x`` sets mail.host; ``OA_PLUGINS_DOCUMENTS_CODE=x`` a plugin's. The longest name wins."""
    names = {environment_name(path): path for path in _leaves(schema)}
    for name, value in environ.items():
        if not name.startswith("OA_") or name in _NOT_SETTINGS or name.startswith(_NOT_SETTINGS_PREFIXES):
            continue
        path = names.get(name)
        if path is None:
            near = difflib.get_close_matches(name, list(names), 1, 0.7)
            if near or any(name.startswith(f"OA_{section.upper()}_") for section in schema):
                hint = f"，是不是 {near[0]}？" if near else ""
                raise ConfigError(f"环境变量 {name} 不对应任何设置{hint}")
            continue  # somebody else's variable that happens to begin with our letters
        try:
            parsed = yaml.safe_load(value) if value else ""
        except yaml.YAMLError:
            parsed = value
        rule = _rule(schema, path)
        if rule.get("type") == "string":
            parsed = value
        level = data
        for part in path[:-1]:
            inner = level.get(part)
            level[part] = dict(inner) if isinstance(inner, dict) else {}
            level = level[part]
        level[path[-1]] = parsed
    return data


def environment_name(path: tuple[str, ...]) -> str:
    """The variable that overrides a setting: ``("mail", "host")`` → ``OA_MAIL_HOST``."""
    return "OA_" + "_".join(path).upper()


def _leaves(schema: Mapping[str, Any], prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, rule in schema.items():
        if rule.get("type") == "dict" and isinstance(rule.get("schema"), dict):
            yield from _leaves(rule["schema"], (*prefix, name))
        else:
            yield (*prefix, name)


def _rule(schema: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any]:
    level: Any = schema
    for part in path[:-1]:
        level = level[part]["schema"]
    return level[path[-1]]
