"""Every plugin of this repository is held to the conformance suite: whatever stands in ``plugins/`` by itself, so that
nobody has to remember. (On SQLite; ``OA_TEST_DATABASE=postgresql://postgres@/ pytest tests/kit/test_first_party.py`` for the
other engine.)"""

import configparser
from importlib.metadata import entry_points

import pytest

from oa_kernel.testing.conformance import RULES, Subject

from .conftest import ROOT

FOLDERS = sorted(p for p in ROOT.glob("plugins/oa-*") if p.is_dir())


def names(folder):
    """Names of the plugins that a distribution's setup.cfg declares."""
    config = configparser.ConfigParser()
    config.read(folder / "setup.cfg", encoding="utf-8")
    declared = config.get("options.entry_points", "oa.plugins", fallback="")
    return [line.split("=")[0].strip() for line in declared.splitlines() if "=" in line]


PLUGINS = [name for folder in FOLDERS for name in names(folder)]


def test_every_folder_declares_a_plugin_and_is_installed():
    assert [f.name for f in FOLDERS if not names(f)] == []
    installed = {point.name for point in entry_points(group="oa.plugins")}
    assert set(PLUGINS) - installed == set(), "run make install"


@pytest.fixture(scope="module", params=PLUGINS)
def subject(request, tmp_path_factory):
    made = Subject(request.param, tmp_path_factory.mktemp(f"conformance_{request.param}"))
    yield made
    made.close()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_it_conforms(subject, rule):
    assert rule(subject) == [], f"{subject.name}: {rule.__doc__}"
