"""``oa bench``: our figures beside their floors and peers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import click

from oa_kernel.errors import UsageError

from .common import as_json, json_option, table


def suites() -> dict[str, tuple[str, Callable[[Callable[[str], Any]], Iterable[Any]]]]:
    """Name → (title, function). The kernel's, and what installed plugins add."""
    from importlib.metadata import entry_points

    from oa_kernel.bench.suites import SUITES
    from oa_kernel.plugins import PLUGIN_GROUP

    found = dict(SUITES)
    for ep in entry_points(group=PLUGIN_GROUP):
        try:
            contributed: list[Any] = getattr(ep.load(), "oa_benchmarks", list)()
        except Exception as error:  # a plugin's own code: the kernel's suites still run
            click.echo(f"插件 {ep.name} 无法导入：{type(error).__name__}: {error}", err=True)
            continue
        for item in contributed:
            found[item.name] = (item.title, item.run)
    return found


@click.command()
@click.argument("suite", nargs=-1)
@click.option("--quick", is_flag=True, help="用小的数据量，只看能否运行，数字不作准")
@json_option
def bench(suite: tuple[str, ...], quick: bool, json_: bool) -> None:
    """性能测量：本系统、对照与比值，在同一次运行中测得。不给名称则全部运行。"""
    from oa_kernel.bench import environment

    if quick:
        os.environ["OA_BENCH_QUICK"] = "1"
    known = suites()
    unknown = [s for s in suite if s not in known]
    if unknown:
        raise UsageError(f"没有测量项 {'、'.join(unknown)}；可用：{'、'.join(known)}")
    results: list[dict[str, Any]] = []
    click.echo(environment(), err=True)
    for name in suite or known:
        title, run = known[name]
        click.echo(f"— {name}：{title}", err=True)
        for figure in run(lambda text: click.echo(f"  · {text}", err=True)):
            results.append({"suite": name, **figure.as_dict()})
            if not json_:
                _show(figure)
    if json_:
        as_json({"machine": environment(), "figures": results})


def _show(figure: Any) -> None:
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    bound = "" if figure.bound is None else f"{'≥' if figure.higher_is_better else '≤'} {figure.bound:g}"
    holds = {None: "", True: "✓", False: "✗"}[figure.holds]
    other = "" if figure.other is None else f"{figure.other:,.4g}"
    table([(figure.name, f"{figure.ours:,.4g} {figure.unit}", f"{figure.other_name} {other}".strip(), ratio, bound,
            holds, figure.note)], ("测量", "本系统", "对照", "比值", "要求", "", "说明"))
