"""Changing the YAML file: comments and order kept, whole or not at all, two writers one after the other.

    with editing.open_file(path) as file:
        file.section("documents")["enabled"] = False
        file.write()
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..errors import Conflict
from .load import read


def digest(path: Path) -> str:
    """What the file is known by while somebody looks at it: 16 hex digits of its content."""
    try:
        return hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()
    except OSError:
        return ""


class Editing:
    """The file as it was read, and as it shall be. Only inside :func:`open_file`."""

    def __init__(self, path: Path) -> None:
        from ruamel.yaml import YAML
        from ruamel.yaml.comments import CommentedMap

        read(path)  # a file with a mistake is answered with its line, not half understood
        self.path, self.before = path, path.read_bytes()
        self._yaml = YAML()
        self._yaml.preserve_quotes = True
        self._yaml.width = 4096  # long lines stay lines
        self.data: Any = self._yaml.load(self.before.decode("utf-8"))
        if self.data is None:  # comments alone: ruamel gives nothing to hang them on
            self.data = CommentedMap()
            self.data.yaml_set_start_comment("\n".join(
                line.lstrip("#").strip() for line in self.before.decode("utf-8").splitlines() if line.strip()))

    def section(self, name: str) -> Any:
        """The plugin's own section, made a mapping where it was left empty, ``true`` or ``false``."""
        from ruamel.yaml.comments import CommentedMap

        if not isinstance(self.data.get("plugins"), dict):
            self.data["plugins"] = CommentedMap()
        plugins = self.data["plugins"]
        own = plugins.get(name)
        if not isinstance(own, dict):
            plugins[name] = CommentedMap({"enabled": False} if own is False else {})
        return plugins[name]

    def remove_section(self, name: str) -> None:
        """Takes a plugin's section out; nothing where there is none."""
        plugins = self.data.get("plugins")
        if isinstance(plugins, dict):
            plugins.pop(name, None)

    def write(self) -> None:
        """Writes the file in one step: whoever reads it meanwhile sees the old one or the new one."""
        out = io.BytesIO()
        self._yaml.dump(self.data, out)
        _replace(self.path, out.getvalue())

    def undo(self) -> None:
        """Puts the file back as it was read."""
        _replace(self.path, self.before)


@contextmanager
def open_file(path: Path, expected: str = "") -> Iterator[Editing]:
    """The file to change, locked against others who change it this way.

    :param expected: the :func:`digest` somebody decided on.
    :raises Conflict: when the file is another by now, or cannot be written.
    """
    import fcntl

    path = path.resolve()  # a link stays a link: what it leads to is changed
    try:
        lock = path.with_name(f".{path.name}.lock").open("w")
    except OSError as error:
        raise _not_writable(path, error) from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if expected and digest(path) != expected:
            raise Conflict(f"{path.name} 刚被别人改过：请刷新页面，核对后再提交", code="file_changed")
        yield Editing(path)


def _replace(path: Path, content: bytes) -> None:
    mode = path.stat().st_mode & 0o777
    name = ""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        os.replace(name, path)
        _sync_folder(path.parent)
    except OSError as error:
        if name:
            with suppress(OSError):
                os.unlink(name)
        raise _not_writable(path, error) from None


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _not_writable(path: Path, error: OSError) -> Conflict:
    return Conflict(
        f"不能写 {path}（{error.strerror}）：请让运行服务的用户可以写它和它所在的文件夹，或在服务器上手工修改",
        code="config_not_writable")


__all__ = ["Editing", "digest", "open_file"]
