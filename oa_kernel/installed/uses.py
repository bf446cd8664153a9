"""Which plugins use what is going away, read from their source: nothing has to be called for it."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oa_kernel import deprecation, plugins, runtime


@dataclass(frozen=True)
class Use:
    """A place where a plugin uses something deprecated. ``file`` is relative to its package."""

    plugin: str
    file: str
    line: int
    what: deprecation.Deprecated

    def __str__(self) -> str:
        return f"{self.file} 第 {self.line} 行：{self.what}"


def deprecated_uses(name: str | None = None) -> list[Use]:
    """Uses of what is deprecated by a plugin, or by all that run. A file that cannot be read says nothing."""
    found: list[Use] = []
    for state in runtime.current().plugins.ok() if deprecation.known else ():
        if name in (None, state.name):
            found += _of(state)
    return found


def _of(state: plugins.PluginState) -> Iterator[Use]:
    spec = importlib.util.find_spec(state.info.package) if state.info and state.info.package else None
    if spec is None or not spec.origin:
        return
    package = Path(spec.origin).parent
    for path in sorted(package.rglob("*.py")):
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (OSError, SyntaxError, UnicodeDecodeError):
            continue
        for line, what in sorted(_in(tree), key=lambda pair: pair[0]):
            yield Use(state.name, str(path.relative_to(package)), line, what)


def _in(tree: ast.AST) -> Iterator[tuple[int, deprecation.Deprecated]]:
    names: dict[str, str] = {}  # local name → full name of what was imported
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level and node.module:
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                names[alias.asname or alias.name] = full
                if full in deprecation.known:
                    yield node.lineno, deprecation.known[full]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.split(".")[0]] = alias.name if alias.asname else alias.name.split(".")[0]
        elif isinstance(node, ast.FunctionDef) and node.name in deprecation.known and _is_hook(node):
            yield node.lineno, deprecation.known[node.name]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            dotted = _dotted(node)
            first, _, rest = dotted.partition(".")
            full = f"{names.get(first, first)}.{rest}" if rest else dotted
            if full in deprecation.known:
                yield node.lineno, deprecation.known[full]


def _is_hook(node: ast.FunctionDef) -> bool:
    return any("hookimpl" in ast.unparse(d) for d in node.decorator_list)


def _dotted(node: Any) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


__all__ = ["Use", "deprecated_uses"]
