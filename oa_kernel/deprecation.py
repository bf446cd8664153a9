"""How what is public goes away: announced for two minor versions, named to who uses it, then removed.

    @deprecated(since="0.4", gone="0.6", instead="oa_kernel.workflow.act")
    def approve(task, by): ...

Whoever calls it is warned (:class:`OADeprecationWarning`, an error in the tests of ``oa new-plugin``), and
``oa plugins check`` names the plugins whose source uses it, with file and line. A hook specification is marked the same
way. What counts as public is in ``docs/stability.md``.
"""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

_Thing = TypeVar("_Thing", bound=Callable[..., Any])


class OADeprecationWarning(FutureWarning):
    """Something of the kernel's is used that will be gone. Shown by default: plugins are run by others than wrote them."""


@dataclass(frozen=True)
class Deprecated:
    """What is going away, since when, when it is gone, and what to use instead."""

    name: str
    since: str
    gone: str
    instead: str

    def __str__(self) -> str:
        return f"{self.name} 自 {self.since} 起不再推荐，{self.gone} 将移除；请改用 {self.instead}"


#: full public name (``oa_kernel.room.name``, or a hook's) → what is said of it
known: dict[str, Deprecated] = {}


def deprecated(*, since: str, gone: str, instead: str, name: str = "") -> Callable[[_Thing], _Thing]:
    """Marks a function, a class or a hook specification.

    :param name: the public name, where it is not ``oa_kernel.ROOM.NAME`` of the module it stands in.
    """

    def mark(thing: _Thing) -> _Thing:
        parts = thing.__module__.split(".")
        hook = thing.__name__.startswith("oa_")
        public = name or (thing.__name__ if hook else ".".join([*parts[:2], thing.__name__]))
        said = known[public] = Deprecated(public, since, gone, instead)
        thing.__doc__ = f"{inspect.getdoc(thing) or ''}\n\nDeprecated since {since}, gone in {gone}: use {instead}.".strip()
        if hook:
            return thing  # asked by the kernel, never called by a plugin
        if inspect.isclass(thing):
            _warn_at_birth(thing, said)
            return thing

        @functools.wraps(thing)
        def warned(*args: Any, **kwargs: Any) -> Any:
            warnings.warn(str(said), OADeprecationWarning, stacklevel=2)
            return thing(*args, **kwargs)

        return warned  # type: ignore[return-value]

    return mark


def _warn_at_birth(cls: type, said: Deprecated) -> None:
    original = cls.__init__  # type: ignore[misc]

    @functools.wraps(original)
    def warned(self: Any, *args: Any, **kwargs: Any) -> None:
        warnings.warn(str(said), OADeprecationWarning, stacklevel=2)
        original(self, *args, **kwargs)

    cls.__init__ = warned  # type: ignore[misc]


__all__ = ["Deprecated", "OADeprecationWarning", "deprecated", "known"]
