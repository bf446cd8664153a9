"""How single values are written: our keys as text, periods as ISO 8601, people as resource expressions."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import yaml

from oa_kernel.workflow.calendar import period

#: values in a definition beyond which it is not one (aliases in YAML can make a few lines into millions)
MAX_VALUES = 200_000
MAX_TEXT = 512 * 1024


class TooMuch(ValueError):
    """Over one of the limits."""


class _Flow(yaml.SafeDumper):
    """YAML in one line, without anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def write_value(value: Any) -> str:
    """A value of a definition as one line of YAML; ASCII escapes for what XML does not allow."""
    text = yaml.dump(value, Dumper=_Flow, default_flow_style=True, width=math.inf, allow_unicode=True, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...").removesuffix("...").rstrip("\n")


def read_value(text: str) -> Any:
    """The value again. Raises ValueError for what is no YAML, is too long, or uses anchors."""
    if len(text) > MAX_TEXT:
        raise TooMuch("值过长")
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise ValueError("不允许 YAML 引用")
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"不是 YAML：{error}") from None


def count(value: Any) -> int:
    """Values within a value, each as often as it is used. Raises TooMuch beyond the limit."""
    seen = 0
    todo = [value]
    while todo:
        item = todo.pop()
        seen += 1
        if seen > MAX_VALUES:
            raise TooMuch(f"定义里的值超过 {MAX_VALUES} 个")
        if isinstance(item, Mapping):
            todo.extend(item.values())
        elif isinstance(item, list | tuple):
            todo.extend(item)
    return seen


# ---- periods ----------------------------------------------------------------------------------------------------

_ISO = re.compile(r"P(?!$)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?"
                  r"(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
MAX_NUMBER = 9999


def to_iso(text: str) -> str:
    """``2 working days`` → ``P2D`` (ISO 8601 has no working time: the exact period stands in our extension)."""
    number, _working, unit = period(text)
    return {"day": f"P{number}D", "hour": f"PT{number}H", "minute": f"PT{number}M"}[unit]


def from_iso(text: str) -> tuple[str, bool]:
    """``PT36H`` → (``36 hours``, True); the second is False where it had to be rounded (months, seconds).

    :raises ValueError: for what is no duration of ISO 8601, or none at all.
    """
    match = _ISO.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} 不是 ISO 8601 时长")
    years, months, weeks, days, hours, minutes = (int(g or 0) for g in match.groups()[:6])
    seconds = float(match[7] or 0)
    total_days = years * 365 + months * 30 + weeks * 7 + days
    exact = not years and not months and seconds % 60 == 0
    whole = minutes + math.ceil(seconds / 60)
    if not whole and not hours:
        number, unit = total_days, "day"
    elif not whole % 60:
        number, unit = total_days * 24 + hours + whole // 60, "hour"
    else:
        number, unit = (total_days * 24 + hours) * 60 + whole, "minute"
    for unit_now, larger, factor in (("minute", "hour", 60), ("hour", "day", 24)):
        if number > MAX_NUMBER and unit == unit_now:
            exact = exact and not number % factor
            number, unit = math.ceil(number / factor), larger
    if not number or number > MAX_NUMBER or total_days > MAX_NUMBER:
        raise ValueError(f"{text!r} 太短或太长")
    return f"{number} {unit}{'' if number == 1 else 's'}", exact


# ---- people -----------------------------------------------------------------------------------------------------

_PLAIN = re.compile(r"[^\s(),\"'=${}]+")
_VARIABLE = re.compile(r"[$#]\{\s*([^\W\d]\w*)\s*\}")
#: variables by which process engines name who started the case
STARTERS = ("initiator", "starter", "startUser", "startUserId", "applyUserId", "applicant", "INITIATOR")
_CALL = re.compile(r"\s*([^\W\d]\w*)\s*\(((?:[^()\"]|\"(?:[^\"\\]|\\.)*\")*)\)\s*(?:,|$)")
_BARE = re.compile(r"\s*([$#]\{[^{}]*\}|[^,()]+?)\s*(?:,|$)")


def _arg(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if not isinstance(value, str) or _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def to_expression(people: Any) -> str:
    """A rule of people as the text of a ``potentialOwner``: ``user(u)`` and ``group(r)`` as Activiti, Flowable and
    Camunda read them, the rest in the same manner: ``head_of(drafter, levels=2)``."""
    if people == "drafter" or (isinstance(people, Mapping) and set(people) == {"drafter"}):
        return "user(${initiator})"
    if not isinstance(people, Mapping):
        return ""
    if set(people) == {"user"}:
        return f"user({_arg(people['user'])})"
    if set(people) == {"users"}:
        return ", ".join(f"user({_arg(u)})" for u in people["users"])
    if set(people) == {"role"}:
        return f"group({_arg(people['role'])})"
    if set(people) == {"field"} and isinstance(people["field"], str):
        return f"user(${{{people['field']}}})"
    kind, *more = people
    parts = [_arg(people[kind]), *(f"{k}={_arg(people[k])}" for k in more)]
    return f"{kind}({', '.join(parts)})"


def from_expression(text: str) -> tuple[Any, str]:
    """(rule or None, what of the text found no place) of a resource expression."""
    rest, items = text.strip(), []
    while rest:
        match = _CALL.match(rest)
        if match:
            items.append((match[1], match[2].strip()))
        else:
            match = _BARE.match(rest)
            if not match:
                return None, text
            # the standard leaves a bare name open; Activiti and its heirs take it for a group
            items.append(("user" if _VARIABLE.fullmatch(match[1]) else "group", match[1]))
        rest = rest[match.end():].strip()
    if not items:
        return None, text
    users = [_word(a) for k, a in items if k == "user"]
    if len(users) > 1 and len(users) == len(items) and not any(_VARIABLE.fullmatch(u) for u in users):
        return {"users": users}, ""
    kind, argument = items[0]
    left = ", ".join(f"{k}({a})" for k, a in items[1:])
    return _rule(kind, argument), left


def _word(text: str) -> str:
    try:
        return str(json.loads(text)) if text.startswith('"') else text
    except ValueError:
        return text


def _rule(kind: str, argument: str) -> Any:
    variable = _VARIABLE.fullmatch(argument)
    if kind in ("user", "group") and variable:
        return "drafter" if variable[1] in STARTERS else {"field": variable[1]}
    if not argument or "${" in argument or "#{" in argument:
        return None
    if kind in ("user", "group", "role"):
        return {"user" if kind == "user" else "role": _word(argument)}
    if kind in ("post", "department", "head_of", "deputy_for", "chosen_by", "rule", "field"):
        first, *more = [p.strip() for p in argument.split(",")]
        rule: dict[str, Any] = {kind: _word(first)}
        for part in more:
            key, _, value = part.partition("=")
            if key.strip() in ("levels", "below"):
                try:
                    rule[key.strip()] = json.loads(value)
                except ValueError:
                    return None
        return rule
    return None


def by_names(users: list[str], groups: list[str]) -> tuple[Any, str]:
    """(rule or None, what found no place) of lists of candidate users and groups."""
    items = [("user", u) for u in users] + [("group", g) for g in groups]
    return from_expression(", ".join(f"{k}({a if _VARIABLE.fullmatch(a) else _arg(a)})" for k, a in items))
