"""Names inside a package, as somebody else may have written them."""

from __future__ import annotations


def safe(path: str) -> bool:
    """Whether a path stays inside the folder or package."""
    return bool(path) and not path.startswith(("/", "\\")) and ":" not in path and "\0" not in path and not any(
        part in ("", ".", "..") for part in path.replace("\\", "/").split("/"))
