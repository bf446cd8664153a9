"""Writes docs/reference from the code: ``make docs``."""

from __future__ import annotations

import configparser
import sys
import tempfile
from pathlib import Path

REFERENCE = Path(__file__).parent / "reference"
ROOT = Path(__file__).parents[1]


def plugins() -> list[str]:
    """Names of the plugins in this repository, as their setup.cfg declares them."""
    found = []
    for folder in sorted(ROOT.glob("plugins/oa-*/setup.cfg")):
        config = configparser.ConfigParser()
        config.read(folder, encoding="utf-8")
        declared = config.get("options.entry_points", "oa.plugins", fallback="")
        found += [line.split("=")[0].strip() for line in declared.splitlines() if "=" in line]
    return found


def generate() -> dict[str, str]:
    """Boots a throw-away installation with all plugins of this repository and gives the pages."""
    from oa_kernel import crypto, db, ledgers, reference, runtime
    from oa_kernel.db import migrate

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "oa.yaml"
        path.write_text("plugins:\n" + "".join(f"  {name}: {{}}\n" for name in plugins()), encoding="utf-8")
        crypto.KeyRing.create(Path(folder) / "keys")
        running = runtime.boot(path)
        migrate.upgrade(running.plugins)
        ledgers.sync()
        broken = running.plugins.broken()
        if broken:
            raise SystemExit(f"plugin {broken[0].name} is broken: {broken[0].reason} (make install?)")
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
