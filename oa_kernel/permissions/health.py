"""Lines of ``oa doctor`` about rights: are the three administrators apart, can changes be confirmed at all."""

from __future__ import annotations

from oa_kernel.identity.models import Person

from . import registry
from .changes import kinds
from .grants import holders_of_two
from .second_person import policy
from .who import people_with, people_with_role


def separation() -> tuple[str, str]:
    """Nobody holds two administrations, and each has somebody. (A plugin's new role, or a row written by hand, may
    bring about what no service would.)"""
    both = holders_of_two()
    if both:
        names: dict[int, str] = dict(Person.select(Person.id, Person.name).where(Person.id.in_(list(both)[:20])).tuples())
        said = "、".join(
            f"{names.get(i, i)}（{'和'.join(registry.DOMAIN_TITLES[d] for d in registry.APART if d in found)}）"
            for i, found in sorted(both.items())[:20]
        )
        return "problem", f"同一人不能担任两种管理员：{said}。请由安全管理员收回其中一方的角色"
    vacant = [registry.DOMAIN_TITLES[d] for d, people in administrators().items() if not people]
    if vacant:
        return "warning", f"还没有{'、'.join(vacant)}：oa user create 用户名 --role …"
    return "ok", "三种管理员各有其人，无人兼任"


def administrators() -> dict[str, list[int]]:
    """Administration → ids of the active people who hold a role of it now."""
    found: dict[str, set[int]] = {domain: set() for domain in registry.APART}
    for role in registry.roles().values():
        if role.domain in found:
            found[role.domain].update(people_with_role(role.name))
    return {domain: sorted(people) for domain, people in found.items()}


def second_person() -> tuple[str, str]:
    """Whether what must be confirmed can be: two people at least may decide each kind of change."""
    wanted = policy()
    if not wanted:
        return "ok", "没有要求（security.second_person 为空）"
    known = {kind.group for kind in kinds().values() if kind.group}
    if unknown := wanted - known:
        return "problem", f"security.second_person 里有不认识的词：{'、'.join(sorted(unknown))}。可用：{'、'.join(sorted(known))}"
    for permission in sorted({kind.decide for kind in kinds().values() if kind.group in wanted}):
        count = len(people_with(permission))
        if count < 2:
            title = registry.registered()[permission].title if permission in registry.registered() else permission
            return "problem", f"只有 {count} 人有“{title}”的权限，至少要有两人，否则变更无人能够复核"
    return "ok", f"这些变更须由第二人复核：{'、'.join(sorted(wanted))}"


__all__ = ["administrators", "second_person", "separation"]
