"""Where packages go: a folder here, or one on another machine by SFTP or in an object store (``oa-archives[remote]``).

A file appears under its name when it is whole: it is written beside and renamed; an object store does that by itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from oa_kernel import runtime
from oa_kernel.crypto import SM3
from oa_kernel.errors import Invalid, StorageFull, Unavailable, UsageError

from . import settings

_PIECE = 1024 * 1024
_FULL = (28, 122)


class Place(Protocol):
    """A folder to write packages into."""

    #: without any password
    shown: str

    def writing(self, name: str) -> Any:
        """A binary file that stands under ``name`` once the block ends well."""

    def reading(self, name: str) -> Any:
        """The file; FileNotFoundError where there is none."""


class Folder:
    """A folder of this machine."""

    def __init__(self, path: Path) -> None:
        self.path, self.shown = path, str(path)

    @contextmanager
    def writing(self, name: str) -> Iterator[Any]:
        """Synced to disk before it gets its name."""
        target = self.path / name
        part = target.with_name(f".part-{os.getpid()}-{target.name}"[-200:])
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, target)
        except OSError as error:
            if error.errno in _FULL:
                raise StorageFull(f"磁盘已满：{name} 没有写完，已写好的包不受影响") from error
            raise Unavailable(f"不能写入 {self.path}：{error.strerror or error}") from error
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)

    @contextmanager
    def reading(self, name: str) -> Iterator[Any]:
        with (self.path / name).open("rb") as file:
            yield file


class Remote:
    """A folder that fsspec reaches."""

    def __init__(self, url: str, options: Mapping[str, Any]) -> None:
        try:
            import fsspec
        except ImportError:
            raise UsageError("导出到别的机器要先安装：pip install 'oa-archives[remote]'") from None
        parts = urlsplit(url)
        self._scheme = parts.scheme
        self.shown = f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
        self._folder = (f"{parts.netloc}{parts.path}" if parts.scheme == "s3" else unquote(parts.path)).rstrip("/")
        try:
            self._system = fsspec.filesystem(parts.scheme, skip_instance_cache=True, **options)
        except Exception as error:  # the library's and its driver's, of many kinds
            raise Unavailable(f"连不上 {self.shown}：{type(error).__name__}: {error}") from error
        self._made: set[str] = set()

    @contextmanager
    def writing(self, name: str) -> Iterator[Any]:
        """Whole or not there."""
        target = f"{self._folder}/{name}"
        parent = target.rpartition("/")[0]
        with self._told():
            if parent not in self._made and self._scheme != "s3":
                self._system.makedirs(parent, exist_ok=True)
            self._made.add(parent)
            if self._scheme == "s3":  # an object is there when its upload is closed, and an aborted one leaves nothing
                file = self._system.open(target, "wb")
                try:
                    yield file
                except BaseException:
                    file.discard()
                    raise
                file.close()
                return
            part = f"{parent}/.part-{target.rpartition('/')[2]}"
            with self._system.open(part, "wb") as file:
                if hasattr(file, "set_pipelined"):
                    file.set_pipelined(True)  # does not wait for an answer to every piece
                yield file
            self._system.mv(part, target)

    @contextmanager
    def reading(self, name: str) -> Iterator[Any]:
        with self._told(), self._system.open(f"{self._folder}/{name}", "rb") as file:
            yield file

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            raise Unavailable(f"{self.shown}：{error}") from error
        except Exception as error:
            if type(error).__module__.partition(".")[0] not in ("paramiko", "botocore", "aiobotocore", "s3fs", "fsspec"):
                raise
            raise Unavailable(f"{self.shown}：{type(error).__name__}: {error}") from error


def digest_of(place: Place, name: str) -> tuple[int, str] | None:
    """Size and SM3 of a file as it lies there; None where there is none."""
    digest, size = SM3(), 0
    try:
        with place.reading(name) as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                size += len(piece)
    except FileNotFoundError:
        return None
    return size, digest.hexdigest()


def names() -> list[str]:
    """Places that are set up: what may be chosen on the pages."""
    return list(_places())


def open_place(name: str, below: str = "") -> Place:
    """The place of a name in the settings, or of a path or address.

    :param below: folder inside a place of the settings, which holds more than one package; a path given is the package's own.
    :raises Invalid: an address of no known kind, a path that is not whole. UsageError: the extra is not installed.
        Unavailable: no connection.
    """
    known = _places()
    entry = known.get(name) or {"url": name}
    url = entry["url"]
    parts = urlsplit(without_password(url))
    if parts.scheme in ("", "file") or len(parts.scheme) == 1:
        path = unquote(parts.path) if parts.scheme == "file" else url
        if name not in known and not Path(path).is_absolute():  # whoever takes it up again may stand in another folder
            raise Invalid(f"“{name}”不是设置里的去处，也不是完整的路径")
        return Folder((runtime.current().config.folder / path / (below if name in known else "")).resolve())
    if parts.scheme not in ("sftp", "s3"):
        raise Invalid(f"不认识“{parts.scheme}://”：可用文件夹、sftp://用户@主机/文件夹、s3://桶/前缀")
    return Remote(f"{url.rstrip('/')}/{below}" if below and name in known else url, _options(parts, entry))


def without_password(address: str) -> str:
    """An address as it may be kept and shown."""
    parts = urlsplit(address)
    if parts.password is None:
        return address
    raise Invalid("地址里不要写口令：用密钥登录，或在设置 places 里给出口令文件")


def _options(parts: Any, entry: Mapping[str, Any]) -> dict[str, Any]:
    secret = _read(entry.get("password_file", ""))
    folder = runtime.current().config.folder
    user = entry.get("username") or (parts.username if parts.scheme == "sftp" else "")
    if parts.scheme == "s3":
        given = {"key": user or None, "secret": secret or None, "endpoint_url": entry.get("endpoint") or None}
        return {k: v for k, v in given.items() if v}
    options: dict[str, Any] = {
        # a server whose key nobody vouched for is refused: what is handed on is not given to just anybody
        "host": parts.hostname, "port": parts.port or 22, "timeout": 30,
        "host_key_policy": _known(folder / Path(entry.get("known_hosts") or "~/.ssh/known_hosts").expanduser()),
    }
    if user:
        options["username"] = user
    if entry.get("key_file"):
        options["key_filename"] = str(folder / entry["key_file"])
    if secret:
        options["password"] = secret
    return options


def _known(path: Path) -> Any:
    """Whom one connects to: the servers whose keys stand in the file."""
    try:
        import paramiko
    except ImportError:
        raise UsageError("导出到别的机器要先安装：pip install 'oa-archives[remote]'") from None
    keys = paramiko.HostKeys(str(path) if path.is_file() else None)

    class Policy(paramiko.RejectPolicy):  # type: ignore[misc,unused-ignore]
        """Refuses all others, and says so."""

        def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:
            if not keys.check(hostname, key):
                raise paramiko.SSHException(f"{path} 里没有 {hostname} 的主机密钥（{key.get_name()}），请核对后写入")

    return Policy()


def _read(name: str) -> str:
    if not name:
        return ""
    try:
        return (runtime.current().config.folder / name).read_text(encoding="utf-8").splitlines()[0].strip()
    except (OSError, IndexError):
        raise UsageError(f"无法读取口令文件 {name}") from None


def _places() -> dict[str, Mapping[str, Any]]:
    places: dict[str, Mapping[str, Any]] = dict(settings.get("places"))
    return places or {"本机": {"url": "handover"}}


__all__ = ["Folder", "Place", "Remote", "digest_of", "names", "open_place", "without_password"]
