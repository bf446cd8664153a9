"""Conditions on branches: a small safe expression language (simpleeval), no attributes, few functions."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from oa_kernel.errors import Invalid

#: what a condition may ask besides the form's fields
NAMES = ("title", "urgency", "drafter", "drafter_department", "definition", "outcome", "true", "false", "none")
FUNCTIONS = {"len": len, "min": min, "max": max, "int": int, "float": float, "str": str, "abs": abs}
MAX_LENGTH = 500


def problems(text: str, known: set[str] | None) -> list[str]:
    """What is wrong with a condition; ``known`` are the names that exist (None: not checked)."""
    import difflib

    if len(text) > MAX_LENGTH:
        return [f"条件超过 {MAX_LENGTH} 个字符"]
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError as error:
        return [f"条件写法有误：{text!r}（{error.msg}）"]
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS:
                found.append(f"条件里只能用这些函数：{'、'.join(FUNCTIONS)}")
        elif isinstance(node, ast.Attribute | ast.Lambda | ast.Await | ast.ListComp | ast.GeneratorExp | ast.DictComp
                        | ast.SetComp | ast.JoinedStr | ast.NamedExpr):
            found.append(f"条件里不能用这种写法：{ast.unparse(node)}")
        elif isinstance(node, ast.Name) and known is not None and node.id not in known and node.id not in FUNCTIONS:
            near = difflib.get_close_matches(node.id, sorted(known), 1, 0.5)
            hint = f"，是不是 {near[0]}？" if near else f"。可用：{'、'.join(sorted(known))}"
            found.append(f"条件用了没有的字段 {node.id}{hint}")
    return found


def used(text: str) -> set[str]:
    """Names a condition asks; empty for one that cannot be read."""
    try:
        return {n.id for n in ast.walk(ast.parse(text, mode="eval")) if isinstance(n, ast.Name)}
    except SyntaxError:
        return set()


def shown(text: str, fields: Mapping[str, Any], say: Callable[[str], str] = str) -> str:
    """A condition with fields and options as the form calls them (``类别 == 加急``); as it is where it cannot be read.

    :param fields: the form's fields, as they are declared.
    """
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        return text
    words: list[tuple[ast.expr, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and (label := _of(fields, node.id).get("label")):
            words.append((node, say(str(label))))
        elif isinstance(node, ast.Compare) and isinstance(node.left, ast.Name):
            options = _of(fields, node.left.id).get("options")
            for given in [c for n in node.comparators for c in ast.walk(n) if isinstance(c, ast.Constant)]:
                if isinstance(options, Mapping) and given.value in options:
                    words.append((given, say(str(options[given.value]))))
    lines = text.encode().split(b"\n")  # the parser counts bytes
    for node, word in sorted(words, key=lambda w: (w[0].lineno, w[0].col_offset), reverse=True):
        if node.lineno == node.end_lineno:
            line = lines[node.lineno - 1]
            lines[node.lineno - 1] = line[: node.col_offset] + word.encode() + line[node.end_col_offset :]
    return b"\n".join(lines).decode()


def _of(fields: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    field = fields.get(name)
    return field if isinstance(field, Mapping) else {}


def holds(text: str, names: Mapping[str, Any]) -> bool:
    """Whether a condition holds; raises Invalid, naming the condition, if it cannot be worked out."""
    from simpleeval import DEFAULT_OPERATORS, EvalWithCompoundTypes, InvalidExpression

    operators = {k: v for k, v in DEFAULT_OPERATORS.items() if k not in (ast.Pow, ast.LShift, ast.RShift)}
    evaluator = EvalWithCompoundTypes(
        operators=operators, functions=FUNCTIONS, names={"true": True, "false": False, "none": None, **names}
    )
    try:
        return bool(evaluator.eval(text))
    except TypeError as error:
        given = "，".join(f"{name} = {names[name]!r}" for name in sorted(used(text) & set(names)))
        raise Invalid(f"流程条件 {text!r} 无法判断：这样的值不能相比（{given}）。请改正表单中的这些字段",
                      code="condition_failed") from error
    except (InvalidExpression, ValueError, ZeroDivisionError, KeyError, RecursionError) as error:
        raise Invalid(f"流程条件 {text!r} 无法判断：{error}。请补全表单中相关的字段", code="condition_failed") from error
