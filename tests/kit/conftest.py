"""One generated plugin, really installed into a folder of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ..service import oa

ROOT = Path(__file__).parents[2]
NAME = "visitors"


class Generated:
    """A plugin made by ``oa new-plugin`` and installed by pip, and an environment that has it."""

    def __init__(self, folder, site):
        self.folder, self.site = folder, site

    @property
    def environ(self):
        """Environment variables with which Python finds the installed plugin."""
        paths = [str(self.site), *map(str, _sources())]
        return {"PYTHONPATH": os.pathsep.join(paths + [p for p in [os.environ.get("PYTHONPATH")] if p])}

    def python(self, *arguments, check=True, **options):
        """Runs Python with the plugin installed."""
        done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=300,
                              env={**os.environ, **self.environ}, **options)
        if check and done.returncode:
            raise AssertionError(f"{' '.join(arguments)} → {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done


def _sources():
    return [ROOT, *(p for p in sorted(ROOT.glob("plugins/oa-*")) + sorted(ROOT.glob("themes/oa-theme-*")))]


def install(folder, site):
    """A real ``pip install``: what is in the wheel is what counts, and its entry point."""
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
         "--no-build-isolation", "--no-index", "--target", str(site), str(folder)],
        check=True, capture_output=True, timeout=120,
    )


@pytest.fixture(scope="session")
def generated(tmp_path_factory):
    """``oa new-plugin visitors``, installed."""
    base = tmp_path_factory.mktemp("generated")
    oa("new-plugin", NAME, "--dir", str(base), "--title", "访客登记")
    made = Generated(base / "oa-visitors", base / "site")
    install(made.folder, made.site)
    return made
