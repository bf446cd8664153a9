"""``oa workflow statistics`` and ``oa workflow xes``: what became of the cases of a definition."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from oa_kernel.errors import UsageError

from .common import as_json, json_option, needs_installation, table


class _Day(click.ParamType):
    name = "日期"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        try:
            return dt.date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"日期写作 2026-11-24，不是 {value}", param, ctx)


def _period(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option("--until", type=_Day(), help="到这一天（含）")(command)
    return click.option("--since", type=_Day(), help="从这一天起")(command)


@click.command("statistics")
@click.argument("name")
@_period
@click.option("--version", type=int, help="只算这一版的事项")
@json_option
@needs_installation
def statistics(name: str, since: dt.date | None, until: dt.date | None, version: int | None, json_: bool) -> None:
    """流程统计：件数、各环节用时的中位数与九成位、退回率、超期率、一次通过率、每周办结数。"""
    from oa_kernel import workflow as engine

    found = engine.statistics(name, since=since, until=until, version=version)
    if json_:
        as_json(found)
        return
    cases = found["cases"]
    click.echo(f"{found['title']}（{name}）")
    click.echo(f"发起 {cases['started']} 件，结束 {cases['ended']} 件，其中办结 {cases['completed']} 件；"
               f"一次通过率 {_percent(cases['first_pass_rate'])}；办结用时中位数 {_hours(cases['median_seconds'])}，"
               f"九成在 {_hours(cases['p90_seconds'])} 内")
    table([(s["title"], s["done"], _hours(s["median_seconds"]), _hours(s["p90_seconds"]), _percent(s["return_rate"]),
            _percent(s["overdue_rate"]), s["open"], s["open_overdue"]) for s in found["steps"]],
          ("环节", "办理次数", "中位数", "九成位", "退回率", "超期率", "在办", "已超期"))


@click.command("xes")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@_period
@click.option("--anonymous", is_flag=True, help="人员用化名，不写标题")
@needs_installation
def xes(name: str, file: Path, since: dt.date | None, until: dt.date | None, anonymous: bool) -> None:
    """把事项导出为 XES 事件日志（IEEE 1849-2016），供流程挖掘；文件名以 .gz 结尾时压缩，- 为标准输出。"""
    from oa_kernel.workflow import xes as writer

    shown = [0]

    def told(number: int) -> None:
        shown[0] = number
        if sys.stderr.isatty():
            click.echo(f"\r已写 {number} 件", nl=False, err=True)

    pieces = writer.log(name, by=None, since=since, until=until, anonymous=anonymous, told=told)
    if file.suffix == ".gz":
        pieces = writer.gzipped(pieces)
    if str(file) == "-":
        for piece in pieces:
            sys.stdout.buffer.write(piece)
    else:
        unfinished = file.with_name(file.name + ".part")  # what has the name of a log is a whole one
        try:
            with unfinished.open("wb") as target:
                target.writelines(pieces)
            unfinished.replace(file)
        except OSError as error:
            raise UsageError(f"无法写入 {file}：{error}") from error
        finally:
            unfinished.unlink(missing_ok=True)
    click.echo(f"{chr(13) if sys.stderr.isatty() else ''}已导出 {shown[0]} 件到 {file}", err=True)


def _hours(seconds: int | None) -> str:
    if seconds is None:
        return "—"
    return f"{seconds / 3600:.1f} 小时" if seconds < 72 * 3600 else f"{seconds / 86400:.1f} 天"


def _percent(value: float | None) -> str:
    return "—" if value is None else f"{value:.1%}"
