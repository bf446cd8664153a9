"""``oa permissions changes|confirm|refuse``: the changes of security that wait for a second person, at the console.

Who stands at the console is nobody in particular, so a change is decided there in somebody's name, by their password
(and their code, where they have bound a device). The way round without anybody is ``--break-glass``.
"""

from __future__ import annotations

from typing import Any

import click

from oa_kernel.errors import Forbidden

from .common import as_json, json_option, needs_installation, table


@click.command("changes")
@click.option("--all", "all_", is_flag=True, help="已经办结的也列出（最近 200 项）")
@json_option
@needs_installation
def changes(all_: bool, json_: bool) -> None:
    """列出等待第二人复核的安全变更和待审批的权限申请。"""
    from oa_kernel import permissions as rights

    rows = rights.console_changes("" if all_ else "pending")
    if json_:
        as_json([{
            "id": r.id, "kind": r.kind, "title": r.title, "state": r.state, "reason": r.reason, "asked_by": r.asked_name,
            "asked_at": r.asked_at, "expires_at": r.expires_at, "decided_at": r.decided_at, "comment": r.comment,
            "details": [{"label": str(label), "value": str(value)} for label, value in rights.details(r)]
            if r.state == "pending" else [],
        } for r in rows])
        return
    table([(r.id, r.title, r.asked_name, rights.spoken(r.asked_at), rights.spoken(r.expires_at), rights.STATE_TITLES[r.state])
           for r in rows], ("编号", "变更", "提交", "时间", "有效到", "状态"))


@click.command("confirm")
@click.argument("change_id", type=int)
@click.option("--as", "username", required=True, help="以谁的名义：提示输入其密码，已绑定的还要动态口令")
@click.option("--comment", default="", help="复核意见")
@needs_installation
def confirm(change_id: int, username: str, comment: str) -> None:
    """确认一项变更，随即生效；生成的一次性密码输出到标准输出。"""
    from oa_kernel import permissions as rights

    done = rights.confirm(change_id, by=_proved(username), comment=comment)
    further = getattr(done.result, "change", None)
    if further is not None:
        click.echo(f"已同意，尚未生效：第 {further.id} 号须由另一位有权的人确认", err=True)
        return
    click.echo(f"第 {change_id} 号已确认并生效", err=True)
    if isinstance(done.result, str):
        click.echo(done.result)


@click.command("refuse")
@click.argument("change_id", type=int)
@click.option("--as", "username", required=True, help="以谁的名义：提示输入其密码，已绑定的还要动态口令")
@click.option("--reason", required=True, help="不同意的理由，告知提交人")
@needs_installation
def refuse(change_id: int, username: str, reason: str) -> None:
    """不同意一项变更，没有任何改动。"""
    from oa_kernel import permissions as rights

    rights.refuse(change_id, by=_proved(username), comment=reason)
    click.echo(f"第 {change_id} 号已退回", err=True)


def _proved(username: str) -> Any:
    """The person, after they have shown that it is them."""
    from oa_kernel import identity
    from oa_kernel.notifications import security

    security.connect()
    who = identity.authenticate(username, click.prompt(f"{username} 的密码", hide_input=True, err=True))
    if identity.pending_steps(who):
        raise Forbidden(f"{username} 还没有完成登录所需的步骤（改密码、绑定动态口令等），请先在网页登录")
    if identity.second_factor_due(who) and not identity.check_totp(who, click.prompt("动态口令", err=True)):
        raise Forbidden("动态口令不正确")
    return who


__all__ = ["changes", "confirm", "refuse"]
