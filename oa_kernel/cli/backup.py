"""``oa backup create|list|verify|restore``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from oa_kernel.errors import UsageError

from .common import as_json, boot, growing_bar, json_option, table

_passphrase_option = click.option("--passphrase-file", type=click.Path(path_type=Path), help="口令所在的文件（第一行）")
_FILE = click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
_MEGABYTE = 2**20


@click.group()
def backup() -> None:
    """备份与恢复：数据库、文件、密钥与配置，一个文件。"""


@backup.command()
@click.option("--to", "folder", type=click.Path(path_type=Path), help="放在哪个文件夹里；默认配置文件旁的 backups")
@_passphrase_option
@click.option("--encrypt", is_flag=True, help="询问口令，用它加密（SM4-GCM）")
@json_option
def create(folder: Path | None, passphrase_file: Path | None, encrypt: bool, json_: bool) -> None:
    """做一份备份；服务不用停。"""
    from oa_kernel import backup as backups
    from oa_kernel import db

    passphrase = _passphrase(passphrase_file)
    if encrypt and not passphrase:
        passphrase = click.prompt("备份的口令", hide_input=True, confirmation_prompt=True, err=True)
    running = boot()
    try:
        with growing_bar("备份") as progress:
            made = backups.create(folder or running.config.folder / "backups", passphrase=passphrase, progress=progress)
    finally:
        db.close()
    if json_:
        as_json(made.as_dict())
        return
    click.echo(str(made.path))
    click.echo(f"{made.files} 个文件，{made.size / _MEGABYTE:.1f} MB", err=True)
    if made.encrypted:
        click.echo("备份已加密。口令丢了，备份就打不开：请与备份分开保存", err=True)
    else:
        click.echo("备份里有密钥，而且没有加密：得到它的人能读到一切。请像密钥一样保管，或用 --encrypt 重做", err=True)


@backup.command("list")
@click.option("--from", "folder", type=click.Path(path_type=Path), help="备份所在的文件夹；默认配置文件旁的 backups")
@json_option
def list_(folder: Path | None, json_: bool) -> None:
    """列出备份，新的在前。"""
    from oa_kernel import backup as backups
    from oa_kernel import db

    if folder is None:
        folder = boot(migrated=False).config.folder / "backups"
        db.close()
    found = backups.listing(folder)
    if json_:
        as_json([{k: v for k, v in made.as_dict().items() if k != "files"} for made in found])
    elif not found:
        click.echo(f"{folder} 里没有备份", err=True)
    else:
        table([(made.created_at, made.organisation, made.engine, "是" if made.encrypted else "否",
                f"{made.size / _MEGABYTE:.1f} MB", made.path) for made in found],
              ("时间", "单位", "数据库", "加密", "大小", "文件"))


@backup.command()
@_FILE
@_passphrase_option
@json_option
@click.pass_context
def verify(ctx: click.Context, file: Path, passphrase_file: Path | None, json_: bool) -> None:
    """逐个文件核对 SM3，检查其中的数据库；不需要配置。不完整时退出码为 1。"""
    from oa_kernel import backup as backups

    with growing_bar("核对") as progress:
        report = backups.verify(file, passphrase=_asked(file, passphrase_file), progress=progress)
    if json_:
        as_json({"ok": report.ok, "files": report.files, "size": report.size, "encrypted": report.encrypted,
                 "organisation": report.head.organisation, "created_at": report.head.created_at,
                 "problems": report.problems})
    elif report.ok:
        click.echo(f"✓ 完整：{report.head.organisation}，{report.head.created_at}，{report.files} 个文件")
    else:
        click.echo(f"✗ {file} 不完整")
        for problem in report.problems[:20]:
            click.echo(f"  {problem}")
    ctx.exit(0 if report.ok else 1)


@backup.command()
@_FILE
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@_passphrase_option
@click.option("--database", default="", help="PostgreSQL：要恢复到的空库，代替配置里的")
@json_option
def restore(file: Path, folder: Path, passphrase_file: Path | None, database: str, json_: bool) -> None:
    """恢复到空的文件夹 DIR；不完整的备份什么也不恢复。"""
    from oa_kernel import backup as backups

    with growing_bar("恢复") as progress:
        head = backups.restore(file, folder, passphrase=_asked(file, passphrase_file), database=database, progress=progress)
    config = folder / "oa.yaml"
    if json_:
        as_json({"config": str(config), "organisation": head.organisation, "created_at": head.created_at})
        return
    click.echo(str(config))
    click.echo(f"已恢复“{head.organisation}”{head.created_at} 的备份。接着：oa --config {config} migrate，oa --config {config} doctor",
               err=True)


def _passphrase(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        text = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(f"无法读取口令文件 {path}：{error.strerror}") from None
    if not text or not text[0].strip():
        raise UsageError(f"口令文件 {path} 的第一行是空的")
    return text[0].strip()


def _asked(file: Path, path: Path | None) -> str:
    """The passphrase of the file, or asked for at a terminal where the backup is sealed."""
    from oa_kernel import backup as backups

    given = _passphrase(path)
    if not given and sys.stdin.isatty() and backups.head_of(file)[1]:
        given = str(click.prompt("备份的口令", hide_input=True, err=True))
    return given
