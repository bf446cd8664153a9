"""What is not opened at all: a PDF whose streams would unpack to more than any page needs."""

from __future__ import annotations

import re
import zlib

#: bytes that one packed stream of a PDF may unpack to: an A4 page at 600 dpi in full colour has 105 million
STREAM = 160 * 1024 * 1024
#: deflate never packs better than this: shorter streams cannot become too large
_RATIO = 1_032
_BITE = 1024 * 1024
_STREAM = re.compile(rb"stream\r?\n")
#: one packing inside another: 1 KB becomes 1 MB becomes 1 GB
_TWICE = re.compile(rb"/Filter\s*\[[^\]]{0,200}/Fl(?:ateDecode)?\b[^\]]{0,200}/Fl(?:ateDecode)?\b")


def pdf_problem(data: bytes) -> str:
    """Why a PDF is not opened; empty if nothing is known against it. Unpacks long streams to see how long they are."""
    if _TWICE.search(data):
        return "内容经过多重压缩，可能是压缩炸弹"
    for match in _STREAM.finditer(data):
        start = match.end()
        if data[match.start() - 3:match.start()] == b"end":
            continue
        end = data.find(b"endstream", start)
        end = len(data) if end < 0 else end
        if (end - start) * _RATIO <= STREAM:
            continue
        if _unpacks_beyond(memoryview(data)[start:end]):
            return f"一段内容展开后超过 {STREAM // 1024 // 1024} MB，可能是压缩炸弹"
    return ""


def _unpacks_beyond(packed: memoryview) -> bool:
    unpacker = zlib.decompressobj()
    size, pending = 0, bytes(packed[:_BITE])
    at = len(pending)
    try:
        while pending:
            size += len(unpacker.decompress(pending, _BITE))
            if size > STREAM:
                return True
            pending = unpacker.unconsumed_tail
            if not pending and not unpacker.eof:
                pending = bytes(packed[at:at + _BITE])
                at += len(pending)
    except zlib.error:
        return False  # not packed like that, or damaged: the reader says so
    return False


__all__ = ["STREAM", "pdf_problem"]
