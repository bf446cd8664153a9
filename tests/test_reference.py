"""What the code offers is explained, and the reference in docs/ is what the code says."""

import importlib.util
import sys
import types
from pathlib import Path

import click
import pytest

from oa_kernel import contributions as c
from oa_kernel import hookimpl, hookspec, reference, runtime, signals, web

DOCS = Path(__file__).parent.parent / "docs"
PAGES = ["hooks.md", "signals.md", "settings.md", "permissions.md", "commands.md", "rest.md", "deprecated.md"]


def load():
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def pages():
    return load().generate()


def test_the_pages_are_all_of_them(pages):
    assert sorted(pages) == sorted(PAGES) == sorted(p.name for p in (DOCS / "reference").glob("*.md"))


@pytest.mark.parametrize("name", PAGES)
def test_the_reference_is_up_to_date(pages, name):
    written = DOCS / "reference" / name
    assert written.exists(), "run make docs"
    assert written.read_text(encoding="utf-8") == pages[name], f"docs/reference/{name} is old: run make docs"


@pytest.fixture
def everything(oa_installation):
    """An installation with all plugins of the repository on."""
    oa_installation.settings = {**oa_installation.settings, "plugins": {name: {} for name in load().plugins()}}
    oa_installation.write()
    running = oa_installation.boot()
    from oa_kernel import ledgers
    from oa_kernel.db import migrate

    migrate.upgrade(running.plugins)
    ledgers.sync()
    assert running.plugins.broken() == []
    return running


def test_nothing_is_undocumented(everything):
    assert reference.undocumented() == []


def bad_plugin(**hooks):
    """A plugin that offers something without a word about it."""
    module = types.ModuleType("bad")
    hooks = {"oa_plugin": lambda: c.PluginInfo(name="bad", title="坏", version="1"), **hooks}
    for hook, answer in hooks.items():
        setattr(module, hook, hookimpl(specname=hook)(answer))
    return module


@pytest.fixture
def with_bad(oa_installation):
    """``with_bad(oa_permissions=…)``: a running installation with that plugin."""

    def begin(**hooks):
        oa_installation.settings = {**oa_installation.settings, "plugins": {"bad": {}}}
        oa_installation.write()
        oa_installation.plugins = {"bad": bad_plugin(**hooks)}
        running = oa_installation.boot()
        assert running.plugins.states["bad"].state == "ok", running.plugins.states["bad"].reason
        return running

    return begin


def api(summary):
    made = web.Api("bad", title="坏")

    @made.get("/bad", signed_in=True, summary=summary)
    def show():
        return {}

    return made


def specs(doc):
    module = types.ModuleType("bad_specs")

    def oa_bad_things():
        return []

    oa_bad_things.__doc__ = doc
    module.oa_bad_things = hookspec(oa_bad_things)
    return module


SAID = "An explanation that is long enough."
OFFERS = {
    "setting plugins.bad.depth": lambda said: {
        "oa_config_schema": lambda: {"depth": {"type": "integer", "default": 1, **({"meta": {"doc": said}} if said else {})}}},
    "permission bad.thing.do": lambda said: {"oa_permissions": lambda: [c.Permission("bad.thing.do", said)]},
    "role bad_user": lambda said: {"oa_roles": lambda: [c.Role("bad_user", said, {})]},
    "REST GET /bad": lambda said: {"oa_api_blueprints": lambda: [api(said)]},
    "command oa bad": lambda said: {"oa_commands": lambda: [click.Command("bad", help=said)]},
    "option oa bad --deep": lambda said: {
        "oa_commands": lambda: [click.Command("bad", help=SAID, params=[click.Option(["--deep"], help=said)])]},
    "hook oa_bad_things": lambda said: {"oa_hookspecs": lambda: [specs(said)]},
}


@pytest.mark.parametrize("what", OFFERS)
def test_what_a_plugin_offers_without_a_word_is_found(with_bad, monkeypatch, what):
    running = with_bad(**OFFERS[what](""))
    # commands are looked for in the installation of the command line's own; here it is the one that runs
    monkeypatch.setattr("oa_kernel.cli._plugin_commands", lambda _ctx: {k.name: k for k in running.collect("oa_commands")})
    assert reference.undocumented() == [what]
    running = with_bad(**OFFERS[what](SAID))
    assert reference.undocumented() == []


def test_a_signal_without_a_word_is_found(oa, monkeypatch):
    monkeypatch.setattr(signals, "_documents", dict(signals._documents))
    signals.signal("bad.happened", "")
    assert reference.undocumented() == ["signal bad.happened"]


def test_a_hook_of_the_kernel_without_a_word_is_found(oa, monkeypatch):
    from oa_kernel import hookspecs

    monkeypatch.setattr(hookspecs.oa_widgets, "__doc__", "")
    assert reference.undocumented() == ["hook oa_widgets"]


def test_an_object_without_a_word_is_found(oa, monkeypatch):
    monkeypatch.setattr(c.Widget, "__doc__", "")
    assert reference.undocumented() == ["object Widget"]


def test_a_setting_of_the_kernel_without_a_word_is_found(oa, monkeypatch):
    from oa_kernel.config import KERNEL_SCHEMA

    monkeypatch.setitem(KERNEL_SCHEMA["mail"]["schema"]["host"], "meta", {})
    assert reference.undocumented() == ["setting mail.host"]


def test_the_running_installation_is_the_one_that_is_looked_at(with_bad):
    with_bad(oa_permissions=lambda: [c.Permission("bad.thing.do", "做事")])
    assert "bad" in runtime.current().plugins.states and "bad.thing.do" in reference.permissions_page()
    assert "oa_kernel.reference" in sys.modules
