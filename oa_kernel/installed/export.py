"""The archive a purge leaves behind: ``exports/NAME-DATE.zip`` beside the YAML file, for its owner's eyes only.

::

    manifest.json            which plugin and version, when, how many rows of what, the SM3 of every part
    settings.json            its section of the YAML file
    tables/TABLE.jsonl       a row a line
    kernel/NAME.jsonl        rows about it in the kernel's tables: grants, attachments, definitions …
    files.jsonl  files/ID/NAME

Times are UTC in ISO 8601; bytes are ``{"$base64": …}``.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from oa_kernel import clock, crypto, files, runtime
from oa_kernel.errors import Conflict, OAError

from .belongings import lines

FOLDER = "exports"


class Export:
    """The archive while it is written. Left without :meth:`keep`, nothing of it stays."""

    def __init__(self, name: str, version: str) -> None:
        folder = runtime.current().config.folder / FOLDER
        stamp = f"{clock.local(clock.now()):%Y%m%d-%H%M%S}"
        self.name, self.version = name, version
        self.path = folder / f"{name}-{stamp}.zip"
        self.counts: dict[str, int] = {}
        self._digests: dict[str, str] = {}
        self._files: list[dict[str, Any]] = []
        self._kept = False
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            handle = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        except OSError as error:
            raise Conflict(f"不能写导出文件 {self.path}（{error.strerror}）", code="export_not_writable") from None
        self._raw = os.fdopen(handle, "w+b")
        self._zip = zipfile.ZipFile(self._raw, "w", zipfile.ZIP_DEFLATED, allowZip64=True)

    def __enter__(self) -> Export:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(Exception):
            self._zip.close()
        self._raw.close()
        if not self._kept:
            with suppress(OSError):
                self.path.unlink()

    def table(self, table: str) -> None:
        """All rows of a table."""
        self.counts[table] = self._lines(f"tables/{table}.jsonl", lines(table))

    def rows(self, what: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Rows of the kernel's that go with the plugin; nothing where there are none."""
        found = list(rows)
        if found:
            self._lines(f"kernel/{what}.jsonl", found)

    def settings(self, section: Any) -> None:
        """The plugin's section of the YAML file."""
        self._lines("settings.json", [section if isinstance(section, dict) else {}])

    def files(self, found: Iterable[Any]) -> None:
        """Contents of files, those left out that are in already. What is missing or altered is said, and the rest goes on."""
        done = {f["id"] for f in self._files}
        for file in found:
            if file.id in done:
                continue
            entry: dict[str, Any] = {"id": file.id, "name": file.name, "size": file.size, "sm3": file.sm3, "mime": file.mime}
            entry["path"] = f"files/{file.id}/{_plain(file.name)}"
            try:
                with self._zip.open(entry["path"], "w", force_zip64=True) as sink:
                    files.copy_to(file, sink)
            except (OAError, OSError, crypto.CryptoError) as error:
                entry["problem"] = str(error)
            self._files.append(entry)

    def close(self) -> Path:
        """Writes list and manifest, and makes sure that all of it is on the disk."""
        self._lines("files.jsonl", self._files)
        manifest = {
            "plugin": self.name, "version": self.version, "at": clock.now(), "organisation":
            runtime.current().config["organisation"]["name"], "rows": self.counts, "files": len(self._files),
            "sm3": self._digests,
        }
        self._zip.writestr("manifest.json", json.dumps(manifest, ensure_ascii=False, indent=2, default=plain))
        self._zip.close()
        self._raw.flush()
        os.fsync(self._raw.fileno())
        return self.path

    def keep(self) -> None:
        """It stays: what it holds is gone from the database."""
        self._kept = True

    def _lines(self, name: str, rows: Iterable[Mapping[str, Any]]) -> int:
        digest, count = crypto.SM3(), 0
        with self._zip.open(name, "w", force_zip64=True) as sink:
            for row in rows:
                line = (json.dumps(row, ensure_ascii=False, default=plain) + "\n").encode()
                digest.update(line)
                sink.write(line)
                count += 1
        self._digests[name] = digest.hexdigest()
        return count


def plain(value: Any) -> Any:
    """What JSON has no word for."""
    if isinstance(value, dt.datetime):
        return (value if value.tzinfo else value.replace(tzinfo=dt.UTC)).isoformat()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes | memoryview | bytearray):
        return {"$base64": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, Decimal | UUID | Path | dt.timedelta):
        return str(value)
    raise TypeError(f"cannot export {type(value).__name__}")


def _plain(name: str) -> str:
    """A name that leads nowhere else when somebody unpacks the archive."""
    return name.replace("/", "_").replace("\\", "_").lstrip(".")[:150] or "file"


__all__ = ["FOLDER", "Export", "plain"]
