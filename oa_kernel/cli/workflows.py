"""``oa workflow``: definitions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from oa_kernel.errors import UsageError

from . import bpmn as bpmn_commands
from . import workflow_reports
from .common import as_json, json_option, needs_installation, person, table


@click.group()
def workflow() -> None:
    """流程定义：列出、校验、发布、画图、试走、换版、统计、导出日志。"""


workflow.add_command(workflow_reports.statistics)
workflow.add_command(workflow_reports.xes)
workflow.add_command(bpmn_commands.bpmn)


@workflow.command("list")
@json_option
@needs_installation
def workflow_list(json_: bool) -> None:
    """列出流程定义。"""
    from oa_kernel import workflow as engine

    rows = [{"name": d.name, "title": d.title, "version": d.version, "source": d.source} for d in engine.definitions()]
    if json_:
        as_json(rows)
        return
    table([(r["name"], r["title"], r["version"], r["source"]) for r in rows], ("名称", "标题", "版本", "来源"))


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"无法读取 {file}：{error}") from error


@workflow.command("validate")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@click.pass_context
@needs_installation
def workflow_validate(ctx: click.Context, file: Path, json_: bool) -> None:
    """校验流程定义文件；有误时指出行号与原因，退出码为 1。找不到人的规则只作提醒。"""
    from oa_kernel import workflow as engine

    found = engine.check_text(_read(file))
    rows, warnings = ([{"line": p.line, "message": p.message} for p in found if p.level == level] for level in ("error", "warning"))
    if json_:
        as_json({"ok": not rows, "problems": rows, "warnings": warnings})
    else:
        for r in rows:
            click.echo(f"{file}:{r['line']}：{r['message']}", err=True)
        for r in warnings:
            click.echo(f"{file}:{r['line']}：提醒：{r['message']}", err=True)
        if not rows:
            click.echo(f"{file} 可以发布，{len(warnings)} 条提醒" if warnings else f"{file} 没有问题", err=True)
    ctx.exit(1 if rows else 0)


@workflow.command("publish")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_context
@needs_installation
def workflow_publish(ctx: click.Context, file: Path) -> None:
    """发布流程定义；在办的事项仍按原版本走完。"""
    from oa_kernel import workflow as engine

    text = _read(file)
    problems = engine.validate_text(text)
    if problems:
        for p in problems:
            click.echo(f"{file}:{p.line}：{p.message}", err=True)
        ctx.exit(1)
    row = engine.publish(text, by=None)
    click.echo(f"已发布 {row.name} 第 {row.version} 版", err=True)


@workflow.command("diagram")
@click.argument("name")
@needs_installation
def workflow_diagram(name: str) -> None:
    """把流程图（SVG）输出到标准输出。"""
    from oa_kernel import workflow as engine

    click.echo(engine.diagram(engine.definition(name)))


def _anybody() -> Any:
    """Somebody whose department has a head, and who is not that head."""
    from oa_kernel import identity
    from oa_kernel.identity.models import Person

    for one in Person.select().where(Person.active, Person.department.is_null(False)).order_by(Person.id).limit(500):
        if one.id not in (heads := identity.heads_of(one.department_id)) and heads:
            return one
    raise UsageError("没有可作拟稿人的用户，请用 --drafter 指明")


@workflow.command("simulate")
@click.argument("name")
@click.option("--drafter", help="假定的拟稿人；不给则取一个有负责人的部门里的人")
@click.option("--form", "fields", multiple=True, metavar="字段=值", help="表单值，可多次")
@json_option
@needs_installation
def workflow_simulate(name: str, drafter: str | None, fields: tuple[str, ...], json_: bool) -> None:
    """试走：每一步会到谁手上，为什么。"""
    import yaml

    from oa_kernel import workflow as engine

    form = {}
    for field in fields:
        key, sign, value = field.partition("=")
        if not sign:
            raise UsageError(f"--form 要写成 字段=值：{field!r}")
        form[key.strip()] = yaml.safe_load(value)
    steps = engine.simulate(name, person(drafter) if drafter else _anybody(), form)
    if json_:
        as_json(steps)
        return
    for step in steps:
        people = "、".join(step.get("people") or []) or "（无人）"
        until = f"，期限 {step['due_words']}（现在到达则至 {step['due_at'].replace('T', ' ')[:16]}）" if step.get("due") else ""
        click.echo(f"{step['title']}（{step['step']}）→ {people}　{step.get('why', '')}{until}".rstrip("　"))
        for way in step.get("ways", ()):
            if way["when"]:
                click.echo(f"    {'✓' if way['taken'] else '✗'} {way['when']}，去 {way['title']}：{way['why']}")


@workflow.command("schema")
def workflow_schema() -> None:
    """把流程定义的 JSON schema 输出到标准输出，供编辑器补全。"""
    from oa_kernel import workflow as engine

    as_json(engine.json_schema())


@workflow.command("migrate")
@click.argument("name")
@click.option("--map", "pairs", multiple=True, metavar="旧=新", help="改名的环节，可多次")
@click.option("--dry-run", is_flag=True, help="只说会怎样，不写")
@json_option
@click.pass_context
@needs_installation
def workflow_migrate(ctx: click.Context, name: str, pairs: tuple[str, ...], dry_run: bool, json_: bool) -> None:
    """把在办的事项换到现行版本；换不了的留在原版并说明原因，退出码为 1。"""
    from oa_kernel import workflow as engine

    steps = {}
    for pair in pairs:
        old, sign, new = pair.partition("=")
        if not sign:
            raise UsageError(f"--map 要写成 旧环节=新环节：{pair!r}")
        steps[old.strip()] = new.strip()
    result = engine.migrate(name, steps, dry_run=dry_run)
    if json_:
        as_json(result)
    else:
        for row in result["kept"]:
            click.echo(f"{row['instance']} {row['title']}：{row['reason']}", err=True)
        word = "可换" if dry_run else "已换"
        click.echo(f"{word} {len(result['moved'])} 件到第 {result['version']} 版，留在原版 {len(result['kept'])} 件")
    ctx.exit(1 if result["kept"] else 0)
