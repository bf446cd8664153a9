"""A plugin's settings as a form, and what was typed as its section of the YAML file.

The form comes from the plugin's ``oa_config_schema()``: ``meta.label`` are the words beside a field (its key where there
are none), ``meta.help`` stands below (``meta.doc``, where a field has neither). ``meta.secret: True``, or a key that says
so, makes a field whose value is never shown again. Settings that an environment variable overrides are shown and cannot
be changed here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from oa_kernel import config, forms, plugins, runtime
from oa_kernel.config import editing
from oa_kernel.errors import Conflict, Invalid

from .switching import allowed, find, told

_SECRET = re.compile(r"(?:^|_)(?:password|passphrase|secret|token|api_key|private_key)$")
_PLAIN = frozenset(("string", "text", "integer", "float", "number", "boolean", "date", "datetime"))
_MISSING = object()


@dataclass(frozen=True)
class _Setting:
    """One field. ``path`` is its place in the section."""

    path: tuple[str, ...]
    rule: Mapping[str, Any]
    #: shown and typed as YAML: lists of mappings, free mappings
    as_yaml: bool = False
    secret: bool = False
    #: the environment variable that overrides it; empty: none does
    overridden: str = ""

    @property
    def name(self) -> str:
        return ".".join(self.path)

    @property
    def default(self) -> Any:
        return self.rule.get("default")


@dataclass(frozen=True)
class SettingsForm:
    """The form of a plugin's settings, its values, and the file's digest they were read from."""

    name: str
    form: forms.Form
    values: dict[str, Any]
    #: field → ``edit`` | ``read``
    modes: dict[str, str]
    #: secrets that are set
    kept: tuple[str, ...]
    #: setting → the variable that overrides it
    overridden: dict[str, str]
    digest: str


def settings_form(name: str) -> SettingsForm | None:
    """The form of an installed plugin's settings as the file has them; None where it has no settings.

    :raises Conflict: when the plugin cannot be imported.
    """
    settings = _settings(name)
    if not settings:
        return None
    path = runtime.current().config.path
    mark = editing.digest(path)
    section = _section(config.read(path), name)
    values, kept = {}, []
    for one in settings:
        value = _get(section, one.path)
        if one.secret:
            if value not in (_MISSING, None, ""):
                kept.append(one.name)
            continue
        if one.overridden:
            values[one.name] = os.environ[one.overridden]
        elif value is not _MISSING:
            values[one.name] = _yaml(value) if one.as_yaml else value
    modes = {one.name: "read" for one in settings if one.overridden}
    overridden = {one.name: one.overridden for one in settings if one.overridden}
    return SettingsForm(name, _form(settings), values, modes, tuple(kept), overridden, mark)


def change_settings(name: str, data: Mapping[str, Any], *, expected: str = "", by: Any = None) -> dict[str, Any]:
    """Writes what was typed into the plugin's section, comments kept; in force after a restart. What changed.

    A secret left empty stays as it is; ``NAME.clear`` (a field of its own) takes it away. What is the default and was
    not in the file is not written.

    :param data: a Flask form, or plain values by dotted name.
    :param expected: digest of the file the person saw.
    :raises Invalid: reasons by field; Conflict: somebody changed the file meanwhile.
    """
    allowed(by)
    settings = [s for s in _settings(name) if not s.overridden]
    clean = _form(settings).validate(_without_unknown(data, settings), coerce=True)
    values = _checked(name, settings, clean)
    with editing.open_file(runtime.current().config.path, expected) as file:
        section = file.section(name)
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        replaced = []
        for one in settings:
            old = _get(section, one.path)
            new = _new_secret(one, data, old) if one.secret else values[one.name]
            if new == (one.default if old is _MISSING else old) or (new is _MISSING and old is _MISSING):
                continue
            if one.secret:
                replaced.append(one.name)  # that it changed is told, not what it is
            else:
                before[one.name], after[one.name] = _shown(old), _shown(new)
            _put(section, one.path, new)
        if replaced:
            before["replaced"], after["replaced"] = [], replaced
        if not after:
            return {}
        told(file, "plugin.settings", name, before, after, by)
    return after


def _settings(name: str) -> list[_Setting]:
    plugin, _info = plugins.look(find(name))
    own = getattr(plugin, "oa_config_schema", None)
    try:
        schema = dict(own() or {}) if own else {}
    except Exception as error:  # a plugin's own code
        raise Conflict(f"插件 {name} 的 oa_config_schema() 失败：{type(error).__name__}: {error}") from error
    return list(_flat(name, schema, ()))


def _flat(name: str, schema: Mapping[str, Any], prefix: tuple[str, ...]) -> Iterator[_Setting]:
    for key, rule in schema.items():
        path = (*prefix, str(key))
        kind = rule.get("type", "string")
        if kind == "dict" and isinstance(rule.get("schema"), Mapping):
            yield from _flat(name, rule["schema"], path)
            continue
        inner = rule.get("schema")
        simple = kind in _PLAIN or (kind == "list" and isinstance(inner, Mapping) and inner.get("type") in _PLAIN)
        marked = (rule.get("meta") or {}).get("secret")
        secret = bool(marked) if marked is not None else kind == "string" and bool(_SECRET.search(str(key)))
        variable = config.environment_name(("plugins", name, *path))
        yield _Setting(path, rule, as_yaml=not simple, secret=secret, overridden=variable if variable in os.environ else "")


def _form(settings: list[_Setting]) -> forms.Form:
    fields: dict[str, dict[str, Any]] = {}
    for one in settings:
        meta = one.rule.get("meta") or {}
        looks: dict[str, Any] = {"label": str(meta.get("label") or one.name), "help": str(meta.get("help") or "")}
        if not looks["help"] and not meta.get("label"):
            looks["help"] = str(meta.get("doc") or "")  # English, for whoever writes the file: better than nothing
        if one.overridden:
            fields[one.name] = {"type": "string", **looks}
        elif one.as_yaml:
            fields[one.name] = {"type": "text", "nullable": True, "default": _yaml(one.default), "rows": 4, **looks}
        elif one.secret:
            fields[one.name] = {"type": "string", "nullable": True, "widget": "password", "autocomplete": "new-password", **looks}
        else:
            rule = {k: v for k, v in one.rule.items() if k not in ("meta", "coerce", "default_setter")}
            if isinstance(rule.get("schema"), Mapping):
                rule["schema"] = {k: v for k, v in rule["schema"].items() if k != "meta"}
            fields[one.name] = {**rule, **looks}
    return forms.Form(fields, name="settings")


def _without_unknown(data: Mapping[str, Any], settings: list[_Setting]) -> Mapping[str, Any]:
    """What a page sends beside the fields (token, digest, ``….clear``) is not for the form."""
    if hasattr(data, "getlist"):
        return data
    names = {one.name for one in settings}
    return {k: v for k, v in data.items() if k in names or not k.endswith(".clear")}


def _checked(name: str, settings: list[_Setting], clean: Mapping[str, Any]) -> dict[str, Any]:
    """Values by field, checked once more by the rules of the whole section."""
    import cerberus
    import yaml

    values: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for one in settings:
        value = clean.get(one.name)
        if one.as_yaml and not one.secret:
            try:
                value = yaml.safe_load(value) if isinstance(value, str) and value.strip() else one.default
            except yaml.YAMLError as error:
                mark = getattr(error, "problem_mark", None)
                errors[one.name] = [f"第 {mark.line + 1 if mark else 1} 行：YAML 写法有误（{getattr(error, 'problem', '')}）"]
                continue
            rule = {k: v for k, v in one.rule.items() if k != "meta"}
            checker = cerberus.Validator({"value": rule})
            if value is not None and not checker.validate({"value": value}):
                errors[one.name] = [_said(checker.errors["value"])]
        values[one.name] = value
    if errors:
        raise Invalid("有几项填得不对", errors=errors)
    return values


def _said(errors: Any) -> str:
    """cerberus' nested reasons in one line."""
    if isinstance(errors, dict):
        return "；".join(f"{k}：{_said(v)}" for k, v in errors.items())
    if isinstance(errors, list):
        return "；".join(_said(e) for e in errors)
    return str(errors)


