"""Lists on paper: PDF/A-2b out of a typst template and its values, in open fonts that come along by pip."""

from __future__ import annotations

import json
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

_TEMPLATES = Path(__file__).parent / "paper_templates"
_lock = threading.Lock()


def fonts() -> list[str]:
    """Folders with fonts: the one of the documents plugin first, so that an organisation's own fonts hold here too."""
    import pylopdf_fonts_zh_cn

    found = []
    own = _documents_fonts()
    if own is not None and own.is_dir():
        found.append(str(own))
    found.append(str(Path(pylopdf_fonts_zh_cn.serif_path()).parent))
    return found


def _documents_fonts() -> Path | None:
    from oa_kernel import runtime

    config = runtime.current().config
    name = str(config.plugin("documents").get("fonts") or "") if "documents" in config["plugins"] else ""
    return (config.folder / name).resolve() if name else None


def pdf(template: str, data: dict[str, Any]) -> bytes:
    """The template beside this module (``transfer.typ``), which finds its values in ``d``; no value is read as markup."""
    import typst

    text = json.dumps(data, ensure_ascii=False).replace("\\", "\\\\").replace('"', '\\"')
    source = f'#let d = json(bytes("{text}"))\n{_template(template)}'
    with _lock:
        made: bytes = typst.compile(source.encode(), format="pdf", font_paths=fonts(), ignore_system_fonts=True,
                                   pdf_standards=["a-2b"])
    return made


@lru_cache(maxsize=16)
def _template(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")
