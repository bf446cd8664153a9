"""Rules that are read from the plugin's files and answers, without calling it."""

from __future__ import annotations

import ast
import re
import typing
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from oa_kernel import db, hookspecs

from .subject import Office, Subject

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TRANSLATED = re.compile(r"""(?<![\w.$])(?:t|oaText)\(\s*(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
_STRING = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`""")
_CALLS = {"_", "gettext", "ngettext"}
#: hook → attribute of its objects that begins with the plugin's name
_NAMED = {
    "oa_permissions": "name", "oa_widgets": "name", "oa_subject_actions": "name",
    "oa_workflow_effects": "name", "oa_people_rules": "name",
    "oa_scheduled_tasks": "name", "oa_queued_tasks": "name", "oa_notification_kinds": "name",
    "oa_outbox_handlers": "topic", "oa_workflow_subjects": "kind", "oa_file_guards": "subject_kind",
}


def hooks_answer_with_the_declared_types(subject: Subject) -> list[str]:
    """Hooks answer with the objects their specifications declare; names begin with the plugin's, so that no two
    plugins meet; navigation leads to pages that exist; cron lines can be read."""
    with subject.office() as office:
        state = office.running.plugins.states[subject.name]
        if state.state != "ok":
            return [state.reason]
        found = []
        for hook, function in vars(hookspecs).items():
            if hook.startswith("oa_") and callable(function) and hasattr(subject.plugin, hook):
                answers = [i for o, i in office.running.plugins.collect_with_owner(hook) if o == subject.name]
                found += _typed(hook, function, answers) + _named(subject.name, hook, answers)
        return found + _places(office)


def _typed(hook: str, function: Any, answers: list[Any]) -> list[str]:
    wanted = typing.get_type_hints(function).get("return")
    inner = typing.get_args(wanted)[0] if typing.get_origin(wanted) is Sequence else wanted
    return [f"{hook}() 给出了 {type(a).__name__}，应是 {_said(hook, inner)}" for a in answers if not _fits(hook, inner, a)]


def _fits(hook: str, wanted: Any, answer: Any) -> bool:
    import click

    from oa_kernel import web

    if hook == "oa_models":
        return isinstance(answer, type) and issubclass(answer, db.Model)
    if hook == "oa_blueprints":
        return isinstance(answer, web.Pages)
    if hook == "oa_api_blueprints":
        return isinstance(answer, web.Api)
    if hook == "oa_commands":
        return isinstance(answer, click.Command)
    if wanted is typing.Any:
        return True
    if wanted is Path:
        return isinstance(answer, Path) and answer.is_file()
    origin = typing.get_origin(wanted) or wanted
    return not isinstance(origin, type) or isinstance(answer, origin)


def _said(hook: str, wanted: Any) -> str:
    words = {"oa_models": "db.Model 的子类", "oa_blueprints": "web.Pages", "oa_api_blueprints": "web.Api",
             "oa_commands": "click 命令"}
    return words.get(hook) or ("存在的文件（Path）" if wanted is Path else getattr(wanted, "__name__", str(wanted)))


def _named(name: str, hook: str, answers: list[Any]) -> list[str]:
    if hook == "oa_models":
        prefix = name.replace("-", "_") + "_"
        return [f"表 {a._meta.table_name} 的名字应以 {prefix} 开头" for a in answers
                if hasattr(a, "_meta") and not a._meta.table_name.startswith(prefix)]
    attribute = _NAMED.get(hook)
    if attribute is None:
        return []
    values = [str(getattr(a, attribute, "")) for a in answers]
    return [f"{hook}()：名字 {v} 应以 {name}. 开头" for v in values if v and not v.startswith(name + ".")]


def _places(office: Office) -> list[str]:
    from oa_kernel.scheduling.periodic import matches

    plugins, found = office.running.plugins, []
    endpoints = {rule.endpoint for rule in office.app.url_map.iter_rules()}
    for owner, item in plugins.collect_with_owner("oa_navigation"):
        if owner == office.subject.name and item.endpoint not in endpoints:
            found.append(f"oa_navigation()：没有页面 {item.endpoint}")
    for owner, task in plugins.collect_with_owner("oa_scheduled_tasks"):
        if owner == office.subject.name:
            try:
                matches(task.cron)
            except ValueError as error:
                found.append(f"定时任务 {task.name}：{error}")
    return found


def nothing_private_is_imported(subject: Subject) -> list[str]:
    """A plugin imports ``oa_kernel``, its first-level rooms, and the plugins it declares that it needs; nothing deeper
    and nothing that begins with an underscore."""
    allowed = {subject.info.package, "oa_kernel", *(f"oa_{n.replace('-', '_')}" for n in subject.info.requires)}
    found = []
    for path in _sources(subject):
        for node, name in _imported(path):
            if problem := _private(name, allowed):
                found.append(f"{path.relative_to(subject.package)} 第 {node.lineno} 行：{problem}")
    return found


