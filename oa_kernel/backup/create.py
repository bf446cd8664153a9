"""Making a backup while the service runs, and the list of those made."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from oa_kernel import __version__, audit, clock, db, runtime
from oa_kernel.errors import OAError, StorageFull, UsageError

from . import databases
from .archive import SUFFIX, Head, head_of, writing

#: beside the YAML file: what the last backup was, for the doctor
LAST = ".last-backup.json"
#: settings that name a file with a secret; the key ring's own passphrase is never taken along
_SECRETS = ("database.password_file", "mail.password_file")
#: settings needed for putting things back
_SETTINGS = ("keys.path", "storage.path", "database.url", *_SECRETS)
#: the organisation's own folders beside the YAML file
_OWN = ("templates", "workflows")


@dataclass(frozen=True)
class Made:
    """A backup on disk."""

    path: Path
    size: int
    created_at: str
    organisation: str
    engine: str
    encrypted: bool
    #: files inside; 0 where it was not counted
    files: int = 0

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {**asdict(self), "path": str(self.path)}


def create(
    folder: Path, *, passphrase: str = "", progress: Callable[[int, int], Any] | None = None
) -> Made:
    """Writes a backup of the running installation into ``folder``.

    The database is copied as it is at one instant, then files, which never change once they are there. The archive
    gets its name only when it is whole and on disk: what a kill leaves is a hidden part, which the next call removes.

    :param passphrase: seals the archive; empty: in clear.
    :param progress: ``progress(bytes done, bytes in all)``.
    :raises StorageFull, UsageError: nothing is left behind.
    """
    config = runtime.current().config
    now = clock.now()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _remove_parts(folder)
        with tempfile.TemporaryDirectory(prefix=f".database-{os.getpid()}-", dir=folder) as scratch:
            dump = databases.dump(Path(scratch))
            sources = list(_sources(dump))
            total = sum(path.stat().st_size for _, path in sources)
            path = folder / f"oa-{clock.local(now):%Y%m%d-%H%M%S}{SUFFIX}"
            if path.exists():
                raise UsageError(f"{path} 已存在：一秒之内已做过一次备份")
            part = folder / f".part-{os.getpid()}-{path.name}"
            count = _write(part, sources, _head(now), passphrase, total, progress)
        os.replace(part, path)
        _sync(folder)
    except OSError as error:
        _remove_parts(folder, mine=True)
        if error.errno == 28:
            raise StorageFull(f"磁盘已满，备份没有做成，{folder} 里没有留下残件") from None
        raise UsageError(f"不能在 {folder} 里写备份：{error.strerror or error}") from None
    except BaseException:
        _remove_parts(folder, mine=True)
        raise
    made = Made(path, path.stat().st_size, now.isoformat(timespec="seconds"), str(config["organisation"]["name"]),
                db.engine_name(), bool(passphrase), count)
    _remember(made)
    audit.record("backup.create", "backup", path.name, after={"size": made.size, "encrypted": made.encrypted})
    return made


def _write(
    part: Path, sources: list[tuple[str, Path]], head: Head, passphrase: str, total: int,
    progress: Callable[[int, int], Any] | None,
) -> int:
    done = 0

    def count(size: int) -> None:
        nonlocal done
        done += size
        if progress:
            progress(done, total)

    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with writing(file, head, passphrase, count) as archive:
            for name, path in sources:
                archive.add(name, path)
        file.flush()
        os.fsync(file.fileno())
    return len(sources)


def _sources(dump: tuple[str, Path]) -> Iterator[tuple[str, Path]]:
    """Name in the archive, and file, of everything; the database first."""
    config = runtime.current().config
    yield dump
    yield "config/oa.yaml", config.path
    for name in _OWN:
        yield from _tree(f"config/{name}", config.folder / name)
    for key in _SECRETS:
        if config.get_path(key):
            yield f"secrets/{key}", (config.folder / str(config.get_path(key))).resolve()
    yield from _tree("keys", config.file("keys.path"))
    yield from _tree("files", config.file("storage.path"), leave_out="tmp")


def _tree(name: str, folder: Path, leave_out: str = "") -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        parts = path.relative_to(folder).parts
        if path.is_file() and not path.is_symlink() and parts[0] != leave_out:
            yield "/".join((name, *parts)), path


def _head(now: Any) -> Head:
    running = runtime.current()
    settings = {key: str(running.config.get_path(key)) for key in _SETTINGS if running.config.get_path(key)}
    if db.is_postgresql():
        settings["database.url"] = databases.without_password(settings["database.url"])
    return Head(
        organisation=str(running.config["organisation"]["name"]), created_at=now.isoformat(timespec="seconds"),
        engine=db.engine_name(), version=__version__, settings=settings,
        plugins={s.name: s.version for s in running.plugins.ok()},
    )


def listing(folder: Path) -> list[Made]:
    """Backups in a folder, newest first."""
    found = []
    for path in folder.glob(f"*{SUFFIX}") if folder.is_dir() else ():
        try:
            head, sealed = head_of(path)
        except OAError:
            continue  # `oa backup verify` says what is wrong with it
        found.append(Made(path, path.stat().st_size, head.created_at, head.organisation, head.engine, sealed))
    return sorted(found, key=lambda made: made.created_at, reverse=True)


def last() -> dict[str, Any] | None:
    """What :func:`create` last made for this installation, or None."""
    try:
        value: dict[str, Any] = json.loads((runtime.current().config.folder / LAST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value


def _remember(made: Made) -> None:
    path = runtime.current().config.folder / LAST
    temporary = path.with_suffix(f".{os.getpid()}")
    temporary.write_text(json.dumps({**made.as_dict(), "path": str(made.path.resolve())}, ensure_ascii=False), encoding="utf-8")
    os.replace(temporary, path)


def _remove_parts(folder: Path, mine: bool = False) -> None:
    """What killed calls left: parts whose process is gone. ``mine``: this process's."""
    import shutil

    for path in (*folder.glob(".part-*"), *folder.glob(".database-*")):
        pid = path.name.split("-")[1]
        own = pid == str(os.getpid())
        if own != mine or (not own and _alive(pid)):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


__all__ = ["LAST", "Made", "create", "last", "listing"]
