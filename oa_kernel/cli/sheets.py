"""``oa import`` and ``oa export``: spreadsheets in and out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from oa_kernel.errors import UsageError

from .common import as_json, json_option, needs_installation


@click.command("import")
@click.argument("kind")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="只检查，不写入")
@json_option
@click.pass_context
@needs_installation
def import_(ctx: click.Context, kind: str, file: Path, dry_run: bool, json_: bool) -> None:
    """从 .xlsx 导入；任何一行有误就全部不写入，并指出行、列与原因，退出码为 1。"""
    ctx.exit(bring_in(kind, file, dry_run, json_))


def bring_in(kind: str, file: Path, dry_run: bool, json_: bool) -> int:
    """Imports and prints what came of it; the exit code."""
    from oa_kernel import sheets

    if not file.is_file():
        raise UsageError(f"没有文件 {file}")
    result = sheets.load(kind, file, dry_run=dry_run)
    if json_:
        as_json(result.as_dict())
    else:
        _say(result)
    return 1 if result.faults else 0


def _say(result: Any) -> None:
    for fault in result.faults:
        place = f"{fault['sheet']}，" if fault.get("sheet") else ""
        click.echo(f"{place}第 {fault['row']} 行{('‘' + fault['column'] + '’') if fault['column'] else ''}：{fault['message']}",
                   err=True)
    if result.faults:
        click.echo(f"共 {len(result.faults)} 处有误，没有写入任何一行", err=True)
    elif result.dry_run:
        click.echo(f"检查通过，{result.seen} 行，没有写入（--dry-run）", err=True)
    else:
        click.echo(f"已导入 {result.written} 行", err=True)
    for told in result.told:
        click.echo("\t".join(str(told[k]) for k in ("username", "name", "password") if k in told))


@click.command()
@click.argument("kind")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--template", is_flag=True, help="只要表头和说明，供填写后导入")
@needs_installation
def export(kind: str, file: Path, template: bool) -> None:
    """导出为 .xlsx。"""
    from oa_kernel import sheets

    if not file.parent.is_dir():
        raise UsageError(f"没有文件夹 {file.parent}")
    if template:
        sheets.template(kind, file)
        click.echo(f"已写好模板 {file}", err=True)
    else:
        click.echo(f"已导出 {sheets.dump(kind, file)} 行到 {file}", err=True)