def _new_secret(one: _Setting, data: Mapping[str, Any], old: Any) -> Any:
    if data.get(f"{one.name}.clear") in ("1", "on", True):
        return _MISSING
    typed = data.get(one.name)
    return typed if typed else old


def _section(raw: config.RawConfig, name: str) -> Mapping[str, Any]:
    plugins_ = raw.data.get("plugins")
    own = plugins_.get(name) if isinstance(plugins_, dict) else None
    return own if isinstance(own, dict) else {}


def _get(section: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        if not isinstance(section, Mapping) or part not in section:
            return _MISSING
        section = section[part]
    return section


def _put(section: Any, path: tuple[str, ...], value: Any) -> None:
    """Sets a value in its place; ``_MISSING`` takes it out."""
    from ruamel.yaml.comments import CommentedMap

    for part in path[:-1]:
        if not isinstance(section.get(part), dict):
            if value is _MISSING:
                return
            section[part] = CommentedMap()
        section = section[part]
    if value is _MISSING:
        section.pop(path[-1], None)
    else:
        section[path[-1]] = value


def _shown(value: Any) -> Any:
    return None if value is _MISSING else _as_plain(value)


def _as_plain(value: Any) -> Any:
    """Without what ruamel keeps beside a value."""
    if isinstance(value, Mapping):
        return {str(k): _as_plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_as_plain(v) for v in value]
    return value


def _yaml(value: Any) -> str:
    import yaml

    if value in (None, {}, [], ()):
        return ""
    return yaml.safe_dump(_as_plain(value), allow_unicode=True, sort_keys=False).strip()


__all__ = ["SettingsForm", "change_settings", "settings_form"]
