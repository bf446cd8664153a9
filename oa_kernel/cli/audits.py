"""``oa audit`` and ``oa verify``: is the record whole, is this file genuine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from oa_kernel.errors import UsageError

from .common import as_json, growing_bar, json_option, needs_installation


@click.group()
def audit() -> None:
    """审计记录：校验、导出、证明。"""


@audit.command("verify")
@json_option
@click.pass_context
@needs_installation
def audit_verify(ctx: click.Context, json_: bool) -> None:
    """校验审计记录是否完整；发现改动、缺失、插入或换序时指出第一处，退出码为 1。"""
    from oa_kernel import audit as record

    result = record.verify()
    if json_:
        as_json(result)
    else:
        click.echo(result["summary"])
        for reason in result.get("reasons", ()):
            click.echo(f"  {reason}", err=True)
    ctx.exit(0 if result["ok"] else 1)


@audit.command("seal")
@needs_installation
def audit_seal() -> None:
    """立即封存尚未封存的记录（平时由后台进行）。"""
    from oa_kernel import audit as record

    click.echo(f"已封存 {record.seal()} 条", err=True)


@audit.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@needs_installation
def audit_export(file: Path) -> None:
    """把审计记录导出为 JSON 行。"""
    from oa_kernel import audit as record

    click.echo(f"已导出 {record.export(file)} 条到 {file}", err=True)


@audit.command("proof")
@click.argument("event", type=int)
@needs_installation
def audit_proof(event: int) -> None:
    """输出一条记录的存在证明（JSON），可用 oa verify 离线核验。"""
    from oa_kernel import audit as record

    as_json(record.proof(event))


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@click.pass_context
def verify(ctx: click.Context, file: Path, json_: bool) -> None:
    """核验用印文件、回执、存在证明或数据包（文件夹）是否真实；离线可用，不需要数据库。"""
    if not file.exists():
        raise UsageError(f"没有文件 {file}")
    with growing_bar("核验") as progress:
        result = verify_file(file, progress)
    if json_:
        as_json(result)
    else:
        click.echo(("✓ " if result["ok"] else "✗ ") + result["summary"])
        for line in result.get("details", ()):
            click.echo(f"  {line}")
        for reason in result.get("reasons", ()):
            click.echo(f"  {reason}", err=not result["ok"])
    ctx.exit(0 if result["ok"] else 1)


def verify_file(path: Path, progress: Callable[[int, int], Any] | None = None) -> dict[str, Any]:
    """Asks every installed plugin's verifiers about a file or a folder; needs no configuration and no database."""
    from importlib.metadata import entry_points

    from oa_kernel.audit.builtin import CONTRIBUTIONS
    from oa_kernel.plugins import PLUGIN_GROUP

    verifiers = list(CONTRIBUTIONS.get("oa_verifiers", ()))
    failures = []
    for ep in entry_points(group=PLUGIN_GROUP):
        try:
            verifiers.extend(getattr(ep.load(), "oa_verifiers", list)())
        except Exception as error:  # a plugin's own code: the others can still verify
            failures.append(f"插件 {ep.name} 无法导入：{type(error).__name__}: {error}")
    head = b""
    if not path.is_dir():
        with path.open("rb") as file:
            head = file.read(4096)
    for verifier in verifiers:
        if verifier.folders == path.is_dir() and verifier.recognises(path, head):
            return verifier.verify(path, progress) if verifier.folders else verifier.verify(path)
    return {"ok": False, "kind": "unknown", "summary": f"{path.name}：不是可核验的文件",
            "reasons": ["可核验：" + ("、".join(v.title for v in verifiers) or "（没有）"), *failures]}
