"""Conditions: ours ↔ the expression languages of process engines.

Ours is a safe part of Python's expressions (``workflow.conditions``). Files bring JUEL ``${…}`` and ``#{…}``
(Activiti, Flowable, Camunda 7), FEEL ``= …`` (Camunda 8) and the like; what all of them share is read by one small
parser and rendered by :mod:`ast`, so that precedence and quotes are right.
"""

from __future__ import annotations

import ast
import json
import re

from oa_kernel.workflow import conditions

MAX_LENGTH = 2000
_OPS = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
        ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Mod: "%"}
_CONSTANTS = {"true": "true", "false": "false", "none": "null"}


class _CannotSay(Exception):
    """Something that the other language has no word for; the text says what."""


# ---- ours → theirs ----------------------------------------------------------------------------------------------


def to_juel(text: str) -> str | None:
    """``amount > 10000 and kind == "a"`` → ``${amount > 10000 && kind == "a"}``; None where it cannot be said."""
    try:
        return "${" + _say(ast.parse(text.strip(), mode="eval").body) + "}"
    except (_CannotSay, SyntaxError, ValueError, RecursionError):
        return None


def _say(node: ast.expr, inner: bool = False) -> str:
    made = _say_it(node)
    if inner and isinstance(node, ast.BoolOp | ast.BinOp | ast.Compare | ast.IfExp):
        return f"({made})"
    return made


