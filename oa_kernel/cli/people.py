"""``oa user``, ``oa role``, ``oa permissions``, ``oa token``: people and rights."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import click

from oa_kernel.errors import NotFound, UsageError

from . import permission_changes, permission_review
from .common import as_json, json_option, language_option, needs_installation, person, speaker, table


@click.group()
def user() -> None:
    """用户：新建、列出、停用、导入。"""


@user.command("create")
@click.argument("username")
@click.option("--name", required=True, help="姓名")
@click.option("--department", help="部门名称（可用“上级/下级”写全）")
@click.option("--email", default="", help="电子邮件地址")
@click.option("--role", "roles", multiple=True, help="授予的角色，可多次")
@needs_installation
def user_create(username: str, name: str, department: str | None, email: str, roles: tuple[str, ...]) -> None:
    """新建用户，输出一次性密码（首次登录须更改）。"""
    from oa_kernel import db, identity, permissions

    password = identity.generate_password()
    with db.transaction():
        made = identity.create_person(
            username=username, name=name, email=email, password=password, password_expired=True,
            department=find_department(department) if department else None,
        )
        for role_ in roles:
            permissions.grant(made, role_)
    click.echo(f"已新建 {username}，一次性密码：", err=True)
    click.echo(password)


def find_department(text: str) -> object:
    """A department by name, or by its path ``上级/下级``."""
    from oa_kernel.identity.models import Department

    parts = [p for p in re.split(r"[/／]", text) if p]
    found = list(Department.select().where((Department.name == parts[-1]) & Department.active))
    if len(parts) > 1:
        found = [d for d in found if d.parent is not None and d.parent.name == parts[-2]]
    if not found:
        raise UsageError(f"没有部门 {text}")
    if len(found) > 1:
        raise UsageError(f"有 {len(found)} 个部门叫 {text}：请写成“上级/下级”")
    return found[0]


@user.command("list")
@json_option
@needs_installation
def user_list(json_: bool) -> None:
    """列出所有用户。"""
    from oa_kernel import identity

    rows = identity.directory()
    if json_:
        as_json(rows)
        return
    table([(r["username"], r["name"], r["department"], "、".join(r["posts"]), "、".join(r["roles"]),
            "是" if r["active"] else "否") for r in rows], ("用户名", "姓名", "部门", "岗位", "角色", "在用"))


@user.command("disable")
@click.argument("username")
@needs_installation
def user_disable(username: str) -> None:
    """停用用户：不能再登录，会话与令牌即刻失效；历史保留。"""
    from oa_kernel import identity

    identity.disable_person(person(username))
    click.echo(f"{username} 已停用", err=True)


@user.command("move")
@click.argument("username")
@click.option("--department", required=True, help="新的部门（可用“上级/下级”写全）")
@click.option("--post", "posts", multiple=True, help="新的职务，可多次，第一个为主")
@click.option("--keep-posts", is_flag=True, help="原有职务保留")
@click.option("--on", "on", type=click.DateTime(["%Y-%m-%d"]), help="从哪一天起；不写为今天")
@click.option("--dry-run", is_flag=True, help="只列出会有的变化，不写入")
@json_option
@needs_installation
def user_move(
    username: str, department: str, posts: tuple[str, ...], keep_posts: bool, on: object, dry_run: bool, json_: bool
) -> None:
    """调动：旧职务与随之的权限终止，新的开始，在同一个事务里，并列出变化。"""
    from oa_kernel import identity

    someone, home = person(username), find_department(department)
    known = {p.title: p for p in identity.posts_in(home)}  # type: ignore[arg-type]
    missing = [title for title in posts if title not in known]
    if missing:
        raise UsageError(f"{department}没有职务 {missing[0]}；有：{'、'.join(known) or '（无）'}")
    keep = [h.post_id for h in identity.holdings(someone)] if keep_posts else []
    move = identity.preview_move if dry_run else identity.move_person
    moved = move(someone, home, [known[t] for t in posts], keep=keep,  # type: ignore[arg-type]
                 on=on.date() if on else None)  # type: ignore[attr-defined]
    shown = moved.as_dict()
    if json_:
        as_json(shown)
        return
    for title, key in (("免去", "posts_ended"), ("任命", "posts_given"), ("失去的角色", "roles_lost"),
                       ("新得的角色", "roles_gained"), ("失去的权限", "rights_lost"), ("新得的权限", "rights_gained"),
                       ("范围有变的权限", "rights_changed")):
        click.echo(f"{title}：{'、'.join(shown[key]) or '（无）'}")


@user.command("posts")
@click.argument("username")
@click.option("--on", "on", type=click.DateTime(["%Y-%m-%d"]), help="只看这一天担任的")
@json_option
@needs_installation
def user_posts(username: str, on: object, json_: bool) -> None:
    """列出某人历任的职务，代理的和兼任的也在内。"""
    from oa_kernel import identity

    someone = person(username)
    held = identity.holdings(someone, on=on.date()) if on else identity.history_of(someone)  # type: ignore[attr-defined]
    rows = [{"department": h.post.department.name, "title": h.post.title, "kind": h.post.kind, "main": h.main,
             "acting": h.acting, "since": h.since, "until": h.until} for h in held]
    if json_:
        as_json(rows)
        return
    table([(r["department"], r["title"], "是" if r["main"] else "", "是" if r["acting"] else "", r["since"], r["until"] or "")
           for r in rows], ("部门", "职务", "主要", "代理", "自", "至"))


@user.command("hand-over")
@click.argument("username")
@click.option("--to", "to", required=True, help="接手的人（用户名）")
@click.option("--reason", required=True, help="理由，记入每件事项的经过")
@click.option("--only-now", is_flag=True, help="只移交现在的待办，以后的仍到原来的人")
@needs_installation
def user_hand_over(username: str, to: str, reason: str, only_now: bool) -> None:
    """把某人的全部待办移交给另一人（调离、离职时）。"""
    from oa_kernel import workflow

    count = workflow.hand_over(person(username), person(to), by=None, reason=reason, also_later=not only_now)
    click.echo(f"已移交 {count} 件待办给 {to}", err=True)


@user.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="只检查，不写入")
@json_option
@click.pass_context
@needs_installation
def user_import(ctx: click.Context, file: Path, dry_run: bool, json_: bool) -> None:
    """从 .xlsx 导入人员（oa export people FILE --template 给出模板）；新人员的一次性密码输出到标准输出。"""
    from .sheets import bring_in

    ctx.exit(bring_in("people", file, dry_run, json_))


@click.group()
def role() -> None:
    """角色：列出、授予、收回。"""


@role.command("list")
@json_option
@needs_installation
def role_list(json_: bool) -> None:
    """列出所有角色及其权限。"""
    from oa_kernel import permissions

    rows = [{"name": r.name, "title": r.title, "domain": r.domain, "permissions": dict(r.permissions)}
            for r in permissions.roles().values()]
    if json_:
        as_json(rows)
        return
    table([(r["name"], r["title"], r["domain"], len(r["permissions"])) for r in rows],
          ("名称", "标题", "类别", "权限数"))


#: a day, or an hour of it in the organisation's zone
_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"])


@role.command("grant")
@click.argument("username")
@click.argument("role_name")
@click.option("--from", "since", type=_MOMENT, help="从哪天或哪一时刻起；不写为立即")
@click.option("--until", type=_MOMENT, help="到期日（当日起失效）或时刻，如 2026-12-31T18:00")
@click.option("--reason", default="", help="理由")
@click.option("--break-glass", is_flag=True, help="紧急：不经第二人复核立即生效，须写理由，记入审计并通知安全管理员")
@needs_installation
def role_grant(
    username: str, role_name: str, since: dt.datetime | None, until: dt.datetime | None, reason: str, break_glass: bool
) -> None:
    """把角色授予用户；按规定须由第二人复核的，提交复核。"""
    payload = {
        "subject_kind": "person", "subject_id": person(username).id, "role": role_name, "reason": reason,
        "since": _moment(since), "until": _moment(until),
    }
    _change("grants.give", payload, reason, break_glass, f"已把 {role_name} 授予 {username}")


def _moment(at: dt.datetime | None) -> str | None:
    """What was typed, as a payload says it: midnight is the day."""
    from oa_kernel import clock

    if at is None:
        return None
    return at.replace(tzinfo=clock.zone()).isoformat() if at.time() != dt.time() else at.date().isoformat()


@role.command("prolong")
@click.argument("username")
@click.argument("role_name")
@click.option("--until", type=_MOMENT, help="新的到期日（当日起失效）或时刻；不写为长期")
@click.option("--reason", required=True, help="理由")
@click.option("--break-glass", is_flag=True, help="紧急：不经第二人复核立即生效，须写理由，记入审计并通知安全管理员")
@needs_installation
def role_prolong(username: str, role_name: str, until: dt.datetime | None, reason: str, break_glass: bool) -> None:
    """更改授权的期限；按规定须由第二人复核的，提交复核。"""
    payload = {"grant": _held(username, role_name), "until": _moment(until), "reason": reason}
    _change("grants.change", payload, reason, break_glass, f"{username} 的 {role_name} 改为至 {_moment(until) or '长期'}")


def _held(username: str, role_name: str) -> int:
    """Id of the grant by which somebody holds a role directly."""
    from oa_kernel import permissions

    who = person(username)
    held = [g.id for g in permissions.grants_to(who) if g.role == role_name]
    if not held:
        raise NotFound(f"{who.name}没有直接授予的角色“{role_name}”；可能来自职务或部门")
    return int(held[0])


def _change(kind: str, payload: dict[str, object], reason: str, break_glass: bool, done: str) -> None:
    """Does a change of rights, or says that it waits for a second person."""
    from oa_kernel import permissions
    from oa_kernel.notifications import security

    security.connect()
    if break_glass:
        permissions.break_glass(kind, payload, reason=reason)
        click.echo(f"{done}（未经复核，已记入审计并通知安全管理员）", err=True)
        return
    change = permissions.submit(kind, payload, reason=reason).change
    if change is None:
        click.echo(done, err=True)
    else:
        click.echo(f"尚未生效：已提交复核（第 {change.id} 号），须由安全管理员在“安全变更复核”页确认", err=True)


@role.command("revoke")
@click.argument("username")
@click.argument("role_name")
@click.option("--reason", default="", help="理由")
@click.option("--break-glass", is_flag=True, help="紧急：不经第二人复核立即生效，须写理由，记入审计并通知安全管理员")
@needs_installation
def role_revoke(username: str, role_name: str, reason: str, break_glass: bool) -> None:
    """从用户收回角色；按规定须由第二人复核的，提交复核。"""
    payload = {"grant": _held(username, role_name), "reason": reason}
    _change("grants.end", payload, reason, break_glass, f"已从 {username} 收回 {role_name}")


@click.group("permissions")
def permissions() -> None:
    """权限：说明某人为何可以或不可以，列出谁可以做什么。"""


permissions.add_command(permission_review.review)
permissions.add_command(permission_changes.changes)
permissions.add_command(permission_changes.confirm)
permissions.add_command(permission_changes.refuse)


@permissions.command("explain")
@click.argument("username")
@click.argument("permission")
@click.argument("object", required=False)
@language_option
@json_option
@click.pass_context
@needs_installation
def permissions_explain(
    ctx: click.Context, username: str, permission: str, object: str | None, json_: bool, language: str | None
) -> None:
    """说明用户为何有（或没有）某项权限；没有时退出码为 1。"""
    from oa_kernel import permissions as rights

    who = person(username)
    say = speaker(language)
    reasons = [{**reason, "text": reason["text"].said(say)} for reason in rights.explain(who, permission, object)]
    allowed = reasons[0]["allowed"]  # the verdict comes first
    if json_:
        as_json({"username": username, "permission": permission, "allowed": allowed, "reasons": reasons})
    else:
        for indent, reason in zip(["", *["  "] * len(reasons)], reasons, strict=False):
            click.echo(f"{indent}{reason['text']}")
    ctx.exit(0 if allowed else 1)


@click.group()
def token() -> None:
    """访问令牌：签发、列出、吊销。"""


@token.command("create")
@click.option("--user", "username", required=True, help="令牌代表的用户")
@click.option("--expires", default="30d", show_default=True, help="有效期，如 30d、12h")
@click.option("--read-only", is_flag=True, help="只读")
@click.option("--title", default="命令行签发", help="令牌的名称，列出时显示")
@needs_installation
def token_create(username: str, expires: str, read_only: bool, title: str) -> None:
    """签发令牌，只输出一次。"""
    from oa_kernel import identity

    match = re.fullmatch(r"(\d+)\s*([dh]?)", expires.strip())
    if not match or not int(match[1]):
        raise UsageError(f"--expires 写法有误：{expires!r}。例：30d（三十天）、12h（十二小时）")
    days = int(match[1]) / (24 if match[2] == "h" else 1)
    _row, secret = identity.create_token(person(username), title=title, days=days, read_only=read_only)
    click.echo(secret)


@token.command("list")
@click.option("--user", "username", required=True, help="列出谁的令牌")
@json_option
@needs_installation
def token_list(username: str, json_: bool) -> None:
    """列出用户的令牌（不含密钥）。"""
    from oa_kernel.identity.models import Token

    rows = [{"id": t.id, "title": t.title, "hint": t.hint, "read_only": t.read_only, "expires": t.expires_at,
             "revoked": t.revoked_at} for t in Token.select().where(Token.person == person(username).id)]
    if json_:
        as_json(rows)
        return
    table([(r["id"], r["title"], r["hint"], "只读" if r["read_only"] else "读写", r["expires"],
            "已吊销" if r["revoked"] else "") for r in rows], ("编号", "名称", "开头", "权限", "到期", "状态"))


@token.command("revoke")
@click.argument("token_id", type=int)
@needs_installation
def token_revoke(token_id: int) -> None:
    """吊销令牌。"""
    from oa_kernel import identity

    identity.revoke_token(token_id)
    click.echo(f"令牌 {token_id} 已吊销", err=True)
