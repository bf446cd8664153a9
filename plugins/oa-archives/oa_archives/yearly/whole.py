"""Is a year's package whole and genuine? Looks at nothing but the folder: no database, no network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .. import eep, signed_by
from .. import verify as packages
from . import folder as year

#: reasons that are listed; the rest is counted
_MOST = 100


def recognises(path: Path, _head: bytes = b"") -> bool:
    """A folder with a manifest."""
    return path.is_dir() and ((path / year.MANIFEST).is_file() or (path / year.SIGNATURE).is_file())


def verify(path: Path, progress: Callable[[int, int], Any] | None = None) -> dict[str, Any]:
    """``{ok, kind, summary, reasons, fonds, year, count, fingerprint}``; every package is opened and checked.

    :param progress: ``progress(packages done, packages in all)``.
    """
    result: dict[str, Any] = {"ok": False, "kind": "年度归档数据包", "summary": "", "reasons": [], "count": 0}
    wrong: list[str] = result["reasons"]
    more = 0
    try:
        manifest = year.read_manifest(path)
        result |= {"fonds": manifest.head["fonds"], "year": manifest.head["year"], "fingerprint": manifest.fingerprint,
                   "signed_at": manifest.signed_at, **manifest.owner}
        total, listed = int(manifest.head["count"]), set()
        for one in year.files_of(path):
            listed.add(one.path)
            found = list(problems(path, one, manifest.fingerprint))
            wrong += found[: max(0, _MOST - len(wrong))]
            more += len(found)
            result["count"] += bool(one.archival_number)
            if progress and one.archival_number:
                progress(result["count"], total)
        if result["count"] != total:
            wrong.append(f"清单首行说有 {total} 件，列出的是 {result['count']} 件")
        for extra in _unlisted(path, listed):
            more += 1
            if len(wrong) < _MOST:
                wrong.append(f"清单之外的文件：{extra}")
    except year.Wrong as error:
        wrong.append(str(error))
    result["ok"] = not wrong
    if result["ok"]:
        result["summary"] = (f"年度归档数据包完整：全宗 {result['fonds']}，{result['year']} 年度，{result['count']} 件与清单一致，"
                             f"逐件核验无误；签名公钥指纹（SM3）{result['fingerprint']}，请与立档单位公布的核对"
                             f"{signed_by.sentence(result)}")
    else:
        result["summary"] = f"年度归档数据包不可信：{wrong[0]}" + (f"（共 {more} 处）" if more > 1 else "")
    return result


def problems(folder: Path, one: year.Listed, fingerprint: str) -> Iterator[str]:
    """What is wrong with a file that the manifest lists; a package is also checked inside, and who signed it."""
    yield from examine(folder, one, fingerprint)[0]


def examine(folder: Path, one: year.Listed, fingerprint: str) -> tuple[list[str], eep.Described | None]:
    """:func:`problems`, and what a package without any says of its record."""
    target = folder / one.path
    try:
        if target.is_symlink() or not target.is_file():
            return [f"缺少 {one.path}"], None
        size, sm3 = year.digest_of(target)
    except OSError as error:
        return [f"读不出 {one.path}：{error.strerror}"], None
    if (size, sm3) != (one.size, one.sm3):
        return [f"{one.path} 的摘要与清单不符：清单 {one.sm3[:16]}…，实际 {sm3[:16]}…"], None
    if not one.archival_number:
        return [], None
    found, described = packages.look(target)
    if not found["ok"]:
        return [f"{one.path}：{found['reasons'][0]}"], None
    if found["archival_number"] != one.archival_number:
        return [f"{one.path} 里是 {found['archival_number']}，清单上是 {one.archival_number}"], None
    if found["fingerprint"] != fingerprint:
        return [f"{one.path} 与清单不是同一把密钥签名的"], None
    return [], described


def _unlisted(folder: Path, listed: set[str]) -> Iterator[str]:
    listed |= {year.MANIFEST, year.SIGNATURE}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if name not in listed and not path.is_dir():
            yield name


__all__ = ["examine", "problems", "recognises", "verify"]
