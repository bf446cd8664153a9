"""What commands share: booting the installation, printing results, bars."""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from oa_kernel.errors import NotFound

if TYPE_CHECKING:
    from oa_kernel import context, runtime


def boot(ctx: click.Context | None = None, *, migrated: bool = True) -> runtime.Runtime:
    """Boots the installation the command is about; ``migrated``: and checks that its tables are up to date."""
    from oa_kernel import context, runtime

    ctx = ctx or click.get_current_context()
    given = (ctx.find_root().obj or {}).get("config")
    running = runtime.boot(runtime.default_config_path(given))
    if migrated:
        runtime.check_migrations(running)
    context.set_current(cli_actor())
    return running


def cli_actor() -> context.Actor:
    """Who is at the command line, for the audit: the system's user name, and that it was a command."""
    import getpass

    from oa_kernel import context

    try:
        login = getpass.getuser()
    except (KeyError, OSError):
        login = str(os.getuid())
    return context.Actor(username=f"cli:{login}", name=f"命令行（{login}）", channel="cli")


def needs_installation(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: boots the installation first and closes the database after."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        from oa_kernel import db

        boot()
        try:
            return function(*args, **kwargs)
        finally:
            db.close()

    return wrapped


def language_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: ``--language`` of what a command tells; see :func:`speaker`."""
    return click.option("--language", type=click.Choice(["zh_CN", "en"]), help="文字的语言；默认为 organisation.locale")(function)


def speaker(language: str | None) -> Callable[[str], str]:
    """Gives the text for a msgid in a language; None: the organisation's."""
    from oa_kernel import runtime
    from oa_kernel.web import i18n

    name = language or str(runtime.current().config["organisation"]["locale"])
    return lambda message: i18n.translated(message, name)


def as_json(data: Any) -> None:
    """Prints a result as JSON on stdout."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def table(rows: Sequence[Sequence[Any]], headers: Sequence[str]) -> None:
    """Prints rows as a table whose columns line up, wide characters counted as two."""
    cells = [[str(h) for h in headers], *[["" if c is None else str(c) for c in row] for row in rows]]
    widths = [max(_width(row[i]) for row in cells) for i in range(len(headers))]
    for number, row in enumerate(cells):
        line = "  ".join(c + " " * (w - _width(c)) for c, w in zip(row, widths, strict=True)).rstrip()
        click.secho(line, bold=number == 0)


def _width(text: str) -> int:
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def person(username: str) -> Any:
    """The person by username; a clear message if there is none."""
    import difflib

    from oa_kernel import identity
    from oa_kernel.identity.models import Person

    found = identity.by_username(username)
    if found is None:
        names = [u for (u,) in Person.select(Person.username).limit(2000).tuples()]
        near = difflib.get_close_matches(username, names, 1)
        hint = f"，是不是 {near[0]}？" if near else "；oa user list 列出所有人"
        raise NotFound(f"没有用户 {username}{hint}")
    return found


@contextmanager
def bar(length: int, label: str) -> Iterator[Any]:
    """A progress bar on stderr, for what takes longer than two seconds."""
    with click.progressbar(length=length, label=label, file=sys.stderr) as shown:
        yield shown


@contextmanager
def growing_bar(label: str) -> Iterator[Callable[[int, int], Any]]:
    """``progress(done, total)`` as a bar on stderr, once it has taken two seconds."""
    import time

    began, shown = time.monotonic(), None

    def progress(done: int, total: int) -> None:
        nonlocal shown
        if shown is None:
            if time.monotonic() - began < 2:
                return
            shown = click.progressbar(length=max(total, 1), label=label, file=sys.stderr)
            shown.__enter__()
        shown.update(max(0, min(done, shown.length or 0) - shown.pos))

    try:
        yield progress
    finally:
        if shown is not None:
            shown.__exit__(None, None, None)


json_option = click.option("--json", "json_", is_flag=True, help="以 JSON 输出")
