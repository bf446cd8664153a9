"""What ``oa doctor`` asks of the store."""

from __future__ import annotations

import os
import shutil

from oa_kernel.errors import OAError

from .models import Blob, File
from .store import blob_path, folder, open_content

_LEAST_FREE = 1024**3
_SAMPLE = 20


def disk() -> tuple[str, str]:
    """Room left where files are kept."""
    place = folder()
    while not place.exists():
        place = place.parent
    usage = shutil.disk_usage(place)
    text = f"剩余 {usage.free / 2**30:.1f} GB，共 {usage.total / 2**30:.1f} GB"
    if usage.free < _LEAST_FREE // 10:
        return "problem", f"{text}：即将写满，请立即清理或扩容"
    if usage.free < _LEAST_FREE or usage.free < usage.total // 20:
        return "warning", f"{text}：请清理或扩容"
    return "ok", text


def store() -> tuple[str, str]:
    """Whether the folder can be written and the newest contents can be read and decrypted."""
    place = folder()
    if place.exists() and not os.access(place, os.R_OK | os.W_OK | os.X_OK):
        return "problem", f"没有读写 {place} 的权限"
    newest = list(Blob.select().where(Blob.erased_at.is_null()).order_by(Blob.id.desc()).limit(_SAMPLE))
    missing = [b.sm3 for b in newest if not blob_path(b.sm3).is_file()]
    if missing:
        example = missing[0][:16]
        return "problem", f"最近 {len(newest)} 份内容中有 {len(missing)} 份不在磁盘上（如 {example}…），请从备份恢复"
    latest = File.select().where(File.erased_at.is_null()).order_by(File.id.desc()).first()
    if latest is not None:
        try:
            b"".join(open_content(latest, 0, 1))
        except (OAError, OSError) as error:
            return "problem", f"无法读取 {latest.name}：{error}"
    return "ok", f"最近 {len(newest)} 份内容都在" if newest else "还没有文件"
