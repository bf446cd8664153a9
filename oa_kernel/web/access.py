"""Who may call a route: declared beside it, checked at the door. What is not declared is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint


class UndeclaredRoute(RuntimeError):
    """A route that does not say who may call it. Found while the application is put together."""


@dataclass(frozen=True, slots=True)
class Access:
    """What the door asks before a view runs.

    Exactly one of ``permission``, ``signed_in`` and ``public``.
    """

    permission: str | None = None
    signed_in: bool = False
    public: bool = False
    #: False only where no person can be meant (a health probe)
    csrf: bool = True
    #: the view reads the body itself, piece by piece (``web.read_form``), and may take more than ``web.max_body``
    uploads: bool = False
    #: ``html`` | ``api``
    kind: str = "html"
    #: a POST that changes nothing: read-only tokens may call it
    reads_only: bool = False
    #: reachable before the first sign-in is completed, the second factor given or an expired password changed
    unfinished: bool = False
    #: answers hold nothing personal and may be cached
    cacheable: bool = False


_FIELDS = tuple(Access.__dataclass_fields__)


def declare(where: str, options: dict[str, Any]) -> Access:
    """Takes the access declaration out of a route's options. Raises :class:`UndeclaredRoute`."""
    given = {name: options.pop(name) for name in _FIELDS if name in options}
    access = Access(**given)
    ways = [bool(access.permission), access.signed_in, access.public]
    if sum(ways) != 1:
        raise UndeclaredRoute(
            f"{where}: say who may call it, by exactly one of permission=\"…\", signed_in=True, public=True"
        )
    return access


class Pages(Blueprint):
    """A Flask blueprint of HTML pages whose every route declares its :class:`Access`.

    :param name: endpoint prefix, the plugin's name.
    :param package: ``__name__`` of the module, for logging; templates come from the plugin package's ``templates/``.
    """

    def __init__(self, name: str, package: str, **options: Any) -> None:
        super().__init__(name, package, **options)
        #: endpoint (with the blueprint's name) → who may call it
        self.access: dict[str, Access] = {}

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Flask's, with the access declaration among the options."""
        access = declare(f"{self.import_name}: {rule}", options)
        name = endpoint or getattr(view_func, "__name__", "")
        super().add_url_rule(rule, endpoint, view_func, provide_automatic_options, **options)
        self.access[f"{self.name}.{name}"] = access


__all__ = ["Access", "Pages", "UndeclaredRoute", "declare"]
