"""What an administrator installs is whole: every template, translation, workflow and asset is in the wheel."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "oa_kernel": ROOT,
    "oa_documents": ROOT / "plugins" / "oa-documents",
    "oa_theme_default": ROOT / "themes" / "oa-theme-default",
}


def wanted(package, folder):
    """Every file of the package that is not a test."""
    found = set()
    for path in (folder / package).rglob("*"):
        parts = path.relative_to(folder).parts
        if path.is_file() and "__pycache__" not in parts and "tests" not in parts and path.suffix != ".pyc":
            found.add("/".join(parts))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("package", PACKAGES)
def test_the_wheel_holds_everything(package, tmp_path):
    source = tmp_path / "source"
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "."], cwd=PACKAGES[package], capture_output=True, text=True,
    )
    if listed.returncode:
        pytest.skip("not a git checkout: the list of source files is unknown")
    files = [f for f in listed.stdout.splitlines() if package in f.split("/")[0] or "/" not in f]
    # what the theme builds from npm is not in git, but belongs into the wheel
    files += [str(p.relative_to(PACKAGES[package])) for p in (PACKAGES[package] / package).rglob("static/vendor/*")]
    for name in files:
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (PACKAGES[package] / name).is_file():
            target.write_bytes((PACKAGES[package] / name).read_bytes())
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q", "-w", str(tmp_path), str(source)],
        capture_output=True, text=True,
    )
    assert done.returncode == 0, done.stderr
    wheel, = tmp_path.glob("*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    missing = sorted(wanted(package, source) - inside)
    assert missing == []
    assert not [name for name in inside if "/tests/" in name and name.endswith(".py")]
