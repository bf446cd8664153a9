"""The pytest plugin. Fixtures only; what they stand on is imported when one is asked for."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from oa_kernel.runtime import Runtime

    from .factories import Factories
    from .installation import Installation
    from .outside import Outbox

_numbers = itertools.count(1)

ENGINES = ("sqlite", "postgresql")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--oa-conformance PLUGIN``."""
    parser.getgroup("oa").addoption(
        "--oa-conformance", metavar="PLUGIN", default="",
        help="hold an installed plugin to the kernel's conformance suite instead of running tests",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Registers the mark; with ``--oa-conformance`` the suite that comes with the kernel is what runs."""
    config.addinivalue_line("markers", "oa_databases(*engines): run on SQLite and on PostgreSQL, or on those named")
    if config.getoption("--oa-conformance"):
        from pathlib import Path

        config.args[:] = [str(Path(__file__).parent / "conformance" / "suite.py")]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test marked ``oa_databases`` runs once an engine."""
    mark = metafunc.definition.get_closest_marker("oa_databases")
    if mark is not None:
        unknown = [e for e in mark.args if e not in ENGINES]
        if unknown:
            raise pytest.UsageError(f"oa_databases: no engine {unknown[0]}; there are {', '.join(ENGINES)}")
        if "oa_engine" not in metafunc.fixturenames:
            metafunc.fixturenames.append("oa_engine")
        metafunc.parametrize("oa_engine", mark.args or ENGINES, indirect=True)


@pytest.fixture
def oa_engine(request: pytest.FixtureRequest) -> str:
    """The engine this test runs on: of the mark ``oa_databases``, else as ``OA_TEST_DATABASE`` says.

    PostgreSQL that does not answer skips the test, or fails it where ``OA_REQUIRE_POSTGRESQL`` is set.
    """
    from . import installation

    wanted = getattr(request, "param", None)
    engine: str = wanted or ("postgresql" if installation.postgresql_url() else "sqlite")
    if wanted == "postgresql" and (reason := installation.postgresql_problem()):
        import os

        if os.environ.get("OA_REQUIRE_POSTGRESQL"):
            pytest.fail(reason)
        pytest.skip(reason)
    return engine


@pytest.fixture(scope="session")
def oa_settings() -> dict[str, Any]:
    """Settings of the test installation. A plugin overrides this to enable itself:
    ``{**…, "plugins": {"mine": {}}}``."""
    return {"organisation": {"name": "测试市人民政府办公室"}, "plugins": {}}


@pytest.fixture(scope="session")
def oa_extra_plugins() -> dict[str, Any]:
    """Plugins given as objects rather than by entry point: name → object."""
    return {}


@pytest.fixture(scope="session")
def oa_templates() -> Iterator[dict[Any, Installation]]:
    """The templates made so far, by what they were made from."""
    made: dict[Any, Installation] = {}
    yield made
    for template in made.values():
        template.drop()


@pytest.fixture
def oa_template(
    oa_templates: dict[Any, Installation],
    tmp_path_factory: pytest.TempPathFactory,
    oa_settings: dict[str, Any],
    oa_extra_plugins: dict[str, Any],
    oa_engine: str,
) -> Installation:
    """Keys and a migrated database, made once a process for these settings and plugins, copied for every test.

    Not of session scope itself: pytest keeps a session's fixture even where a folder overrides what it stands on.
    """
    from . import installation

    settings = json.dumps(oa_settings, sort_keys=True, default=str)
    key = (oa_engine, settings, *((n, id(p)) for n, p in oa_extra_plugins.items()))
    if key not in oa_templates:
        folder = tmp_path_factory.mktemp("template")
        oa_templates[key] = installation.make_template(folder, oa_settings, oa_extra_plugins, engine=oa_engine)
    return oa_templates[key]


@pytest.fixture
def oa_installation(oa_template: Installation, tmp_path: Any) -> Iterator[Installation]:
    """A fresh installation of this test's own, not booted: for commands and other processes."""
    from . import installation

    made = installation.copy(oa_template, tmp_path / "installation")
    yield made
    made.drop()


@pytest.fixture
def oa(oa_installation: Installation) -> Iterator[Runtime]:
    """A running installation on an empty database, booted in this process."""
    from oa_kernel import context, db

    yield oa_installation.boot()
    context.set_current(context.SYSTEM)
    db.close()


@pytest.fixture
def oa_configure(oa_installation: Installation) -> Callable[..., Runtime]:
    """``oa_configure("mail", host="…")``: the installation with other settings, booted again."""

    def boot(section: str, **values: Any) -> Runtime:
        oa_installation.settings[section] = {**oa_installation.settings.get(section, {}), **values}
        oa_installation.write()
        return oa_installation.boot()

    return boot


@pytest.fixture
def make(oa: Runtime) -> Factories:
    """Factories: ``make.department``, ``make.post``, ``make.person``."""
    from .factories import Factories

    return Factories()


@pytest.fixture(scope="session")
def oa_apps() -> dict[str, Any]:
    """The applications put together so far, by what they were made from."""
    return {}


@pytest.fixture
def oa_app(oa: Runtime, oa_template: Installation, oa_apps: dict[str, Any]) -> Any:
    """The Flask application of the running installation."""
    from . import applications

    return applications.application(oa, oa_template, oa_apps)


@pytest.fixture
def oa_client(oa_app: Any) -> Callable[..., Any]:
    """``oa_client(person)`` → a test client signed in as that person (or username); without one, a stranger's.

    ``client.submit(url, {…})`` posts a form with its CSRF token.
    """
    from oa_kernel import identity

    def client(person: Any = None) -> Any:
        made = oa_app.test_client()
        if person is not None:
            if isinstance(person, str):
                person = identity.by_username(person)
            session, secret = identity.open_session(person, ip="127.0.0.1", user_agent="test")
            made.set_cookie("oa_session", secret)
            made.csrf = session.csrf
        return made

    return client


@pytest.fixture
def oa_api(oa_app: Any) -> Callable[..., Any]:
    """``oa_api(person)`` → a test client that sends the person's bearer token with every request."""
    from oa_kernel import identity

    def client(person: Any, **token: Any) -> Any:
        if isinstance(person, str):
            person = identity.by_username(person)
        _token, secret = identity.create_token(person, title=f"test {next(_numbers)}", **token)
        made = oa_app.test_client()
        made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
        return made

    return client


@pytest.fixture
def oa_outbox(oa: Runtime) -> Outbox:
    """What would leave the house: ``oa_outbox.payloads("mail")``, ``oa_outbox.inbox(person)``, ``oa_outbox.deliver()``."""
    from .outside import Outbox

    return Outbox()


@pytest.fixture
def count_queries() -> Callable[[], Any]:
    """``with count_queries() as statements: …`` collects the SQL of the block."""
    from oa_kernel import db

    return db.count_queries


@pytest.fixture
def used_rights(oa: Runtime) -> Callable[[Any], Any]:
    """``with used_rights(person) as used: …``: that person acts in the block; ``used`` then names the permissions that
    counted as used by it (see ``permissions.by_right``)."""
    from .acting import used_rights

    return used_rights


@pytest.fixture
def frozen() -> Iterator[Callable[[str], None]]:
    """``frozen("2026-11-24T09:00:00+08:00")`` stops the clock there, until the test ends."""
    from contextlib import ExitStack

    from oa_kernel import clock

    with ExitStack() as stack:
        yield lambda instant: stack.enter_context(clock.freeze(instant)) and None
