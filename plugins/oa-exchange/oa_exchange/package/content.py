"""The content in clear: ``length ‖ manifest ‖ files``, the files one after the other as the manifest lists them."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from typing import Any

from oa_kernel import crypto

from .errors import PackageError

_MANIFEST_MOST = 256 * 1024
_FILES_MOST = 200


def pack(manifest: bytes, files: Iterable[bytes]) -> bytes:
    """The content. ``manifest`` is JSON; its ``files`` list ``{name, size, sm3}`` in the order of ``files``."""
    return b"".join((struct.pack(">I", len(manifest)), manifest, *files))


def unpack(content: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Manifest and files. Raises PackageError, naming the file that is not what the manifest says."""
    try:
        (length,) = struct.unpack(">I", content[:4])
        if length > _MANIFEST_MOST:
            raise PackageError("交换包的清单过大", code="content")
        manifest = json.loads(content[4 : 4 + length])
        listed = manifest.get("files", [])
        if not isinstance(listed, list) or len(listed) > _FILES_MOST:
            raise PackageError(f"交换包里的文件多于 {_FILES_MOST} 个", code="content")
        at, files = 4 + length, []
        for one in listed:
            name, size, sm3 = str(one["name"]), int(one["size"]), str(one["sm3"])
            piece = content[at : at + size] if 0 <= size <= len(content) else b""
            if len(piece) != size or crypto.sm3_hex(piece) != sm3:
                raise PackageError(f"文件“{name[:80]}”与清单中的摘要不符", code="content")
            files.append(piece)
            at += size
    except (struct.error, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise PackageError("交换包的清单无法读取", code="content") from error
    if at != len(content):
        raise PackageError("交换包里有清单之外的内容", code="content")
    return manifest, files
