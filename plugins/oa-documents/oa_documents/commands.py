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


@documents.command("keypair")
@click.argument("organisation")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def keypair(organisation: str, folder: Path) -> None:
    """为本单位生成收件密钥和证书；证书交给发文单位登记，密钥自己保管。"""
    import os

    from oa_kernel import clock

    from . import envelope

    key, certificate = envelope.make_key(organisation, clock.now())
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{organisation}.key"
    if target.exists():
        raise click.ClickException(f"{target} 已经存在，没有改动")
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(key)
    (folder / f"{organisation}.pem").write_text(certificate, encoding="ascii")
    click.echo(f"密钥 {target}（不要交给任何人）；证书 {folder / f'{organisation}.pem'}（交给发文单位）", err=True)


@documents.command("open")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True, help="本单位的密钥文件")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="写到哪个文件夹")
def open_sealed(file: Path, key: Path, out: Path) -> None:
    """打开为本单位密封的公文。"""
    from . import envelope

    opened = envelope.open_sealed(file.read_bytes(), key.read_text(encoding="utf-8"))
    name = opened.name.replace("/", "_").replace("\\", "_").lstrip(".") or "公文.pdf"
    target = out / name
    if target.exists():
        raise click.ClickException(f"{target} 已经存在，没有改动")
    out.mkdir(parents=True, exist_ok=True)
    target.write_bytes(opened.data)
    click.echo(f"{opened.sender}发给{opened.recipient}的公文，已写入 {target}；可用 oa verify 核验印章", err=True)
