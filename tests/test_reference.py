"""What the code offers is explained, and the reference in docs/ is what the code says."""

import importlib.util
import inspect
from pathlib import Path

import pytest

from oa_kernel import reference, signals

DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture(scope="module")
def pages():
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.generate()


@pytest.mark.parametrize("name", ["hooks.md", "signals.md", "settings.md", "permissions.md", "commands.md"])
def test_the_reference_is_up_to_date(pages, name):
    written = DOCS / "reference" / name
    assert written.exists(), "run make docs"
    assert written.read_text(encoding="utf-8") == pages[name], f"docs/reference/{name} is old: run make docs"


def test_every_hook_is_explained():
    assert [name for name, (_, text) in reference.hooks().items() if len(text) < 20] == []


def test_every_declarative_object_is_explained():
    assert [name for name, (_, text) in reference.objects().items() if len(text) < 20] == []


def test_every_signal_is_explained():
    assert [name for name, text in signals.documented().items() if len(text) < 15] == []


def test_every_setting_is_explained(oa):
    assert [s["key"] for s in reference.settings() if len(s["doc"]) < 4] == []


def test_every_command_and_every_option_is_explained():
    unexplained = []
    for name, command in reference.commands():
        if not inspect.cleandoc(command.help or ""):
            unexplained.append(name)
    assert unexplained == []
