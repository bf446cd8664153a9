"""``oa exchange``: partners and packages at the command line."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import click

_JSON = click.option("--json", "as_json", is_flag=True, help="以 JSON 输出")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def exchange() -> None:
    """单位之间的电子交换：证书、伙伴、用文件交换。"""


def _ready() -> None:
    """The installation is booted by the time a plugin's command is found; its tables must be there too."""
    import getpass

    from oa_kernel import context, runtime

    runtime.check_migrations(runtime.current())
    context.set_current(context.Actor(username=f"cli:{getpass.getuser()}", name="命令行", channel="cli"))


def _show(data: Any, as_json: bool, *lines: str) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str) if as_json else "\n".join(lines))


@exchange.command("export-certificate")
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path), required=False)
@_JSON
def export_certificate(target: Path | None, as_json: bool) -> None:
    """导出本单位的交换证书，并显示要念给对方听的指纹。"""
    from . import package
    from .services import identity

    _ready()
    text = identity.descriptor()
    fingerprint = identity.current().fingerprint
    if target is not None:
        target.write_text(text, encoding="utf-8")
    if problem := identity.address_problem():
        click.echo(problem, err=True)
    _show({"fingerprint": fingerprint, "file": str(target) if target else None, **({} if target else {"descriptor": text})},
          as_json, f"指纹：{package.groups(fingerprint)}", *([] if target else [text]))


@exchange.command("add-partner")
@click.argument("source", metavar="FILE|URL")
@click.option("--name", default="", help="在地址簿中的名称，默认按对方的证书")
@click.option("--url", help="对方系统的地址，默认按对方的证书；空：只用文件交换")
@click.option("--fingerprint", default="", help="对方在电话里念出的指纹（全部 64 位）：一致则随即建立互信")
@_JSON
def add_partner(source: str, name: str, url: str | None, fingerprint: str, as_json: bool) -> None:
    """导入对方的交换证书（文件或系统地址）。"""
    from oa_kernel.errors import UsageError

    from . import package
    from .api import shown
    from .services import partners

    _ready()
    if source.startswith(("http://", "https://")):
        partner = partners.fetch(source, None, name=name)
    elif Path(source).is_file():
        partner = partners.add(Path(source).read_bytes(), None, name=name, url=url)
    else:
        raise UsageError(f"没有文件 {source}")
    if fingerprint:
        if len("".join(fingerprint.split())) != 64:
            raise UsageError("--fingerprint 应为全部 64 位")
        partner = partners.confirm(partner, fingerprint, None)
    if partner.state == "pending" and partner.last_error:
        click.echo(partner.last_error, err=True)
    _show(shown(partner), as_json, f"{partner.name}：{'已建立互信' if partner.state == 'active' else '待核对指纹'}",
          f"指纹：{package.groups(partner.fingerprint)}")


@exchange.command("renew-certificate")
@_JSON
def renew_certificate(as_json: bool) -> None:
    """更换本单位的交换证书；各伙伴须导入新证书并重新核对指纹。"""
    from . import package
    from .services import identity

    _ready()
    own = identity.renew(None)
    _show({"fingerprint": own.fingerprint, "not_after": own.not_after}, as_json, f"新的指纹：{package.groups(own.fingerprint)}")


@exchange.command("partners")
@_JSON
def list_partners(as_json: bool) -> None:
    """列出交换伙伴。"""
    from .api import shown
    from .services import partners

    _ready()
    rows, cursor = [], None
    while True:
        page = partners.page(limit=200, cursor=cursor)
        rows += page.items
        cursor = page.next
        if cursor is None:
            break
    _show([shown(p) for p in rows], as_json, *(f"{p.id}\t{p.name}\t{p.state}\t{p.url or '—'}\t{p.last_error}" for p in rows))


@exchange.command("revoke")
@click.argument("partner")
@click.option("--reason", required=True, help="原因")
@_JSON
def revoke(partner: str, reason: str, as_json: bool) -> None:
    """撤销对一个伙伴的信任（名称，或指纹的开头）。"""
    from .api import shown
    from .services import partners

    _ready()
    found = partners.revoke(partners.named(partner), reason, None)
    _show(shown(found), as_json, f"已撤销对{found.name}的信任")


@exchange.command("import-package")
@click.argument("file", type=_FILE)
@click.option("--answer", type=click.Path(dir_okay=False, path_type=Path), help="把给对方的答复写到这个文件")
@_JSON
@click.pass_context
def import_package(ctx: click.Context, file: Path, answer: Path | None, as_json: bool) -> None:
    """导入用文件带来的交换包或答复。"""
    from .services import messages

    _ready()
    with file.open("rb") as source:
        taken = messages.take_file(source, None)
    message = taken["message"]
    if answer is not None and taken["kind"] == "package":
        _write(messages.export(message, None)[0], answer)
    _show({"kind": taken["kind"], "again": taken["again"], "reason": taken["reason"], "type": message.type,
           "message_id": message.message_id, "state": message.state}, as_json,
          f"没有接收：{taken['reason']}" if taken["reason"]
          else f"已导入：{message.title}{'（以前导入过）' if taken['again'] else ''}")
    if taken["reason"]:
        ctx.exit(1)


@exchange.command("export-package")
@click.argument("message_id")
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@_JSON
def export_package(message_id: str, target: Path, as_json: bool) -> None:
    """把一个交换包（或收到的包的答复）导出为文件；MESSAGE_ID 见交换记录。"""
    from .services import messages

    _ready()
    sealed, _name = messages.export(messages.by_message_id(message_id), None)
    _write(sealed, target)
    _show({"file": str(target), "size": sealed.size}, as_json, f"已写入 {target}")


def _write(sealed: Any, target: Path) -> None:
    with closing(sealed), target.open("wb") as sink:
        sealed.copy_to(sink)
