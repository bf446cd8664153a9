"""Whether a change of security needs a second person (四眼), and whether one has been there.

Services that such changes go through call :func:`guard` first: where the policy asks for a second person, a change
that a person makes by page, REST or command is refused unless it is being carried out as confirmed. So a path that
does not know of the rule is closed by it, not open beside it. How a change is asked for and confirmed is told in
``changes``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from oa_kernel import context, runtime
from oa_kernel.errors import Conflict

#: where people act; a worker and the start of an installation are not asked
_PEOPLE = frozenset(("web", "api", "cli"))

#: id of the confirmed change that is being carried out; 0: by the console's way round; None: none is
_carried_out: ContextVar[int | None] = ContextVar("oa_confirmed_change", default=None)


def policy() -> frozenset[str]:
    """The groups of changes for which the policy asks for a second person (``security.second_person``)."""
    return frozenset(runtime.current().config["security"]["second_person"])


def guard(group: str) -> None:
    """Refuses a change of this group unless nobody else need look at it, or somebody did.

    :raises Conflict: code ``second_person_required``.
    """
    if group in policy() and _carried_out.get() is None and context.current().channel in _PEOPLE:
        raise Conflict(
            "按本单位的规定，这项变更须由第二人复核，不能直接办理：请在“管理”中提交复核", code="second_person_required"
        )


@contextmanager
def carried_out(change_id: int) -> Iterator[None]:
    """Lets guarded services through inside the block, as what a second person confirmed."""
    token = _carried_out.set(change_id)
    try:
        yield
    finally:
        _carried_out.reset(token)


def confirmed_change() -> int | None:
    """The change that is being carried out, or None."""
    return _carried_out.get() or None


__all__ = ["carried_out", "confirmed_change", "guard", "policy"]
