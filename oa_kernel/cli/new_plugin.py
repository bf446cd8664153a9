"""``oa new-plugin``: a plugin to begin with. Needs no installation and no configuration."""

from __future__ import annotations

from pathlib import Path

import click

from .common import as_json, json_option


@click.command("new-plugin")
@click.argument("name")
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=Path("."), help="放在哪个文件夹里；默认当前文件夹")
@click.option("--title", default="", help="给人看的名称，例如 访客登记；默认与 NAME 相同")
@json_option
def new_plugin(name: str, folder: Path, title: str, json_: bool) -> None:
    """新建插件 NAME：装上就能运行，自带的测试全部通过。"""
    from oa_kernel import scaffold

    target = scaffold.write(name, folder, title=title)
    if json_:
        names = scaffold.PluginNames(name)
        as_json({"name": name, "distribution": names.distribution, "package": names.package, "path": str(target)})
        return
    click.echo(str(target))
    click.echo(f"接着：pip install -e {target}，oa plugins enable {name}，oa migrate；说明见 {target / 'README.md'}", err=True)
