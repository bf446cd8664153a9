"""The line of ``oa doctor``: certificates that end soon, partners that do not answer."""

from __future__ import annotations

import datetime as dt

from oa_kernel import clock

from ..models import Partner
from . import identity

_SOON = dt.timedelta(days=30)


def check() -> tuple[str, str]:
    """State and message."""
    now = clock.now()
    own = identity.latest()
    if own is None:
        return "ok", "没有交换伙伴"
    if own.not_after < now:
        return "problem", f"本单位的交换证书已于 {identity.day(own.not_after)} 到期：请更换并交给各伙伴"
    if own.not_after < now + _SOON:
        return "warning", f"本单位的交换证书 {identity.day(own.not_after)} 到期：请更换并交给各伙伴"
    posted = Partner.select().where(Partner.state == "active", Partner.url != "").exists()
    if posted and (reason := identity.address_problem()):
        return "warning", reason
    active = list(Partner.select().where(Partner.state == "active").limit(500))
    late = [p.name for p in active if p.not_after < now + _SOON]
    if late:
        return "warning", f"{'、'.join(late[:5])}的交换证书已到期或将到期：请对方更换"
    silent = [p.name for p in active if p.failures > 5]
    if silent:
        return "warning", f"{'、'.join(silent[:5])}多次没有送到，见“交换伙伴”"
    return "ok", f"{len(active)} 个交换伙伴"
