"""Single contents out of a backup, for putting back what was damaged without putting back everything."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from oa_kernel.crypto import CryptoError
from oa_kernel.errors import Invalid

from .archive import reading


def contents(path: Path, wanted: Collection[str], *, passphrase: str = "") -> Iterator[tuple[str, BinaryIO]]:
    """(SM3, encrypted content) of those of ``wanted`` that the backup has, as they come; each to be read before the next.

    The archive is read up to the last of them only; whoever takes a content proves that it is the right one.

    :param wanted: SM3 of contents.
    :raises Invalid: no backup, damaged, or another passphrase.
    """
    left = set(wanted)
    try:
        with reading(path, passphrase) as members:
            for name, _size, content in members:
                sm3 = name.rpartition("/")[2]
                if name.startswith("files/") and sm3 in left:
                    left.discard(sm3)
                    yield sm3, content
                if not left:
                    return
    except CryptoError as error:
        raise Invalid(f"{path.name} 无法解密：口令不对，或文件已被改动、截断（{error}）", code="damaged") from None


__all__ = ["contents"]
