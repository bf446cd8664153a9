"""Putting a backup back, into an empty folder only, whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from oa_kernel.crypto import CryptoError
from oa_kernel.errors import Invalid, UsageError

from . import databases
from .archive import HEAD, Head, head_of
from .verify import check


def restore(
    path: Path, target: Path, *, passphrase: str = "", database: str = "",
    progress: Callable[[int, int], Any] | None = None,
) -> Head:
    """Makes ``target`` an installation as it was when the backup was made.

    Everything is written and checked beside ``target`` first; it gets its name only when all digests are right. A
    kill in the middle leaves ``target`` as it was, and a hidden folder that the next call removes.

    :param database: for PostgreSQL: the URL of an empty database, in place of the one in the configuration.
    :raises UsageError: for a folder in use. Invalid: for a backup that is not whole. Conflict: for a database in use.
    """
    head, _sealed = head_of(path)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(f"{target} 已有内容：只能恢复到空的或不存在的文件夹")
    if database and head.engine != "postgresql":
        raise UsageError("--database 只用于 PostgreSQL 的备份；这份备份里是 SQLite")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(target)
        making = Path(tempfile.mkdtemp(prefix=f".{target.name}.restoring-{os.getpid()}-", dir=target.parent))
    except OSError as error:
        raise UsageError(f"不能在 {target.parent} 里写：{error.strerror}") from None
    try:
        places = _places(head)
        try:
            problems = check(path, passphrase, lambda name, _size: _place(making, places, name), progress=progress)
        except CryptoError as error:
            raise Invalid(f"{path.name} 无法解密：口令不对，或文件已被改动、截断（{error}）", code="damaged") from None
        if problems:
            raise Invalid(f"备份不完整，什么也没有恢复：{'；'.join(problems[:5])}", code="damaged")
        _rewrite(making / "oa.yaml", head, places, database)
        if head.engine == "postgresql":
            dump = making / ".database" / "oa.dump"
            url, password = database or head.settings["database.url"], _password(making, head, places)
            databases.require_empty(url, password)
            databases.fill_postgresql(url, password, dump)
            shutil.rmtree(dump.parent)
        os.replace(making, target)  # an empty folder is replaced, one in use is not
        descriptor = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    return head


def _places(head: Head) -> dict[str, str]:
    """Where, below the folder, each part belongs: where it was if that was inside, else under a plain name."""
    settings = head.settings
    places = {"keys": _inside(settings.get("keys.path", ""), "keys"),
              "files": _inside(settings.get("storage.path", ""), "files")}
    url = urlsplit(settings.get("database.url", ""))
    places["database"] = _inside(unquote(url.path[1:]), "oa.db") if head.engine == "sqlite" else ".database/oa.dump"
    for key, value in settings.items():
        if key.endswith("_file"):
            places[key] = _inside(value, f"secrets/{key}")
    return places


def _inside(path: str, default: str) -> str:
    pure = PurePosixPath(path)
    good = path and not pure.is_absolute() and ".." not in pure.parts and str(pure) != "."
    return str(pure) if good else default


def _place(making: Path, places: Mapping[str, str], name: str) -> Path | None:
    if name == HEAD:
        return None
    part, _, rest = name.partition("/")
    if part == "config":
        return making / rest
    if part == "database":
        return making / places["database"]
    if part == "secrets":
        return making / places.get(rest, f"secrets/{rest}")
    return making / places[part] / rest


def _rewrite(path: Path, head: Head, places: Mapping[str, str], database: str) -> None:
    """Points the configuration to where things are now, where that is elsewhere; comments and order are kept."""
    wanted = {"keys.path": places["keys"], "storage.path": places["files"],
              **{k: v for k, v in places.items() if k.endswith("_file")}}
    if head.engine == "sqlite":
        wanted["database.url"] = f"sqlite:///{places['database']}"
    elif database:
        wanted["database.url"] = database
    changed = {k: v for k, v in wanted.items() if k in head.settings and head.settings[k] != v}
    if not changed:
        return
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    with path.open(encoding="utf-8") as file:
        data = yaml.load(file)
    for dotted, value in changed.items():
        section, _, key = dotted.partition(".")
        data.setdefault(section, {})[key] = value
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(data, file)
        file.flush()
        os.fsync(file.fileno())


def _password(making: Path, head: Head, places: Mapping[str, str]) -> str:
    name = places.get("database.password_file")
    path = making / name if name else None
    return path.read_text(encoding="utf-8").strip() if path and path.is_file() else ""


def _remove_leftovers(target: Path) -> None:
    """What killed calls for the same folder left."""
    from .create import _alive

    for path in target.parent.glob(f".{target.name}.restoring-*"):
        pid = path.name.rpartition("restoring-")[2].split("-")[0]
        if not _alive(pid):
            shutil.rmtree(path, ignore_errors=True)


__all__ = ["restore"]