def _say_it(node: ast.expr) -> str:
    match node:
        case ast.BoolOp(op=op, values=values):
            return (" && " if isinstance(op, ast.And) else " || ").join(_say(v, True) if not isinstance(v, ast.Compare)
                                                                       else _say(v) for v in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return f"!{_say(operand, True)}"
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"-{_say(operand, True)}"
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPS:
            return f"{_say(left, True)} {_OPS[type(op)]} {_say(right, True)}"
        case ast.Compare():
            return _compare(node)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return f"{_say(test, True)} ? {_say(body, True)} : {_say(orelse, True)}"
        case ast.Name(id=name):
            return _CONSTANTS.get(name, name)
        case ast.Constant(value=bool() | None as value):
            return {True: "true", False: "false", None: "null"}[value]
        case ast.Constant(value=int() | float() as value):
            return repr(value)
        case ast.Constant(value=str() as value) if value.isprintable():
            return json.dumps(value, ensure_ascii=False)
    raise _CannotSay(ast.dump(node))


def _compare(node: ast.Compare) -> str:
    parts, left = [], node.left
    for op, right in zip(node.ops, node.comparators, strict=True):
        if isinstance(op, ast.In | ast.NotIn):
            if not isinstance(right, ast.List | ast.Tuple | ast.Set) or not right.elts:
                raise _CannotSay("in")
            any_of = " || ".join(f"{_say(left, True)} == {_say(e, True)}" for e in right.elts)
            parts.append(f"({any_of})" if isinstance(op, ast.In) else f"!({any_of})")
        elif type(op) in _OPS:
            parts.append(f"{_say(left, True)} {_OPS[type(op)]} {_say(right, True)}")
        else:
            raise _CannotSay("is")
        left = right
    return " && ".join(parts)


# ---- theirs → ours ----------------------------------------------------------------------------------------------

_TOKEN = re.compile(r"""\s*(?:
    (?P<number>\d+(?:\.\d+)?)
  | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<name>[^\W\d]\w*)
  | (?P<op>===|!==|==|!=|<=|>=|&&|\|\||[<>!=()\[\].,?:+\-*/%])
)""", re.X)
_WORDS = {"and": "&&", "or": "||", "not": "!", "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
          "div": "/", "mod": "%"}
_COMPARE = {"==": ast.Eq, "===": ast.Eq, "=": ast.Eq, "!=": ast.NotEq, "!==": ast.NotEq, "<": ast.Lt, "<=": ast.LtE,
            ">": ast.Gt, ">=": ast.GtE}
_ARITHMETIC = {"+": ast.Add, "-": ast.Sub, "*": ast.Mult, "/": ast.Div, "%": ast.Mod}
_LITERALS = {"true": True, "false": False, "null": None, "none": None, "True": True, "False": False, "None": None}
_WRAPPED = re.compile(r"\s*[$#]\{(.*)\}\s*", re.S)


def from_theirs(text: str) -> tuple[str, str]:
    """(our expression, "") or ("", why it cannot be said in ours)."""
    if len(text) > MAX_LENGTH:
        return "", f"条件超过 {MAX_LENGTH} 个字符"
    wrapped = _WRAPPED.fullmatch(text)
    bare = wrapped[1] if wrapped else text.strip().removeprefix("=")
    if "${" in bare or "#{" in bare:
        return "", "几段 ${…} 连在一起"
    try:
        made = ast.unparse(_Parser(bare).whole())
    except _CannotSay as error:
        return "", str(error)
    except RecursionError:
        return "", "条件套得太深"
    wrong = conditions.problems(made, None)
    return ("", wrong[0]) if wrong else (made, "")


class _Parser:
    """Recursive descent over the tokens, lowest precedence first."""

    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at, text = 0, text.strip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise _CannotSay(f"不认识“{text[at:at + 20].strip()}”")
            kind = str(match.lastgroup)
            word = match[kind]
            self.tokens.append(("op", _WORDS[word]) if kind == "name" and word in _WORDS else (kind, word))
            at = match.end()
        self.at = 0

    def whole(self) -> ast.expr:
        made = self.ternary()
        if self.at < len(self.tokens):
            raise _CannotSay(f"不认识“{self.tokens[self.at][1]}”之后的写法")
        return made

    def accept(self, *ops: str) -> str:
        if self.at < len(self.tokens) and self.tokens[self.at][0] == "op" and self.tokens[self.at][1] in ops:
            self.at += 1
            return self.tokens[self.at - 1][1]
        return ""

    def need(self, op: str) -> None:
        if not self.accept(op):
            raise _CannotSay(f"缺少“{op}”")

    def word(self, *words: str) -> bool:
        if self.at < len(self.tokens) and self.tokens[self.at][0] == "name" and self.tokens[self.at][1] in words:
            self.at += 1
            return True
        return False

    def ternary(self) -> ast.expr:
        test = self.either()
        if not self.accept("?"):
            return test
        body = self.ternary()
        self.need(":")
        return ast.IfExp(test, body, self.ternary())

    def either(self) -> ast.expr:
        parts = [self.both()]
        while self.accept("||"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else ast.BoolOp(ast.Or(), parts)

    def both(self) -> ast.expr:
        parts = [self.comparison()]
        while self.accept("&&"):
            parts.append(self.comparison())
        return parts[0] if len(parts) == 1 else ast.BoolOp(ast.And(), parts)

    def comparison(self) -> ast.expr:
        left = self.sum()
        while True:
            op = self.accept(*_COMPARE)
            if op:
                # a chain of comparisons means (a < b) < c in JUEL, not Python's: kept apart by its own node
                left = ast.Compare(left, [_COMPARE[op]()], [self.sum()])
            elif self.word("in"):
                left = ast.Compare(left, [ast.In()], [self.sum()])
            else:
                return left

    def sum(self) -> ast.expr:
        left = self.product()
        while op := self.accept("+", "-"):
            left = ast.BinOp(left, _ARITHMETIC[op](), self.product())
        return left

    def product(self) -> ast.expr:
        left = self.unary()
        while op := self.accept("*", "/", "%"):
            left = ast.BinOp(left, _ARITHMETIC[op](), self.unary())
        return left

    def unary(self) -> ast.expr:
        if self.accept("!") or self.word("empty"):
            return ast.UnaryOp(ast.Not(), self.unary())
        if self.accept("-"):
            return ast.UnaryOp(ast.USub(), self.unary())
        return self.member(self.primary())

    def member(self, made: ast.expr) -> ast.expr:
        while self.accept("."):
            kind, name = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
            self.at += 1
            if kind != "name" or not self.accept("("):
                raise _CannotSay(f"取成员“.{name}”没有对应的写法")
            made = self.method(made, name, self.arguments(")"))
        return made

    def method(self, what: ast.expr, name: str, given: list[ast.expr]) -> ast.expr:
        if name == "equals" and len(given) == 1:
            return ast.Compare(what, [ast.Eq()], given)
        if name == "contains" and len(given) == 1:
            return ast.Compare(given[0], [ast.In()], [what])
        if name in ("size", "length") and not given:
            return ast.Call(ast.Name("len"), [what], [])
        if name == "isEmpty" and not given:
            return ast.UnaryOp(ast.Not(), what)
        if (name == "getVariable" and isinstance(what, ast.Name) and what.id in ("execution", "task") and len(given) == 1
                and isinstance(given[0], ast.Constant) and str(given[0].value).isidentifier()):
            return ast.Name(str(given[0].value))
        raise _CannotSay(f"方法“{name}”没有对应的写法")

    def arguments(self, close: str) -> list[ast.expr]:
        found: list[ast.expr] = []
        if self.accept(close):
            return found
        while True:
            found.append(self.ternary())
            if self.accept(close):
                return found
            self.need(",")

    def primary(self) -> ast.expr:
        if self.accept("("):
            inner = self.arguments(")")
            return inner[0] if len(inner) == 1 else ast.List(inner)
        if self.accept("["):
            return ast.List(self.arguments("]"))
        if self.at >= len(self.tokens):
            raise _CannotSay("条件没有写完")
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return ast.Constant(float(text) if "." in text else int(text))
        if kind == "text":
            return ast.Constant(re.sub(r"\\(.)", r"\1", text[1:-1]))
        if kind == "name" and text in _LITERALS:
            return ast.Constant(_LITERALS[text])
        if kind == "name":
            if not self.accept("("):
                return ast.Name(text)
            if text not in conditions.FUNCTIONS:
                raise _CannotSay(f"函数“{text}”没有对应的写法")
            return ast.Call(ast.Name(text), self.arguments(")"), [])
        raise _CannotSay(f"不认识“{text}”")


# ---- what a condition asks for ----------------------------------------------------------------------------------


def fields_asked(text: str) -> dict[str, str]:
    """Field → the type its use in a condition suggests: number, string, list or boolean."""
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        return {}
    found: dict[str, str] = {}
    names = [n.id for n in ast.walk(tree) if isinstance(n, ast.Name)]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        values = [s.value for s in sides if isinstance(s, ast.Constant)]
        for element in (e for s in sides if isinstance(s, ast.List) for e in s.elts if isinstance(e, ast.Constant)):
            values.append(element.value)
        for n, side in enumerate(sides):
            if isinstance(side, ast.Name):
                into = n > 0 and isinstance(node.ops[n - 1], ast.In | ast.NotIn)
                found.setdefault(side.id, "list" if into else _kind(values))
    known = {*conditions.NAMES, *conditions.FUNCTIONS}
    return {n: found.get(n, "boolean") for n in dict.fromkeys(names) if n not in known}


def _kind(values: list[object]) -> str:
    for value in values:
        if isinstance(value, bool):
            return "boolean"
        if isinstance(value, int | float):
            return "number"
        if isinstance(value, str):
            return "string"
    return "number"
