"""A record's package as one XML file with the files inside it (DA/T 48-2009): 电子文件封装包, ``档号.eep``.

The same description as :mod:`.eep` gives, each file as Base64 (RFC 2045) in its 编码数据, and the signature in the package's own
电子签名块. Signed is the SM3 of 被签名对象: of the file's bytes from ``<被签名对象>`` to ``</被签名对象>``, both included. Neither
writing nor reading (:mod:`.embedded_read`) holds more than a piece of a file in memory.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from xml.sax.saxutils import escape

from oa_kernel.crypto import SM3, sm3_hex

from . import eep, settings
from .models import Check, Item, Part
from .xmltext import clean

SUFFIX = ".eep"
OPEN, CLOSE = "<被签名对象>".encode(), "</被签名对象>".encode()
RULE = "被签名对象（从起始标签到结束标签的全部字节，UTF-8）的 SM3 摘要（32 字节），用 SM2 签名，DER 编码；十六进制"
ALGORITHM = "SM2-SM3 (GB/T 32918.2), DER"
#: bytes of a file that become Base64 at once: whole lines of 76 characters
_PIECE = 57 * 4096


def write(item: Item, parts: Sequence[tuple[Part, str]], results: Iterable[Check], out: Any, name: str) -> None:
    """Writes the package into a binary file, which need not be seekable.

    :param parts: each with its path, as in the package of separate files.
    :param name: the path of the text for searching.
    :raises NotFound, CryptoError: a file is missing or was altered; what was written so far is no package.
    """
    from oa_kernel import files

    from .package import sign

    text = item.text.encode("utf-8", "replace")
    about = (name, len(text), sm3_hex(text)) if text else None
    token = secrets.token_hex(16)  # what marks the places of the files occurs nowhere else
    frame = eep.describe(item, parts, results, about, embed=lambda n: f"{token}{n:08d}")
    end = frame.index(CLOSE) + len(CLOSE)
    head, *rest = frame[:end].split(token.encode())
    at = head.index(OPEN)
    digest = SM3()
    out.write(head[:at])
    digest.update(head[at:])
    out.write(head[at:])
    for piece in rest:
        n = int(piece[:8])
        content: Iterable[bytes] = files.open(files.get(parts[n][0].file_id)) if n < len(parts) else (text,)
        for data in _encoded(content):
            digest.update(data)
            out.write(data)
        digest.update(piece[8:])
        out.write(piece[8:])
    signature = sign(digest.digest())
    lines = [("签名标识符", "S1"), ("签名规则", RULE), ("签名时间", signature["signed_at"]), ("签名人", settings.fonds_name()),
             ("签名结果", signature["signature"]), ("证书块", {"证书": signature["certificate"]}),
             ("签名算法标识", ALGORITHM), ("公钥", signature["public_key"])]
    inside = "".join(f"\n      <{label}>{_content(value)}</{label}>" for label, value in lines)
    out.write(f"\n  <电子签名块>\n    <电子签名>{inside}\n    </电子签名>\n  </电子签名块>".encode())
    out.write(frame[end:])


def _content(value: str | dict[str, str]) -> str:
    if isinstance(value, str):
        return escape(clean(value))
    return "".join(f"<{label}>{escape(clean(text))}</{label}>" for label, text in value.items())


def _encoded(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Base64 in lines of 76 characters, as the pieces come."""
    left = b""
    for piece in pieces:
        left += piece
        whole = len(left) - len(left) % _PIECE
        for first in range(0, whole, _PIECE):
            yield base64.encodebytes(left[first : first + _PIECE])
        left = left[whole:]
    if left:
        yield base64.encodebytes(left)


__all__ = ["ALGORITHM", "CLOSE", "OPEN", "RULE", "SUFFIX", "write"]
