"""Checking what was sent: texts become values, cerberus judges, every reason is said in plain words."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from oa_kernel.errors import Invalid

if TYPE_CHECKING:
    from .form import Form

_TRUE = frozenset(("1", "true", "on", "yes", "是"))
_FALSE = frozenset(("0", "false", "off", "no", "否", ""))
_WORDS = {
    "string": "文字", "integer": "整数", "float": "数字", "number": "数字", "decimal": "数字", "boolean": "是或否",
    "date": "日期（如 2026-11-23）", "datetime": "日期和时间（如 2026-11-23T09:30）", "list": "列表", "dict": "对象",
}
#: numbers with more digits than this are a mistake, and costly to parse
_DIGITS = 40


class _Wrong:
    """Stands for a text that is not what its type wants; keeps the text for the message."""

    def __init__(self, text: Any) -> None:
        self.text = text


def check(form: Form, data: Mapping[str, Any], *, coerce: bool | None, partial: bool) -> dict[str, Any]:
    """See :meth:`oa_kernel.forms.Form.validate`."""
    html = hasattr(data, "getlist")
    texts = html if coerce is None else coerce
    values, missing = _gather(form, data, html, texts, partial)
    errors: dict[str, list[str]] = {}
    if not html:
        for name in data:
            if name not in form.schema:
                errors[str(name)] = [_unknown(str(name), list(form.schema))]
    for name in list(values):
        if isinstance(values[name], _Wrong):
            kind = form.rules[name].get("type", "string")
            shown = str(values.pop(name).text)[:60]
            errors[name] = [f"“{shown}”不是{_WORDS.get(str(kind), str(kind))}"]
        elif reason := _bad_text(values[name]):
            values.pop(name)
            errors[name] = [reason]
    for name in form.required:
        if name not in errors and not partial and _is_empty(values.get(name)):
            values.pop(name, None)
            if "default" not in form.rules[name]:
                errors[name] = [_fill_in(form.schema[name], form.label(name))]
    clean = _judge(form, values, errors, partial)
    if errors:
        ordered = {n: errors[n] for n in form.schema if n in errors}
        ordered.update({k: v for k, v in errors.items() if k not in ordered})
        raise Invalid(f"有 {len(ordered)} 处需要改正", errors=ordered)
    for name in missing:
        clean.setdefault(name, _empty(form.rules[name]))
    return clean


def _judge(form: Form, values: dict[str, Any], errors: dict[str, list[str]], partial: bool) -> dict[str, Any]:
    import cerberus

    # required is judged above, where an empty text counts as nothing
    rules = {n: {k: v for k, v in r.items() if k != "required"} for n, r in form.rules.items()}
    if partial:
        rules = {n: {k: v for k, v in r.items() if k != "default"} for n, r in rules.items()}
    for name in errors:
        if name in rules:
            rules[name] = {k: v for k, v in rules[name].items() if k == "type"}
    validator = cerberus.Validator(_with_decimal(rules), purge_unknown=False)
    clean = validator.validated(values)
    if clean is None:
        for path, reason in _reasons(validator._errors, form):
            errors.setdefault(path, []).append(reason)
        return {}
    return dict(clean)


def _with_decimal(rules: dict[str, Any]) -> dict[str, Any]:
    """Cerberus has no decimal type: a check of its own stands for it."""
    out = {}
    for name, rule in rules.items():
        if rule.get("type") == "decimal":
            rule = {k: v for k, v in rule.items() if k != "type"}
            for bound in ("min", "max"):
                if bound in rule:
                    rule[bound] = Decimal(str(rule[bound]))
        out[name] = rule
    return out


def _gather(
    form: Form, data: Mapping[str, Any], html: bool, texts: bool, partial: bool
) -> tuple[dict[str, Any], list[str]]:
    """Values by name; and the names of fields that are there but empty."""
    values: dict[str, Any] = {}
    missing: list[str] = []
    for name, rule in form.rules.items():
        kind = str(rule.get("type", "string"))
        if html:
            many = data.getlist(name)  # type: ignore[attr-defined]
            if partial and not many:
                continue
            value: Any = many if kind == "list" else (many[-1] if many else None)
            if kind == "boolean" and value is None:
                value = "false"
            if kind == "list" and len(many) == 1:
                value = [line.strip() for line in many[0].splitlines() if line.strip()]
            elif kind == "list":  # an empty field beside it says that it was asked, where nothing is chosen
                value = [one for one in many if one.strip()]
        elif name in data:
            value = data[name]
        else:
            continue
        if texts and isinstance(value, str) and kind != "boolean":
            value = value.replace("\r\n", "\n") if kind == "string" else value.strip()
        empty = _is_empty(value) and (texts or value is None or (value == "" and kind not in ("string",)))
        if empty and (html or not rule.get("nullable")):
            missing.append(name)
            continue
        values[name] = _convert(value, rule, texts)
    return values, missing


def _convert(value: Any, rule: Mapping[str, Any], texts: bool) -> Any:
    kind = str(rule.get("type", "string"))
    if kind in ("date", "datetime", "decimal") and isinstance(value, str | int | float) and not isinstance(value, bool):
        return _from_text(str(value), kind)
    if kind == "list" and isinstance(value, list | tuple):
        inner = rule.get("schema")
        if not isinstance(inner, Mapping):
            return list(value)
        converted = [_convert(v, inner, texts) for v in value]
        return [v.text if isinstance(v, _Wrong) else v for v in converted]
    if kind == "dict" and isinstance(value, Mapping):
        inner = rule.get("schema") or {}
        out = {k: _convert(v, inner.get(k, {}), texts) for k, v in value.items()}
        return {k: v.text if isinstance(v, _Wrong) else v for k, v in out.items()}
    if texts and isinstance(value, str) and kind != "string":
        return _from_text(value, kind)
    if texts and isinstance(value, str) and kind == "string":
        return value.strip() if "\n" not in value else value.rstrip()
    return value


def _from_text(text: str, kind: str) -> Any:
    text = text.strip()
    try:
        if kind == "boolean":
            low = text.lower()
            return True if low in _TRUE else False if low in _FALSE else _Wrong(text)
        if kind in ("integer", "float", "number", "decimal"):
            plain = text.replace(",", "").replace("，", "")
            if len(plain) > _DIGITS:
                return _Wrong(text)
            if kind == "integer":
                return int(plain)
            number = Decimal(plain)
            if not number.is_finite():
                return _Wrong(text)
            if kind == "decimal":
                return number
            return int(number) if kind == "number" and number == number.to_integral_value() else float(number)
        if kind == "date":
            return dt.date.fromisoformat(text)
        if kind == "datetime":
            instant = dt.datetime.fromisoformat(text)
            if instant.tzinfo is None:
                from oa_kernel import clock

                instant = instant.replace(tzinfo=clock.zone())
            return instant
    except (ValueError, InvalidOperation, OverflowError):
        return _Wrong(text)
    return text


def _bad_text(value: Any) -> str:
    """Characters that no database keeps: NUL, and halves of a pair."""
    if isinstance(value, str):
        if "\x00" in value:
            return f"第 {value.index(chr(0)) + 1} 个字符不能用（空字符），请删除"
        for i, c in enumerate(value):
            if "\ud800" <= c <= "\udfff":
                return f"第 {i + 1} 个字符不能用（残缺的编码），请删除"
        return ""
    if isinstance(value, Mapping):
        return next((r for k, v in value.items() if (r := _bad_text(k) or _bad_text(v))), "")
    if isinstance(value, list | tuple):
        return next((r for v in value if (r := _bad_text(v))), "")
    return ""


def _reasons(errors: Any, form: Form) -> Iterator[tuple[str, str]]:
    for error in errors:
        path = ".".join(str(p) for p in error.document_path)
        if error.child_errors:
            yield from _reasons(error.child_errors, form)
            continue
        yield path, _reason(error)


def _reason(error: Any) -> str:
    rule, constraint, value = error.rule, error.constraint, error.value
    if error.code == 0x03:
        return "不认识的字段"
    if error.code == 0x02 or rule == "required":
        return "必填"
    if rule == "nullable" or (rule == "type" and value is None):
        return "不能为空"
    if rule == "type":
        kinds = [constraint] if isinstance(constraint, str) else list(constraint)
        return f"应为{'或'.join(_WORDS.get(str(k), str(k)) for k in kinds)}"
    if rule == "empty":
        return "不能为空"
    if rule == "allowed":
        shown = "、".join(str(c) for c in list(constraint)[:12])
        wrong = value if isinstance(value, str) else "、".join(map(str, value)) if isinstance(value, list) else value
        near = difflib.get_close_matches(str(wrong), [str(c) for c in constraint], 1, 0.6)
        hint = f"，是不是“{near[0]}”" if near else ""
        return f"“{str(wrong)[:60]}”不在可选范围内{hint}。可选：{shown}"
    if rule == "forbidden":
        return f"不能是“{str(value)[:60]}”"
    if rule == "min":
        return f"不能小于 {constraint}" if not isinstance(constraint, dt.date) else f"不能早于 {constraint}"
    if rule == "max":
        return f"不能大于 {constraint}" if not isinstance(constraint, dt.date) else f"不能晚于 {constraint}"
    if rule == "minlength":
        unit = "项" if isinstance(value, list) else "个字"
        return f"至少 {constraint} {unit}，现在 {len(value)} {unit}"
    if rule == "maxlength":
        unit = "项" if isinstance(value, list) else "个字"
        return f"最多 {constraint} {unit}，现在 {len(value)} {unit}"
    if rule == "regex":
        return "写法不对"
    if rule == "dependencies":
        return f"还要填写：{constraint if isinstance(constraint, str) else '、'.join(constraint)}"
    if rule == "excludes":
        return "不能与另一项同时填写"
    if rule == "contains":
        return f"要包含：{constraint}"
    if rule in ("anyof", "oneof", "allof", "noneof"):
        return "不符合要求"
    if error.info:
        return "；".join(str(i) for i in error.info)
    return f"不符合要求（{rule}）"


def _unknown(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, 1, 0.6)
    hint = f"，是不是 {near[0]}" if near else ""
    return f"没有这个字段{hint}。可用：{'、'.join(known) or '（无）'}"


def _fill_in(rule: Mapping[str, Any], label: str) -> str:
    choose = "options" in rule or "allowed" in rule or rule.get("type") in ("date", "datetime", "list", "file")
    return f"请{'选择' if choose else '填写'}{label}"


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or (isinstance(value, list) and not value)


def _empty(rule: Mapping[str, Any]) -> Any:
    if "default" in rule:
        return rule["default"]
    return {"string": "", "list": [], "boolean": False}.get(str(rule.get("type", "string")))


__all__ = ["check"]
