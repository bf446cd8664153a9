"""``oa permissions review``: who may do what and why, and what nobody uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from oa_kernel.errors import NotFound, UsageError
from oa_kernel.phrases import Phrase

from .common import as_json, json_option, language_option, needs_installation, person, speaker, table


@click.command("review")
@click.option("--user", "username", help="只看这个人")
@click.option("--department", help="只看这个部门（含下级）的人；可用“上级/下级”写全")
@click.option("--permission", default="", help="只看这项权限")
@click.option("--role", default="", help="只看经由这个角色得到的")
@click.option("--unused", type=click.IntRange(1, 3650), metavar="天数", help="只看这么多天没有用过的")
@click.option("--sensitive", is_flag=True, help="只看管理权限和范围为全部的权限")
@click.option("--everyone", is_flag=True, help="人人都有的权限也列出")
@click.option("--unheld", is_flag=True, help="改为列出无人持有的角色与权限、久未使用的权限")
@click.option("--xlsx", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="写成 .xlsx 文件")
@language_option
@json_option
@needs_installation
def review(
    username: str | None, department: str | None, permission: str, role: str, unused: int | None, sensitive: bool,
    everyone: bool, unheld: bool, xlsx: Path | None, json_: bool, language: str | None,
) -> None:
    """权限清单：谁可以做什么、由哪个角色和授权而来、范围、期限、最近一次使用。"""
    from oa_kernel import permissions as rights

    from .people import find_department

    if permission and permission not in rights.registered():
        raise NotFound(f"没有登记权限 {permission}")
    if role and rights.role(role) is None:
        raise NotFound(f"没有角色 {role}")
    say = speaker(language)
    home: Any = find_department(department) if department else None
    wanted = rights.Wanted(
        person=person(username).id if username else None, permission=permission, role=role, unused=unused is not None,
        department=home.id if home else None, sensitive=sensitive, everyone=everyone, days=unused,
    )
    if unheld:
        _unheld(rights.unheld(wanted.limit_days), json_, say)
    elif xlsx:
        _write(xlsx, wanted, say)
    elif json_:
        since = rights.uses_recorded_since()
        as_json({"recorded_since": since, "unused_days": wanted.limit_days,
                 "people": [rights.review_as_dict(one, say) for one in rights.reviewed(wanted)]})
    else:
        _shown(wanted, say)


def _shown(wanted: Any, say: Any) -> None:
    from oa_kernel import permissions as rights

    since = rights.uses_recorded_since()
    told = Phrase("使用情况自 %(day)s 起记录", day=since) if since else Phrase("还没有使用记录：从有人登录使用之时起记")
    click.echo(told.said(say), err=True)
    rows = [
        (r["username"], r["name"], r["permission"], r["scope"], r["reason"], r["last_on"] or "—",
         "" if r["idle"] is None else r["idle"]) for r in rights.review_rows(wanted, say)
    ]
    table(rows, [say(head) for head in ("用户名", "姓名", "权限", "范围", "来由", "最近使用", "未用天数")])


def _unheld(found: Any, json_: bool, say: Any) -> None:
    shown = {
        "roles": [{"name": r.name, "title": say(r.title)} for r in found.roles],
        "permissions": [{"name": p.name, "title": say(p.title)} for p in found.permissions],
        "unused": [{"name": p.name, "title": say(p.title), "last_used": day} for p, day in found.unused],
    }
    if json_:
        as_json(shown)
        return
    for key, title in (("roles", "无人持有的角色"), ("permissions", "无人持有的权限"), ("unused", "久无人使用的权限")):
        click.secho(f"{say(title)} ({len(shown[key])})", bold=True)
        for row in shown[key]:
            click.echo(f"  {row['name']}  {row['title']}" + (f"  {row['last_used']}" if row.get("last_used") else ""))


def _write(file: Path, wanted: Any, say: Any) -> None:
    from oa_kernel import permissions as rights
    from oa_kernel import sheets

    unfinished = file.with_name(file.name + ".part")  # what has the name of a review is a whole one
    try:
        count = sheets.write(rights.review_sheet(say), rights.review_rows(wanted, say), unfinished)
        unfinished.replace(file)
    except OSError as error:
        raise UsageError(f"无法写入 {file}：{error}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    rights.review_exported(count, wanted)
    click.echo(f"已写 {count} 行到 {file}", err=True)
