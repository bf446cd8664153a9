"""The database's part of a backup: SQLite by its online backup API, PostgreSQL by its own tools."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

from oa_kernel import db, runtime
from oa_kernel.errors import Conflict, OAError, StorageFull, Unavailable

SQLITE, POSTGRESQL = "database/oa.db", "database/oa.dump"
_PAGES = 2000


def dump(scratch: Path) -> tuple[str, Path]:
    """The database as it is at one instant: name in the archive, and a file in ``scratch``. Writers do not wait."""
    if db.is_postgresql():
        target = scratch / "oa.dump"
        url = str(runtime.current().config["database"]["url"])
        password = runtime.current().config.secret("database.password_file")
        run("pg_dump", url, password, "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
        return POSTGRESQL, target
    target = scratch / "oa.db"
    source = sqlite3.connect(db.database.obj.database, timeout=30)
    copy = sqlite3.connect(target)
    try:
        with source, copy:
            source.backup(copy, pages=_PAGES, sleep=0.01)
        copy.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.OperationalError as error:
        raise StorageFull(f"数据库没有抄成：{error}。请检查 {scratch.parent} 所在磁盘的余量") from None
    finally:
        copy.close()
        source.close()
    return SQLITE, target


def problems_of(name: str, path: Path) -> list[str]:
    """What is wrong with a database taken out of a backup; empty when it is whole."""
    if name == SQLITE:
        connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
        try:
            found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
        except sqlite3.DatabaseError as error:
            found = [str(error)]
        finally:
            connection.close()
        return [f"数据库损坏：{text}" for text in found if text != "ok"]
    tool = shutil.which("pg_restore")
    if tool is None:
        return []  # its digest was right; reading it needs PostgreSQL's tools
    done = subprocess.run([tool, "--list", str(path)], capture_output=True, text=True, timeout=600)
    return [] if done.returncode == 0 else [f"数据库转储无法读取：{done.stderr.strip()[:300]}"]


def fill_postgresql(url: str, password: str, path: Path) -> None:
    """Puts a dump into an empty database, whole or not at all.

    :raises Conflict: when there are tables in it already.
    """
    run("pg_restore", url, password, "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", str(path))


def require_empty(url: str, password: str) -> None:
    """Raises Conflict unless the database is there and has no table."""
    import psycopg2

    parts = urlsplit(url)
    options = {"host": parts.hostname, "port": parts.port, "user": unquote(parts.username or ""),
               "password": password or unquote(parts.password or "")}
    try:
        connection = psycopg2.connect(dbname=parts.path.lstrip("/"), **{k: v for k, v in options.items() if v})
    except psycopg2.OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        raise Unavailable(f"连不上要恢复到的数据库：{reason}。请先建一个空库，用 --database 指明") from None
    try:
        cursor = connection.cursor()
        cursor.execute("SELECT COUNT(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")
        if cursor.fetchone()[0]:
            raise Conflict(f"数据库 {parts.path.lstrip('/')} 里已有表：只能恢复到空库，请用 --database 指明另一个")
    finally:
        connection.close()


def run(tool: str, url: str, password: str, *arguments: str) -> None:
    """PostgreSQL's tool on a database; the password goes by the environment, never by the command line."""
    path = shutil.which(tool)
    if path is None:
        raise OAError(f"备份 PostgreSQL 需要 {tool}，没有找到：请安装 PostgreSQL 的客户端工具"
                      "（Debian：apt install postgresql-client），版本不低于服务器", code="tool_missing")
    parts = urlsplit(url)
    secret = password or unquote(parts.password or "")
    environ = {**os.environ, **({"PGPASSWORD": secret} if secret else {})}
    done = subprocess.run([path, f"--dbname={without_password(url)}", "--no-password", *arguments], capture_output=True,
                          text=True, env=environ)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["没有说明"])[0]
        raise OAError(f"{tool} 失败：{reason[:300]}", code="tool_failed")


def without_password(url: str) -> str:
    """The URL as it may be written down."""
    parts = urlsplit(url)
    if not parts.password:
        return url
    user, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user.partition(':')[0]}@{host}").geturl()


__all__ = ["POSTGRESQL", "SQLITE", "dump", "fill_postgresql", "problems_of", "require_empty", "run", "without_password"]
