"""The default theme: what the kernel asks of a theme's entry point, and nothing that takes time to import."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

_HERE = Path(__file__).parent

__version__ = "0.1.0"


def _icons() -> frozenset[str]:
    lines = (line.split("#")[0].strip() for line in (_HERE / "icons.txt").read_text("utf-8").splitlines())
    return frozenset(line for line in lines if line)


#: read by the kernel; ``static_manifest`` gives the files that are built (``asset("tabler.css")``) their place
theme = SimpleNamespace(
    name="default",
    title="默认主题",
    version=__version__,
    template_folder=str(_HERE / "templates"),
    static_folder=str(_HERE / "static"),
    static_manifest={
        "tabler.css": "vendor/tabler.min.css",
        "tabler.js": "vendor/tabler.min.js",
        "htmx.js": "vendor/htmx.min.js",
        "icons.svg": "vendor/icons.svg",
    },
    icons=_icons(),
)

__all__ = ["theme"]
