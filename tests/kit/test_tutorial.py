"""The tutorial, done as it is written: every command run, every change made."""

import os
import re
import shlex
import subprocess
import sys

import pytest

from .conftest import ROOT, _sources, install

TUTORIAL = ROOT / "docs" / "tutorial.md"
_BLOCK = re.compile(r"^```(sh|diff)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def desk(tmp_path):
    """A folder to work in, with ``oa``, ``pytest`` and ``git`` on the path and nothing installed yet."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, module in (("oa", "oa_kernel.cli"), ("pytest", "pytest -p no:cacheprovider")):
        (tools / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m {module} "$@"\n')
        (tools / name).chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    return work


def _environ(desk):
    # the plugin's folder comes first, as it would for `pip install -e`; its entry point is in the installed copy
    paths = [desk / "plugins" / "oa-visitors", desk.parent / "site", *_sources()]
    return {**os.environ, "PATH": f"{desk.parent / 'tools'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(map(str, paths)), "PYTHONDONTWRITEBYTECODE": "1"}


def _command(desk, line):
    if line.startswith("pip install -e "):
        install(desk / line.removeprefix("pip install -e "), desk.parent / "site")
        for made in ("build", "oa_visitors.egg-info"):
            subprocess.run(["rm", "-rf", str(desk / "plugins" / "oa-visitors" / made)], check=True)
        return
    if line.endswith(" serve"):
        return  # tried in test_new_plugin
    done = subprocess.run(["sh", "-ec", line], cwd=desk, env=_environ(desk), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"


def test_the_tutorial_works_as_it_is_written(desk):
    blocks = _BLOCK.findall(TUTORIAL.read_text(encoding="utf-8"))
    assert len(blocks) > 12
    for kind, text in blocks:
        if kind == "diff":
            done = subprocess.run(["git", "apply", "--unidiff-zero", "-"], cwd=desk, input=text, capture_output=True, text=True,
                                  env={**os.environ, "GIT_CEILING_DIRECTORIES": str(desk.parent)})
            assert done.returncode == 0, f"{text}\n{done.stderr}"
            continue
        for line in text.strip().splitlines():
            _command(desk, line)
    assert (desk / "plugins/oa-visitors/oa_visitors/migrations/002_place.py").is_file()


def test_what_the_tutorial_lists_is_what_is_made(desk):
    _command(desk, "oa new-plugin visitors --dir plugins --title 访客登记")
    made = desk / "plugins" / "oa-visitors"
    rows = re.findall(r"^\| (`.*?) \|", TUTORIAL.read_text(encoding="utf-8"), re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert "oa_visitors/plugin.py" in named
    for name in named:
        assert (made / name).exists() or (made / "oa_visitors" / name).exists(), name
    tests = (made / "tests" / "test_visitors.py").read_text().count("\ndef test_")
    assert tests == 16 and "十六条测试" in TUTORIAL.read_text(encoding="utf-8")
