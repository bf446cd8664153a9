"""``oa workflow bpmn export|import``: definitions as BPMN 2.0, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from oa_kernel.errors import OAError, UsageError

from .common import as_json, json_option, needs_installation


@click.group()
def bpmn() -> None:
    """流程定义与 BPMN 2.0 互换。"""


@bpmn.command("export")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@needs_installation
def bpmn_export(name: str, file: Path) -> None:
    """把流程写成 BPMN 2.0 文件，带流程图；本系统自己的内容放在扩展元素里，再导入时不丢。"""
    from oa_kernel import workflow as engine
    from oa_kernel.workflow import bpmn as room

    data = room.write(engine.definition_text(name))
    try:
        file.write_bytes(data)
    except OSError as error:
        raise UsageError(f"无法写入 {file}：{error.strerror}") from error
    click.echo(f"已写入 {file}（{len(data)} 字节）", err=True)


@bpmn.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="写到这个 YAML 文件；不写则输出到标准输出")
@click.option("--process", default="", help="文件里有几个流程时，取哪一个的 id")
@json_option
@click.pass_context
@needs_installation
def bpmn_import(ctx: click.Context, file: Path, output: Path | None, process: str, json_: bool) -> None:
    """把 BPMN 2.0 文件变成流程定义，并列出没有对应的内容；定义还有错时退出码为 1。"""
    from oa_kernel.workflow import bpmn as room

    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(f"无法读取 {file}：{error.strerror}") from error
    try:
        made = room.read(data, process=process, origin=file.name)
    except OAError as error:
        raise UsageError(f"{file}：{error.message}") from error
    if output is not None:
        try:
            output.write_text(made.text, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"无法写入 {output}：{error.strerror}") from error
    if json_:
        as_json(_report(made))
    else:
        for note in made.notes:
            click.echo(str(note), err=True)
        for problem in made.problems:
            click.echo(f"定义第 {problem.line} 行：{problem.message}", err=True)
        if output is None:
            click.echo(made.text, nl=False)
        else:
            click.echo(f"已写入 {output}：{len(made.notes)} 处没有原样对应，{len(made.problems)} 处还有错", err=True)
    ctx.exit(1 if made.problems else 0)


def _report(made: Any) -> dict[str, Any]:
    return {
        "ok": not made.problems, "name": made.name, "title": made.title, "text": made.text,
        "notes": [{"element": n.element, "name": n.name, "line": n.line, "kind": n.kind, "reason": n.reason, "instead": n.instead}
                  for n in made.notes],
        "problems": [{"line": p.line, "message": p.message} for p in made.problems],
    }
