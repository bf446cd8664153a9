"""``oa init`` and ``oa demo``: a new installation in a folder."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import click

from oa_kernel.errors import UsageError

from .common import cli_actor

_TEMPLATE = """\
# 本单位的配置。每个键的说明见 docs/reference/settings.md；改动后重启服务生效。
organisation:
  name: {name}
database:
  url: sqlite:///oa.db          # 或 postgresql://用户@主机/库名
keys:
  path: keys
storage:
  path: files
{extra}plugins:
{plugins}"""


def _installed_plugins() -> list[str]:
    from importlib.metadata import entry_points

    from oa_kernel.plugins import PLUGIN_GROUP

    return sorted({ep.name for ep in entry_points(group=PLUGIN_GROUP)})


def _prepare(folder: Path, name: str, extra: str = "", plugin_settings: dict[str, dict[str, Any]] | None = None) -> Any:
    """Writes configuration and keys into an empty folder, migrates, boots."""
    import yaml

    from oa_kernel import context, runtime
    from oa_kernel.crypto import KeyRing

    from .upkeep import bring_up_to_date

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} 已有内容：请指定一个空的或不存在的文件夹")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    sections = {p: {"enabled": True, **(plugin_settings or {}).get(p, {})} for p in _installed_plugins()}
    listed = yaml.safe_dump(sections, allow_unicode=True, sort_keys=False, default_flow_style=False)
    indented = "".join(f"  {line}\n" for line in listed.splitlines())
    quoted = yaml.safe_dump(name, allow_unicode=True).splitlines()[0]
    path = folder / "oa.yaml"
    path.write_text(_TEMPLATE.format(name=quoted, plugins=indented, extra=extra), encoding="utf-8")
    KeyRing.create(folder / "keys")
    running = runtime.boot(path)
    context.set_current(cli_actor())
    bring_up_to_date(running, quiet=True)
    for state in running.plugins.broken():
        click.echo(f"✗ 插件 {state.name}：{state.reason}", err=True)
    return running


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--organisation", default="示例单位", help="单位全称")
@click.option("--admin", default="admin", help="系统管理员的用户名")
def init(folder: Path, organisation: str, admin: str) -> None:
    """新建一套系统：配置、密钥、数据库与系统管理员。"""
    from oa_kernel import db, identity, permissions

    running = _prepare(folder, organisation)
    try:
        password = identity.generate_password()
        with db.transaction():
            root = identity.create_department(organisation)
            person = identity.create_person(
                username=admin, name="系统管理员", department=root, password=password, password_expired=True
            )
            permissions.grant(person, "system_admin")
    finally:
        db.close()
    click.echo(f"已在 {folder} 建好“{organisation}”。系统管理员 {admin} 的一次性密码（只显示这一次）：", err=True)
    click.echo(password)
    click.echo(f"启动：oa --config {running.config.path} serve", err=True)


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def demo(folder: Path) -> None:
    """新建一个示例单位：部门、约 120 人、流程与文件，供试用。"""
    from oa_kernel import db
    from oa_kernel import demo as organisation

    began = time.perf_counter()
    running = _prepare(folder, organisation.ORGANISATION, extra=_DEMO_EXTRA)
    try:
        _bring_workflows(folder)
        org = organisation.build(lambda step: click.echo(f"· {step}", err=True))
        _configure(running.config.path, org.settings)
    except BaseException:  # half a demo is of no use, and would be in the way of the next try
        db.close()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        db.close()
    click.echo(f"示例单位“{organisation.ORGANISATION}”已建好：{len(org.people)} 人，用时 "
               f"{time.perf_counter() - began:.1f} 秒", err=True)
    click.echo("可用的用户：admin security auditor drafter head deputy leader office archivist officer", err=True)
    click.echo(f"密码：{organisation.PASSWORD}")
    click.echo(f"启动：oa --config {running.config.path} serve", err=True)
    (folder / "README.txt").write_text(_DEMO_README.format(organisation=organisation.ORGANISATION,
                                                           password=organisation.PASSWORD), encoding="utf-8")


def _bring_workflows(folder: Path) -> None:
    """The organisation's own definitions, to start cases of and to change."""
    import oa_kernel
    from oa_kernel import workflow

    target = folder / "workflows"
    target.mkdir(exist_ok=True)
    for source in sorted((Path(oa_kernel.__file__).parent / "demo_workflows").glob("*.yaml")):
        shutil.copy(source, target)
    workflow.sync_definitions()


def _configure(path: Path, settings: dict[str, dict[str, Any]]) -> None:
    """Writes what the plugins' demo data wants set into the configuration."""
    text = path.read_text(encoding="utf-8")
    for plugin, values in settings.items():
        lines = "".join(f"    {key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())
        text = text.replace(f"  {plugin}:\n    enabled: true\n", f"  {plugin}:\n    enabled: true\n{lines}", 1)
    path.write_text(text, encoding="utf-8")


_DEMO_README = """\
示例单位：{organisation}
地址：http://127.0.0.1:8000
所有人的密码：{password}
  drafter  综合处拟稿人      head    综合处处长        deputy   分管副主任
  leader   主任（签发）      office  收发文书（编号、用印、分发）
  officer  业务处科员        archivist 档案员
  admin    系统管理员        security  安全保密管理员   auditor  安全审计员
发给外单位和个人的邮件不会真的发出，写在本文件夹的 mail/ 里（.eml，用邮件软件打开）；其中的链接可以签收。
"""

_DEMO_EXTRA = """\
web:
  base_url: http://127.0.0.1:8000
mail:
  folder: mail                  # 试用：邮件写成文件；正式使用请改为 host、port、sender
"""
