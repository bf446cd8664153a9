"""The command ``oa``: one click module a command group, loaded when it is called.

Exit codes: 0 done · 1 the command found a problem · 2 wrong usage or configuration. Messages for people go
to stderr, results to stdout. A person's mistake never shows a traceback.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

import click

from oa_kernel import __version__
from oa_kernel.errors import OAError

#: command → module of this package that defines it under the same name
COMMANDS = {
    "init": "setup",
    "demo": "setup",
    "serve": "serve",
    "worker": "serve",
    "migrate": "upkeep",
    "doctor": "upkeep",
    "plugins": "plugins",
    "user": "people",
    "role": "people",
    "permissions": "people",
    "token": "people",
    "workflow": "workflows",
    "audit": "audits",
    "verify": "audits",
    "bench": "bench",
    "new-plugin": "new_plugin",
    "backup": "backup",
    "import": "sheets",
    "export": "sheets",
}


class _Commands(click.Group):
    """Loads a command's module only when it is asked for, and plugins' commands only when needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*COMMANDS, *_plugin_commands(ctx)})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in COMMANDS:
            module = importlib.import_module(f"oa_kernel.cli.{COMMANDS[name]}")
            return getattr(module, name.replace("-", "_"), None) or getattr(module, f"{name}_")
        return _plugin_commands(ctx).get(name)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            import difflib

            name = args[0] if args else ""
            near = difflib.get_close_matches(name, self.list_commands(ctx), 1, 0.5)
            hint = f"，是不是 {near[0]}？" if near else "；oa --help 列出所有命令"
            raise click.UsageError(f"没有命令 {name}{hint}", ctx) from None


def _plugin_commands(ctx: click.Context) -> dict[str, click.Command]:
    """Commands of the plugins of this installation; of all that are installed where there is no configuration: who receives a
    sealed file opens it on a computer without one. What needs an installation says so itself."""
    from oa_kernel import runtime

    path = runtime.default_config_path((ctx.obj or {}).get("config") or ctx.params.get("config"))
    if not path.exists():
        return _installed_commands()
    try:
        running = runtime.boot(path)
    except OAError:
        return {}  # the command itself will say what is wrong
    return {c.name: c for c in running.collect("oa_commands") if c.name}


def _installed_commands() -> dict[str, click.Command]:
    from importlib.metadata import entry_points

    from oa_kernel.plugins import PLUGIN_GROUP

    found: dict[str, click.Command] = {}
    for ep in entry_points(group=PLUGIN_GROUP):
        try:
            found.update({c.name: c for c in getattr(ep.load(), "oa_commands", list)() if c.name})
        except Exception:  # a plugin's own code: the others' commands can still be used
            continue
    return found


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--config", "config", metavar="FILE", help="配置文件；默认 OA_CONFIG，否则 ./oa.yaml")
@click.version_option(__version__, prog_name="oa")
@click.pass_context
def oa(ctx: click.Context, config: str | None) -> None:
    """插件化的行政办公自动化平台。"""
    ctx.obj = {"config": config}


def main(args: list[str] | None = None) -> None:
    """Entry point: runs the command; exits with its code."""
    sys.exit(run(lambda: oa.main(args=args, prog_name="oa", standalone_mode=False)))


def run(work: Callable[[], Any]) -> int:
    """Does ``work`` and turns expected errors into one message on stderr and an exit code."""
    try:
        code = work()
        return code if isinstance(code, int) else 0
    except OAError as error:
        click.echo(error.message, err=True)
        for field, reasons in error.errors.items():
            click.echo(f"  {field}：{'；'.join(map(str, reasons))}", err=True)
        return error.exit_code
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        click.echo("已中断", err=True)
        return 1
    except click.ClickException as error:
        error.show()
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
