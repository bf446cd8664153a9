"""The plugin under test, and offices to try it in."""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from oa_kernel import builtin, context, db, identity, permissions, runtime
from oa_kernel.errors import UsageError
from oa_kernel.testing import installation
from oa_kernel.testing.client import Client
from oa_kernel.testing.factories import Factories

from . import filling


@dataclass(frozen=True, eq=False)
class Route:
    """One of the plugin's routes."""

    method: str
    rule: Any
    access: Any
    #: the REST operation; None for a page
    operation: Any = None

    def __str__(self) -> str:
        return f"{self.method} {self.rule.rule}"

    @property
    def arguments(self) -> list[str]:
        return sorted(self.rule.arguments)

    def converter(self, name: str) -> str:
        """``IntegerConverter`` and so on."""
        return type(self.rule._converters[name]).__name__

    def url(self, number: int) -> str:
        """The address with ``number`` for every placeholder."""
        import re

        return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", str(number), self.rule.rule)


@dataclass
class Office:
    """A running installation with the plugin on, one person with all its rights, and a stranger."""

    subject: Subject
    running: runtime.Runtime
    app: Any
    department: Any
    #: domain of permissions → somebody who holds all of the plugin's in it
    people: dict[str, Any]
    stranger: Any
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def models(self) -> list[type]:
        return [m for owner, m in self.running.plugins.collect_with_owner("oa_models") if owner == self.subject.name]

    @property
    def tables(self) -> set[str]:
        return {m._meta.table_name for m in self.models}

    def fill(self, rows: int) -> None:
        """So many more rows in each of the plugin's tables, owned by who holds all rights."""
        filling.fill(self.models, rows, self.people["business"], self.department, self._numbers)

    def routes(self) -> list[Route]:
        """All routes of the plugin, those of its ledgers among them."""
        access, operations = {}, {}
        ledgers = self.app.config["OA_LEDGERS"]
        pages_of = [*self.running.plugins.collect_with_owner("oa_blueprints"), *((o, pages) for o, pages, _ in ledgers)]
        apis_of = [*self.running.plugins.collect_with_owner("oa_api_blueprints"), *((o, api) for o, _, api in ledgers)]
        for owner, pages in pages_of:
            if owner == self.subject.name:
                access.update(pages.access)
        for owner, api in apis_of:
            for operation in api.operations if owner == self.subject.name else ():
                endpoint = f"api.{api.name}.{operation.name}.{operation.method.lower()}"
                access[endpoint], operations[endpoint] = operation.access, operation
        return [
            Route(method, rule, access[rule.endpoint], operations.get(rule.endpoint))
            for rule in self.app.url_map.iter_rules() if rule.endpoint in access
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        ]

    def who(self, route: Route) -> Any:
        """Somebody who may call the route."""
        known = permissions.registered().get(route.access.permission or "")
        return self.people.get(known.domain if known else "business", self.people["business"])

    def client(self, person: Any, *, api: bool) -> Any:
        """A client of somebody; None: of nobody."""
        made: Client = self.app.test_client()
        if person is None:
            return made
        if api:
            _token, secret = identity.create_token(person, title=f"conformance {next(self._numbers)}")
            made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        else:
            session, secret = identity.open_session(person, ip="127.0.0.1", user_agent="conformance")
            made.set_cookie("oa_session", secret)
            made.csrf = session.csrf
        return made

    def call(self, route: Route, person: Any, number: int, **query: Any) -> Any:
        """Calls a route as somebody, with a body made from what it declares."""
        api = route.operation is not None
        client = self.client(person, api=api)
        options: dict[str, Any] = {"query_string": query} if query else {}
        if route.method != "GET":
            if api:
                options["json"] = filling.sample_body(route.operation.body)
            else:
                options["data"] = {**filling.sample_fields(self.running, self.subject.name), "_csrf": client.csrf}
        return client.open(route.url(number), method=route.method, **options)


class Subject:
    """One installed plugin.

    :param name: as in the configuration.
    :param folder: an empty one, for installations.
    :param extra: plugins given as objects rather than by entry point: name → object.
    """

    def __init__(self, name: str, folder: Path, extra: Mapping[str, Any] | None = None) -> None:
        self.name, self.folder, self.extra = name, folder, dict(extra or {})
        self.plugin = self._load(name)
        self.info = self.plugin.oa_plugin()
        spec = importlib.util.find_spec(self.info.package) if self.info.package else None
        if spec is None or not spec.origin:
            raise UsageError(f"插件 {name} 的 PluginInfo.package 没有指明它的 Python 包")
        self.package = Path(spec.origin).parent
        self._template: installation.Installation | None = None
        self._copies: list[installation.Installation] = []

    def _load(self, name: str) -> Any:
        if name in self.extra:
            return self.extra[name]
        for point in entry_points(group="oa.plugins", name=name):
            return point.load()
        known = sorted({p.name for p in entry_points(group="oa.plugins")})
        raise UsageError(f"没有安装插件 {name}；已安装：{'、'.join(known) or '（无）'}")

    def settings(self, *, on: bool = True) -> dict[str, Any]:
        """Configuration with the plugin, and what it needs, on."""
        sections: dict[str, Any] = {name: {} for name in self._needed(self.name)}
        sections[self.name] = {"enabled": on}
        return {"organisation": {"name": "统一要求检查"}, "plugins": sections}

    def _needed(self, name: str) -> list[str]:
        found: list[str] = []
        for other in self._load(name).oa_plugin().requires:
            found += [*self._needed(other), other]
        return found

    def template(self) -> installation.Installation:
        """Keys and a migrated database, made once."""
        if self._template is None:
            self._template = installation.make_template(self.folder / "template", self.settings(), self.extra)
        return self._template

    def fresh(self, *, on: bool = True) -> installation.Installation:
        """An installation of one rule's own. ``on=False``: with the plugin disabled (its tables are there)."""
        folder = self.folder / f"office{len(self._copies)}"
        made = installation.copy(self.template(), folder, self.settings(on=on))
        self._copies.append(made)
        return made

    @contextmanager
    def office(self) -> Iterator[Office]:
        """A running installation with people."""
        yield self.open(self.fresh())
        context.set_current(context.SYSTEM)
        db.close()

    def open(self, made: installation.Installation) -> Office:
        """Boots an installation and puts people into it."""
        from oa_kernel import web

        running = made.boot()
        app = web.create_app(running)
        app.testing = True
        app.test_client_class = Client
        make = Factories()
        department = make.department("检查一处")
        domains: dict[str, dict[str, str]] = {"business": {}}
        for owner, permission in builtin.collect_with_owner("oa_permissions"):
            if owner == self.name or permission.name.startswith(f"{self.name}."):  # a ledger's are registered for it
                domains.setdefault(permission.domain, {})[permission.name] = "all"
        people = {}
        for domain, held in domains.items():
            people[domain] = make.person(f"all_{domain}", f"全权{domain}", department)
            if held:
                permissions.create_role(f"conformance_{domain}", "统一要求检查", held, domain=domain)
                permissions.grant(people[domain], f"conformance_{domain}")
        stranger = make.person("conformance_stranger", "旁人", make.department("检查二处"))
        return Office(self, running, app, department, people, stranger)

    def close(self) -> None:
        """Removes the databases."""
        for made in [*self._copies, *([self._template] if self._template else [])]:
            made.drop()


__all__ = ["Office", "Route", "Subject"]