def _sources(subject: Subject) -> list[Path]:
    return [p for p in sorted(subject.package.rglob("*.py")) if "tests" not in p.relative_to(subject.package).parts]


def _imported(path: Path) -> Iterator[tuple[Any, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)


def _private(name: str, allowed: set[str]) -> str:
    import importlib.util

    parts = name.split(".")
    if not parts[0].startswith("oa_"):
        return ""
    if parts[0] not in allowed:
        return f"导入了没有声明依赖的 {parts[0]}"
    if parts[0] != "oa_kernel":
        return ""
    if any(p.startswith("_") for p in parts[1:]):
        return f"{name} 以下划线开头，是私有的"
    # oa_kernel.room and oa_kernel.room.name are public; oa_kernel.room.module is not
    if len(parts) > 3 or (len(parts) == 3 and _is_module(importlib.util, name)):
        return f"{name} 在内核深处，只能导入 oa_kernel 与 oa_kernel.{parts[1]}"
    return ""


def _is_module(util: Any, name: str) -> bool:
    """Whether it is a module, and not an object of the room that happens to have a module's name."""
    room, _, last = name.rpartition(".")
    module = __import__(room, fromlist=["*"])
    public = getattr(module, "__all__", ())
    if last in public:
        return False
    try:
        return util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def texts_are_translated(subject: Subject) -> list[str]:
    """Texts on screen go through ``_()`` (in scripts: ``t()``) and have an English one in ``translations/en.po``."""
    from oa_kernel.web.texts import named

    with subject.office() as office:
        english = _english()
        found = []
        for path in sorted((subject.package / "templates").rglob("*.html")):
            where = str(path.relative_to(subject.package))
            source = path.read_text(encoding="utf-8")
            for line, text in _bare(office, source):
                found.append(f"{where} 第 {line} 行：“{text}”没有经过 _()")
            for line, text in _in_template(office, source):
                if text not in english:
                    found.append(f"{where} 第 {line} 行：“{text}”没有英文")
        for path in _sources(subject):
            for line, text in _in_python(path):
                if text not in english:
                    found.append(f"{path.relative_to(subject.package)} 第 {line} 行：“{text}”没有英文")
        for path in sorted((subject.package / "static").rglob("*.js")):
            where = path.relative_to(subject.package)
            found += [f"{where} 第 {line} 行：“{text}”没有英文" for line, text in named(path) if text not in english]
            found += [f"{where} 第 {line} 行：“{text}”没有经过 t()" for line, text in bare_in_script(path)]
        for hook in ("oa_navigation", "oa_widgets"):
            for owner, item in office.running.plugins.collect_with_owner(hook):
                if owner == subject.name and _CHINESE.search(item.title) and item.title not in english:
                    found.append(f"{hook}()：“{item.title}”没有英文")
        return found


def _english() -> set[str]:
    from babel.messages.pofile import read_po

    from oa_kernel.web.i18n import catalogue_folders

    known = set()
    for folder in catalogue_folders():
        path = folder / "en.po"
        if path.is_file():
            with path.open("rb") as file:
                known |= {str(m.id) for m in read_po(file, locale="en") if m.id and m.string and not m.fuzzy}
    return known


def _bare(office: Office, source: str) -> Iterator[tuple[int, str]]:
    """Chinese that a template shows as it stands."""
    from jinja2 import nodes

    tree = office.app.jinja_env.parse(source)
    for node in tree.find_all(nodes.TemplateData):
        text = _COMMENT.sub("", node.data)
        if _CHINESE.search(text):
            yield node.lineno, re.search(r"[^<>\"\n]*[\u4e00-\u9fff][^<>\"\n]*", text).group(0).strip()[:40]  # type: ignore[union-attr]


def bare_in_script(path: Path) -> Iterator[tuple[int, str]]:
    """Chinese in strings of a script that no ``t()`` is around; ``// not shown`` at the end of a line says that nobody
    sees it. Libraries in ``vendor/`` are their makers'."""
    if "vendor" in path.parts:
        return
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.lstrip().startswith(("//", "*", "/*")) or "// not shown" in line:
            continue
        for text in _STRING.findall(_TRANSLATED.sub("", line)):
            if _CHINESE.search(text):
                yield number, text.strip("\"'`")[:40]


def _in_template(office: Office, source: str) -> Iterator[tuple[int, str]]:
    for line, _function, message in office.app.jinja_env.extract_translations(source, tuple(_CALLS)):
        for text in message if isinstance(message, tuple) else (message,):
            if isinstance(text, str) and _CHINESE.search(text):
                yield line, text


def _in_python(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0]
        text = first.value if isinstance(first, ast.Constant) else None
        if name in _CALLS and isinstance(text, str) and _CHINESE.search(text):
            yield node.lineno, text


__all__ = ["hooks_answer_with_the_declared_types", "nothing_private_is_imported", "texts_are_translated"]
