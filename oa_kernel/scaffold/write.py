"""Writing the files: all of them or none."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from oa_kernel import __version__
from oa_kernel.errors import UsageError

from .names import PluginNames, check_name

_TEMPLATE = Path(__file__).parent / "template"


def write(name: str, parent: Path, *, title: str = "") -> Path:
    """Makes the plugin ``name`` in ``parent/oa-NAME``; returns that folder.

    :param title: for people; the name itself if left out.
    :raises UsageError: for a name a plugin may not have, or a folder in use.
    """
    names = PluginNames(check_name(name), _clean(title) or name)
    target = parent / names.distribution
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"{target} 已有内容：换一个名字，或用 --dir 指定别的文件夹")
    try:
        parent.mkdir(parents=True, exist_ok=True)
        # made beside its place and moved there whole: an interrupted command leaves no half plugin
        making = Path(tempfile.mkdtemp(prefix=f".{names.distribution}.", dir=parent))
    except OSError as error:
        raise UsageError(f"不能在 {parent} 里写：{error.strerror}") from None
    try:
        for path, text in files(names):
            (making / path).parent.mkdir(parents=True, exist_ok=True)
            (making / path).write_text(text, encoding="utf-8")
        making.chmod(0o755)
        os.replace(making, target)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    return target


def files(names: PluginNames) -> Iterator[tuple[Path, str]]:
    """Path within the plugin, and text, of every file."""
    words = {
        "name": names.name, "title": names.title, "english": names.english, "package": names.package,
        "distribution": names.distribution, "kernel": ".".join(__version__.split(".")[:2]),
    }
    for source in sorted(_TEMPLATE.rglob("*.txt")):
        text = source.read_text(encoding="utf-8")
        for word, value in words.items():
            text = text.replace(f"@@{word}@@", value)
        yield _place(source.relative_to(_TEMPLATE), names), text


def _place(path: Path, names: PluginNames) -> Path:
    parts = list(path.parts)
    parts[-1] = parts[-1].removesuffix(".txt")
    if parts == ["gitignore"]:
        return Path(".gitignore")
    if parts == ["tests", "test_plugin.py"]:  # tests of several plugins are run together: one name each
        return Path("tests", f"test_{names.name}.py")
    if parts[0] == "package":
        parts[0] = names.package
        if parts[1] == "templates":
            parts.insert(2, names.package)
    return Path(*parts)


def _clean(title: str) -> str:
    """One line without what would end a string in Python, YAML or a catalogue."""
    title = " ".join(title.split())
    bad = sorted({c for c in title if c in "\"'\\{}[]%&*#:@`,|>!?"})
    if bad:
        raise UsageError(f"标题里不能有 {' '.join(bad)}")
    if len(title) > 40:
        raise UsageError("标题不能超过 40 个字")
    return title


__all__ = ["files", "write"]
