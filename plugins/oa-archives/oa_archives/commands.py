"""``oa archives``: packages of a year out and in, repair from a backup."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import click


@click.group()
def archives() -> None:
    """档案：年度数据包的导出与导入、从备份修复。"""


def _ready() -> None:
    """The installation is booted by the time a plugin's command is found; its tables must be there too."""
    import getpass

    from oa_kernel import context, runtime

    runtime.check_migrations(runtime.current())
    context.set_current(context.Actor(username=f"cli:{getpass.getuser()}", name="命令行", channel="cli"))


@contextmanager
def bar(label: str) -> Iterator[Callable[[int, int], Any]]:
    """Progress as a bar on stderr, once it has taken two seconds."""
    began, shown = time.monotonic(), None

    def progress(done: int, total: int) -> None:
        nonlocal shown
        if shown is None:
            if time.monotonic() - began < 2:
                return
            shown = click.progressbar(length=max(total, 1), label=label, file=sys.stderr, show_pos=True)
            shown.__enter__()
        shown.update(max(0, min(done, shown.length or 0) - shown.pos))

    try:
        yield progress
    finally:
        if shown is not None:
            shown.__exit__(None, None, None)


def _show(data: dict[str, Any], as_json: bool, text: str) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str) if as_json else text)


@archives.command("export")
@click.option("--year", required=True, type=click.IntRange(1949, 2200), help="归档年度")
@click.option("--to", "place", required=True, help="文件夹、sftp://用户@主机/文件夹、s3://桶/前缀，或设置 places 里的名称")
@click.option("--format", "form", type=click.Choice(["files", "embedded"]),
              help="files：压缩包，文件另存；embedded：DA/T 48 封装包，文件嵌入；省略时按设置 package_form")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def export(year: int, place: str, form: str | None, as_json: bool) -> None:
    """导出一个年度的数据包；中断后再运行一次，从断处接着做。"""
    from .services import handovers

    _ready()
    known = place in _place_names()
    if not known and "://" not in place:
        place = str(Path(place).resolve())
    row = handovers.ask(None, year, place, form or "")
    with bar(f"导出 {year} 年度") as progress:
        row = handovers.run(row.id, progress)
    told = {"year": row.year, "place": row.place, "format": row.form, "records": row.done, "bytes": row.size,
            "manifest_sm3": row.manifest_sm3}
    _show(told, as_json, f"{row.year} 年度 {row.done} 件已导出到 {row.place}，清单 SM3 {row.manifest_sm3}")


def _place_names() -> list[str]:
    from . import places

    return places.names()


@archives.command("import")
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="只核验，不写入")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def take(folder: Path, dry_run: bool, as_json: bool) -> None:
    """导入别的系统交来的年度数据包；有一处不对就一件也不导入。"""
    from oa_kernel.errors import Invalid

    from .services import taking

    _ready()
    try:
        with bar("核验") as checking, bar("导入") as writing:
            found = taking.take(None, folder, dry_run=dry_run,
                                progress=lambda what, done, total: (checking if what == "check" else writing)(done, total))
    except Invalid as error:
        problems = error.details.get("problems", [])
        if as_json:
            _show({"taken": 0, "problems": problems}, True, "")
        for problem in problems:
            click.echo(f"  {problem}", err=True)
        raise
    _show(found, as_json, f"{found['fonds']} {found['year']} 年度 {found['count']} 件："
          + ("核验无误，没有写入" if dry_run else f"导入 {found['taken']} 件，已有 {found['known']} 件")
          + f"；签名公钥指纹 {found['fingerprint']}")


@archives.command("repair")
@click.argument("record", metavar="档号")
@click.option("--backup", "file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="备份文件")
@click.option("--passphrase-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="备份口令所在的文件（第一行）")
def repair(record: str, file: Path, passphrase_file: Path | None) -> None:
    """把一件档案损坏的文件从备份恢复，核对摘要之后才放回。"""
    from .services import repair as repairing

    _ready()
    passphrase = (passphrase_file.read_text(encoding="utf-8").splitlines() or [""])[0].strip() if passphrase_file else ""
    done = repairing.repair(None, repairing.by_number(record), file, passphrase=passphrase)
    click.echo(f"已恢复：{'、'.join(done['restored'])}；四性检测{'通过' if done['sound'] else '仍不通过，请看检测结果'}")


@archives.command("certificate")
@click.option("--request", "asking", is_flag=True, help="输出证书请求（PKCS #10，PEM），交给证书认证机构")
@click.option("--import", "given", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="导入机构签发的证书（PEM 或 DER）")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
def certificate(asking: bool, given: Path | None, as_json: bool) -> None:
    """档案签名密钥的证书：写进每个信息包；没有机构签发的，是本系统自己签发的。"""
    from oa_kernel import crypto

    from .services import certificates

    _ready()
    if asking and given:
        raise click.UsageError("--request 与 --import 只能用一个")
    if asking:
        click.echo(crypto.certificate.pem(certificates.request(), "CERTIFICATE REQUEST"), nl=False)
        return
    with given.open("rb") if given else nullcontext() as file:
        found = certificates.give(file.read(65_537)) if file else certificates.current()
    told = {"subject": found.subject, "organisation": found.organisation, "issuer": found.issuer,
            "not_after": found.not_after.date().isoformat(), "fingerprint": found.fingerprint,
            "pem": crypto.certificate.pem(found.raw)}
    _show(told, as_json, f"{found.organisation} {found.subject}，签发者 {found.issuer}，有效期至 {told['not_after']}\n"
          f"证书指纹（SM3）{found.fingerprint}\n{told['pem'].rstrip()}")


@archives.command("fixity")
@click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
@click.pass_context
def fixity(ctx: click.Context, as_json: bool) -> None:
    """立即核对全部档案文件（平时每夜进行）；有损坏的逐个指出，退出码为 1。"""
    from .models import Part
    from .services import fixity as checking

    _ready()
    total = Part.select().count()
    with bar("核对") as progress:
        found = checking.run(2**62, progress=lambda done, _bytes: progress(done, total))
    lines = [f"{number} 的“{name}”：{wrong}" for number, name, wrong in found.damaged or ()]
    _show({"files": found.files, "bytes": found.size, "damaged": found.damaged}, as_json,
          "\n".join([*lines, f"核对了 {found.files} 个文件，{len(lines)} 个损坏"]))
    ctx.exit(1 if lines else 0)
