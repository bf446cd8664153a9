"""``oa migrate`` and ``oa doctor``."""

from __future__ import annotations

import click

from .common import as_json, boot, json_option


@click.command()
@click.option("--check", is_flag=True, help="只检查，不改动；有待办时退出码为 1")
@json_option
@click.pass_context
def migrate(ctx: click.Context, check: bool, json_: bool) -> None:
    """把数据库更新到已安装插件的版本。"""
    from oa_kernel import db, ledgers
    from oa_kernel.db import migrate as migrations

    running = boot(migrated=False)
    try:
        todo = migrations.pending_all(running.plugins)
        if check:
            if not todo:
                todo = {f"ledger:{name}": [reason] for name, reason in ledgers.pending().items()}
            if json_:
                as_json({"pending": todo})
            else:
                for name, names in todo.items():
                    click.echo(f"{name}：待更新 {'、'.join(names)}")
                if not todo:
                    click.echo("数据库已是最新")
            ctx.exit(1 if todo else 0)
        done = bring_up_to_date(running, quiet=json_)
        broken = running.plugins.broken()
        wrong = ledgers.registry().left_out
        if json_:
            as_json({"done": done, "broken": [s.as_dict() for s in broken], "ledgers": wrong})
        elif not done:
            click.echo("数据库已是最新", err=True)
        for state in broken:
            click.echo(f"✗ {state.name}：{state.reason}", err=True)
        for name, reason in wrong.items():
            click.echo(f"✗ 台账 {name}：{reason}", err=True)
        ctx.exit(1 if broken or wrong else 0)
    finally:
        db.close()


def bring_up_to_date(running: object, *, quiet: bool = False) -> dict[str, list[str]]:
    """Runs what is pending, then takes in workflow definitions and ledgers that came with plugins or stand in the folder."""
    from oa_kernel import ledgers, workflow
    from oa_kernel.db import migrate as migrations

    done = migrations.upgrade(
        running.plugins,  # type: ignore[attr-defined]
        None if quiet else lambda name, migration: click.echo(f"更新 {name}：{migration}", err=True),
    )
    workflow.sync_definitions()
    ledgers.sync(None if quiet else lambda text: click.echo(text, err=True))
    tell_upgrade_notes(quiet=quiet)
    return done


def tell_upgrade_notes(*, quiet: bool = False) -> None:
    """Remembers the plugins' versions, and says what their authors want known of the newer ones."""
    from oa_kernel import installed

    for note in installed.arrived():
        if not quiet:
            click.echo(f"升级说明 {note.plugin} {note.version}：{note.text}", err=True)


@click.command()
@json_option
@click.pass_context
def doctor(ctx: click.Context, json_: bool) -> None:
    """检查这套系统的健康状况，说明问题在哪、怎么办。"""
    from oa_kernel import db, health

    running = boot(migrated=False)
    try:
        lines = health.lines(running)
    finally:
        db.close()
    if json_:
        as_json(lines)
    else:
        marks = {"ok": "✓", "warning": "!", "problem": "✗"}
        for line in lines:
            click.echo(f"{marks.get(line['state'], '?')} {line['title']}：{line['message']}")
    ctx.exit(1 if any(line["state"] == "problem" for line in lines) else 0)
