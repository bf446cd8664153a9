"""``oa documents``: series, seal and typesetting at the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click


@click.group()
def documents() -> None:
    """公文：机关代字、印章、排版。"""


def _ready() -> None:
    """The installation is booted by the time a plugin's command is found; its tables must be there too."""
    import getpass

    from oa_kernel import context, runtime

    runtime.check_migrations(runtime.current())
    context.set_current(context.Actor(username=f"cli:{getpass.getuser()}", name="命令行", channel="cli"))


def _show(data: Any, as_json: bool, lines: list[str]) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str) if as_json else "\n".join(lines))


@documents.group()
def series() -> None:
    """机关代字和文号。"""


@series.command("list")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def series_list(as_json: bool) -> None:
    """列出机关代字。"""
    from .services import numbers

    _ready()
    rows = [
        {"code": s.code, "title": s.title, "mark": s.mark, "active": s.active}
        for s in numbers.series_list(active_only=False)
    ]
    _show(rows, as_json, [f"{r['code']}\t{r['title']}{'' if r['active'] else '（停用）'}" for r in rows])


@series.command("create")
@click.argument("code")
@click.option("--title", default="", help="说明")
@click.option("--mark", default="", help="发文机关标志，默认按设置")
@click.option("--begin", "begin", type=click.IntRange(1), default=1, help="今年的起始号")
def series_create(code: str, title: str, mark: str, begin: int) -> None:
    """新增机关代字。"""
    from .services import numbers

    _ready()
    numbers.create_series(code, None, title=title, mark=mark, begin_at=begin)
    click.echo(f"已新增机关代字 {code}", err=True)


@series.command("begin")
@click.argument("code")
@click.argument("n", type=click.IntRange(1))
@click.option("--year", type=click.IntRange(1949, 2200), help="默认今年")
def series_begin(code: str, n: int, year: int | None) -> None:
    """设定一年的起始号（只能比已用的大）。"""
    from oa_kernel import clock

    from .services import numbers

    _ready()
    numbers.begin_at(code, year or clock.today().year, n, None)
    click.echo(f"下一个号：{numbers.text(code, year or clock.today().year, n)}", err=True)


@series.command("reserve")
@click.argument("code")
@click.argument("n", type=click.IntRange(1))
@click.option("--year", type=click.IntRange(1949, 2200), help="默认今年")
@click.option("--note", required=True, help="用途")
def series_reserve(code: str, n: int, year: int | None, note: str) -> None:
    """预留一个文号。"""
    from oa_kernel import clock

    from .services import numbers

    _ready()
    click.echo(f"已预留 {numbers.reserve(code, year or clock.today().year, None, seq=n, note=note)}", err=True)


@documents.group()
def seal() -> None:
    """电子印章。"""


@seal.command("create")
@click.option("--name", default="", help="印章上的单位名称，默认按设置")
@click.option("--centre", "centre", default="", help="印章中部文字，例：合同专用章")
@click.option("--code", default="", help="印章编码")
@click.option("--picture", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="自有的印模（SVG）")
@click.option("--joint", is_flag=True, help="联合行文用的其他机关印章，本单位的印章照旧使用")
def seal_create(name: str, centre: str, code: str, picture: Path | None, joint: bool) -> None:
    """制作一枚印章（含密钥和证书）并启用。"""
    from .services import seals

    _ready()
    svg = picture.read_text(encoding="utf-8") if picture else ""
    made = seals.create(None, name=name, centre_text=centre, code=code, picture=svg, joint=joint)
    click.echo(f"已制作并启用“{made.title}”，有效期至 {made.valid_until:%Y-%m-%d}", err=True)


@seal.command("list")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def seal_list(as_json: bool) -> None:
    """列出印章。"""
    from oa_kernel import crypto

    from .services import seals

    _ready()
    rows = [
        {"id": s.id, "title": s.title, "active": s.active, "valid_until": s.valid_until,
         "fingerprint": crypto.certificate.parse(bytes(s.certificate)).fingerprint}
        for s in seals.all_seals()
    ]
    _show(rows, as_json, [f"{r['id']}\t{r['title']}\t{'在用' if r['active'] else '停用'}\t{r['fingerprint']}" for r in rows])


@documents.command("typeset")
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--kind", default="通知", help="文种")
def typeset(source: Path, target: Path, kind: str) -> None:
    """把文本文件（首行标题，次行可为文号，其余正文）排成 PDF 草稿。"""
    from .services import formal

    _ready()
    target.write_bytes(formal.typeset_text(source.read_text(encoding="utf-8"), kind=kind))
    click.echo(f"已写入 {target}", err=True)
