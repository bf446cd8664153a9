"""Writes docs/reference from the code: ``make docs``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

REFERENCE = Path(__file__).parent / "reference"


def generate() -> dict[str, str]:
    """Boots a throw-away installation with all installed plugins and gives the pages."""
    from importlib.metadata import entry_points

    from oa_kernel import db, reference, runtime
    from oa_kernel.plugins import PLUGIN_GROUP

    with tempfile.TemporaryDirectory() as folder:
        names = sorted({ep.name for ep in entry_points(group=PLUGIN_GROUP) if ep.name in ("documents",)})
        plugins = "".join(f"  {name}: {{}}\n" for name in names)
        path = Path(folder) / "oa.yaml"
        path.write_text(f"plugins:\n{plugins}" if plugins else "plugins: {}\n", encoding="utf-8")
        running = runtime.boot(path)
        broken = running.plugins.broken()
        if broken:
            raise SystemExit(f"plugin {broken[0].name} is broken: {broken[0].reason}")
        pages = reference.pages()
        db.close()
    return pages


def main() -> int:
    REFERENCE.mkdir(exist_ok=True)
    for name, text in generate().items():
        (REFERENCE / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
