"""``oa plugins``: what is installed, enabled, broken and why; switching on and off, taking away."""

from __future__ import annotations

from typing import Any

import click

from oa_kernel.errors import Conflict, UsageError

from .common import as_json, boot, json_option, table


@click.group()
def plugins() -> None:
    """已安装的插件：列出、检查、启用、停用、清除。"""


def _boot() -> Any:
    """The installation, its plugins asked for all they declare: one that fails to shows here."""
    from oa_kernel import runtime

    running = boot(migrated=False)
    runtime.check_migrations(running)
    for hook in ("oa_permissions", "oa_roles", "oa_blueprints", "oa_api_blueprints", "oa_workflows", "oa_forms",
                 "oa_scheduled_tasks", "oa_widgets", "oa_navigation"):
        running.collect(hook)
    return running


def _sorted(running: Any) -> list[Any]:
    return sorted(running.plugins.states.values(), key=lambda s: s.name)


#: what goes of the kernel's rows
_GOES = {"attachments": "附件登记", "grants": "授权", "role_permissions": "本单位角色里的权限", "permission_uses": "权限使用记录",
         "definitions": "流程定义", "outbox": "没有送出的消息", "scheduled": "定时任务记录", "ledger_views": "保存的台账视图"}
_WORDS = {"ok": "正常", "disabled": "未启用", "broken": "故障"}


@plugins.command("list")
@json_option
def list_(json_: bool) -> None:
    """列出已安装的插件。"""
    from oa_kernel import db

    try:
        states = _sorted(_boot())
    finally:
        db.close()
    if json_:
        as_json([s.as_dict() for s in states])
        return
    table([(s.name, s.version, _WORDS[s.state], s.distribution, s.reason) for s in states],
          ("名称", "版本", "状态", "软件包", "原因"))


@plugins.command()
@click.option("--read", "read", is_flag=True, help="升级说明看过了：以后不再列出")
@json_option
@click.pass_context
def check(ctx: click.Context, read: bool, json_: bool) -> None:
    """检查启用的插件：故障、没看过的升级说明、用到的将移除的东西；有故障时退出码为 1。"""
    from oa_kernel import db, installed

    try:
        running = _boot()
        states = [s for s in _sorted(running) if s.enabled]
        notes, uses = installed.unread_notes(), installed.deprecated_uses()
        if read:
            for name in dict.fromkeys(n.plugin for n in notes):
                installed.read_notes(name)
    finally:
        db.close()
    broken = [s for s in states if s.state == "broken"]
    if json_:
        as_json({
            "ok": not broken, "plugins": [s.as_dict() for s in states],
            "notes": [{"plugin": n.plugin, "version": n.version, "text": n.text} for n in notes],
            "deprecated": [{"plugin": u.plugin, "file": u.file, "line": u.line, "name": u.what.name, "instead": u.what.instead,
                            "gone": u.what.gone} for u in uses],
        })
    else:
        for s in states:
            mark = "✗" if s.state == "broken" else "✓"
            click.echo(f"{mark} {s.name} {s.version} {_WORDS[s.state]} {s.reason}".rstrip())
            for note in (n for n in notes if n.plugin == s.name):
                click.echo(f"  升级说明 {note.version}：{note.text}")
            for use in (u for u in uses if u.plugin == s.name):
                click.echo(f"  将移除：{use}")
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
    from oa_kernel import db, installed

    boot(migrated=False)
    try:
        (installed.enable if on else installed.disable)(name)
    finally:
        db.close()
    click.echo(f"{name} 已{'启用' if on else '停用'}。重启服务后生效"
               + ("；首次启用请运行 oa migrate（oa serve 启动时也会自动进行）" if on else "；数据保留不动"), err=True)


@plugins.command()
@click.argument("name")
@click.option("--yes", "typed", metavar="NAME", default="", help="不再询问：把插件名再写一遍")
@click.option("--end-cases", is_flag=True, help="一并取消它没有办结的流程")
@click.option("--dry-run", is_flag=True, help="只说会清除什么，不改动")
@json_option
@click.pass_context
def purge(ctx: click.Context, name: str, typed: str, end_cases: bool, dry_run: bool, json_: bool) -> None:
    """清除停用的插件的全部数据：先导出为一个压缩包，再删除它的表、授权与设置。不能撤销。"""
    from oa_kernel import db, installed

    boot(migrated=False)
    try:
        planned = installed.plan(name)
        if not json_ or dry_run:
            _show(planned, json_)
        if dry_run:
            ctx.exit(1 if planned.hindrance else 0)
        if planned.hindrance:
            raise Conflict(planned.hindrance, code="plugin_in_use")
        if planned.open_cases and not end_cases:
            raise Conflict(f"还有 {planned.open_cases} 件没有办结的流程是它的：请先办结，或加 --end-cases 一并取消",
                           code="plugin_in_use")
        if not typed and not json_:
            typed = click.prompt(f"不能撤销。要清除就再写一遍插件名 {name}", default="", show_default=False, err=True)
        if typed != name:
            raise UsageError(f"没有清除：--yes 要写插件名 {name}")
        path = installed.purge(
            name, progress=None if json_ else lambda text: click.echo(f"{text}…", err=True), end_cases=end_cases)
    finally:
        db.close()
    if json_:
        as_json({"name": name, "archive": str(path), "tables": planned.tables, "files": planned.files})
        return
    click.echo(f"{name} 的数据已清除；导出在：", err=True)
    click.echo(str(path))


def _show(planned: Any, json_: bool) -> None:
    if json_:
        as_json({"name": planned.name, "tables": planned.tables, "rows": planned.rows, "files": planned.files,
                 "cases": planned.cases, "open_cases": planned.open_cases, "hindrance": planned.hindrance})
        return
    for name, rows in planned.tables.items():
        click.echo(f"表 {name}：{rows} 行", err=True)
    if planned.files:
        click.echo(f"文件：{planned.files} 个", err=True)
    for name, rows in planned.rows.items():
        click.echo(f"{_GOES.get(name, name)}：{rows} 条", err=True)
    click.echo("保留：审计记录、已办结的流程、已用的编号、已收到的消息", err=True)
    if planned.hindrance:
        click.echo(f"现在不能清除：{planned.hindrance}", err=True)
