"""``oa plugins``: what is installed, enabled, broken and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from oa_kernel.errors import Conflict, NotFound

from .common import as_json, boot, json_option, table


@click.group()
def plugins() -> None:
    """已安装的插件：列出、检查、启用、停用。"""


def _states() -> list[Any]:
    from oa_kernel import db, runtime

    running = boot(migrated=False)
    try:
        runtime.check_migrations(running)
        for hook in ("oa_permissions", "oa_roles", "oa_blueprints", "oa_api_blueprints", "oa_workflows",
                     "oa_scheduled_tasks", "oa_widgets", "oa_navigation"):
            running.collect(hook)  # a plugin that fails to declare itself shows here
    finally:
        db.close()
    return sorted(running.plugins.states.values(), key=lambda s: s.name)


_WORDS = {"ok": "正常", "disabled": "未启用", "broken": "故障"}


@plugins.command("list")
@json_option
def list_(json_: bool) -> None:
    """列出已安装的插件。"""
    states = _states()
    if json_:
        as_json([s.as_dict() for s in states])
        return
    table([(s.name, s.version, _WORDS[s.state], s.distribution, s.reason) for s in states],
          ("名称", "版本", "状态", "软件包", "原因"))


@plugins.command()
@json_option
@click.pass_context
def check(ctx: click.Context, json_: bool) -> None:
    """检查启用的插件；有故障时退出码为 1。"""
    states = [s for s in _states() if s.enabled]
    broken = [s for s in states if s.state == "broken"]
    if json_:
        as_json({"ok": not broken, "plugins": [s.as_dict() for s in states]})
    else:
        for s in states:
            mark = "✗" if s.state == "broken" else "✓"
            click.echo(f"{mark} {s.name} {s.version} {_WORDS[s.state]} {s.reason}".rstrip())
    ctx.exit(1 if broken else 0)


@plugins.command()
@click.argument("name")
def enable(name: str) -> None:
    """在配置中启用插件；重启服务后生效。"""
    _switch(name, True)


@plugins.command()
@click.argument("name")
def disable(name: str) -> None:
    """在配置中停用插件；它的数据保留；重启服务后生效。"""
    _switch(name, False)


def _switch(name: str, on: bool) -> None:
    running = boot(migrated=False)
    states = running.plugins.states
    if name not in states:
        import difflib

        near = difflib.get_close_matches(name, states, 1)
        raise NotFound(f"没有安装插件 {name}" + (f"，是不是 {near[0]}？" if near else "；oa plugins list 列出已安装的"))
    if on:
        declared = _declared(name)
        needed = [n for n in (declared.requires if declared else ()) if n not in states or not states[n].enabled]
        if needed:
            raise Conflict(f"插件 {name} 需要先启用：{'、'.join(needed)}")
    else:
        users = [s.name for s in states.values() if s.enabled and s.info and name in s.info.requires]
        if users:
            raise Conflict(f"不能停用 {name}：这些插件需要它：{'、'.join(users)}。请先停用它们")
    write_enabled(running.config.path, name, on)
    click.echo(f"{name} 已{'启用' if on else '停用'}。重启服务后生效"
               + ("；首次启用请运行 oa migrate（oa serve 启动时也会自动进行）" if on else "；数据保留不动"), err=True)


def _declared(name: str) -> Any:
    """What the plugin says of itself, even while it is off."""
    from importlib.metadata import entry_points

    from oa_kernel.plugins import PLUGIN_GROUP

    for ep in entry_points(group=PLUGIN_GROUP, name=name):
        try:
            return ep.load().oa_plugin()
        except Exception as error:  # a plugin's own code
            raise Conflict(f"插件 {name} 无法导入：{type(error).__name__}: {error}") from error
    return None


def write_enabled(path: Path, name: str, on: bool) -> None:
    """Writes ``plugins: NAME: enabled`` into the YAML, comments and order kept."""
    import os

    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap

    yaml = YAML()
    yaml.preserve_quotes = True
    with path.open(encoding="utf-8") as file:
        data = yaml.load(file) or CommentedMap()
    section = data.setdefault("plugins", CommentedMap()) or CommentedMap()
    data["plugins"] = section
    own = section.get(name)
    if isinstance(own, dict):
        own["enabled"] = on
    else:
        section[name] = CommentedMap({"enabled": on})
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as file:
        yaml.dump(data, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
