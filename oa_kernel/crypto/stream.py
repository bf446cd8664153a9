"""SM4-GCM for files of any size, in chunks, with flat memory and random access.

Layout, all integers big-endian::

    header   "OASM4" ‖ version 1 (1) ‖ log2 of the chunk size (1) ‖ nonce prefix (7) ‖ length of key info (2) ‖ key info
    chunk i  ciphertext (chunk size; the last one 0 … chunk size) ‖ tag (16)

Chunk *i* is sealed with nonce = prefix ‖ *i* (4) ‖ 1 if it is the last else 0 (1), and with SM3(header) as
additional data. This is the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár, 2015): a chunk that is changed,
left out, moved, taken from another file, or missing at the end is found. ``key info`` belongs to the caller: a key's
name, or the file's own key wrapped by the key ring. One key may serve many files as long as the 56-bit prefixes stay
distinct, but a key of its own for each file is what :meth:`oa_kernel.crypto.KeyRing.wrap` is for.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from types import TracebackType
from typing import Any, BinaryIO, Final

from oa_kernel.crypto.aead import TAG_SIZE, gcm
from oa_kernel.crypto.digest import sm3
from oa_kernel.crypto.errors import CryptoError

MAGIC: Final = b"OASM4"
_VERSION: Final = 1
_PREFIX: Final = 7
_FIXED: Final = len(MAGIC) + 2 + _PREFIX + 2
DEFAULT_CHUNK: Final = 256 * 1024
_MIN_LOG, _MAX_LOG = 10, 24
_LAST_COUNTER: Final = 2**32 - 1

Buffer = bytes | bytearray | memoryview


def _nonce(prefix: bytes, index: int, last: bool) -> bytes:
    return prefix + index.to_bytes(4, "big") + (b"\x01" if last else b"\x00")


class ChunkWriter:
    """Encrypts what is written to it into ``sink``.

    Use as a context manager; leaving it without an exception writes the last chunk. After an exception no last
    chunk is written, so that the torso can never be read as a whole file. ``sink`` stays open.

    :param sink: anything with ``write``.
    :param key: 16 bytes.
    :param key_info: up to 65,535 bytes kept in clear, authenticated, in the header.
    :param chunk_size: a power of two from 1 KiB to 16 MiB.
    """

    def __init__(
        self, sink: BinaryIO, key: bytes, key_info: bytes = b"", chunk_size: int = DEFAULT_CHUNK
    ) -> None:
        log = chunk_size.bit_length() - 1
        if chunk_size != 1 << log or not _MIN_LOG <= log <= _MAX_LOG:
            raise ValueError(f"chunk size {chunk_size} is no power of two from {1 << _MIN_LOG} to {1 << _MAX_LOG}")
        if len(key_info) > 0xFFFF:
            raise ValueError(f"key info has {len(key_info)} bytes, at most 65,535 fit")
        self._sink, self._key, self._chunk = sink, key, chunk_size
        self._prefix = secrets.token_bytes(_PREFIX)
        header = MAGIC + bytes([_VERSION, log]) + self._prefix + len(key_info).to_bytes(2, "big") + key_info
        self._aad = sm3(header)
        self._index = 0
        self._closed = False
        # OpenSSL wants a block of room beyond the text; the tag goes into the same room, so a chunk is one write
        self._out = bytearray(chunk_size + TAG_SIZE)
        self._out_view = memoryview(self._out)
        self._held = bytearray(chunk_size)
        self._held_view = memoryview(self._held)
        self._fill = 0
        #: bytes of plaintext written so far
        self.size = 0
        gcm(key, bytes(12))  # a wrong key is told before anything is written
        sink.write(header)

    def write(self, data: Buffer) -> int:
        """Take ``data``; returns its length in bytes."""
        if self._closed:
            raise ValueError("this writer has been closed")
        view = memoryview(data).cast("B")
        total, at = len(view), 0
        while at < total:
            # a full chunk is sealed only when more follows: until then it may be the last one
            if self._fill == self._chunk:
                self._seal(self._held_view, last=False)
                self._fill = 0
            if self._fill == 0 and total - at > self._chunk:
                self._seal(view[at : at + self._chunk], last=False)
                at += self._chunk
                continue
            step = min(self._chunk - self._fill, total - at)
            self._held_view[self._fill : self._fill + step] = view[at : at + step]
            self._fill += step
            at += step
        self.size += total
        return total

    def close(self) -> None:
        """Write the last chunk (once)."""
        if not self._closed:
            self._closed = True
            self._seal(self._held_view[: self._fill], last=True)

    def __enter__(self) -> ChunkWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        if kind is None:
            self.close()
        self._closed = True

    def _seal(self, plain: memoryview, last: bool) -> None:
        if self._index > _LAST_COUNTER:
            raise CryptoError("文件过大：超出加密格式的分块上限。")
        encryptor = gcm(self._key, _nonce(self._prefix, self._index, last)).encryptor()
        encryptor.authenticate_additional_data(self._aad)
        length = encryptor.update_into(plain, self._out_view)
        encryptor.finalize()
        self._out_view[length : length + TAG_SIZE] = encryptor.tag
        self._sink.write(self._out_view[: length + TAG_SIZE])
        self._index += 1


class ChunkReader:
    """Decrypts what :class:`ChunkWriter` wrote, as a whole or any range of it.

    Nothing unauthenticated is ever handed out. The last chunk is checked before the first byte is given, so that a
    truncated file is refused at once.

    :param source: a seekable binary file, positioned at the header.
    :param key: 16 bytes, or a function that gets the header's key info and returns them.
    """

    def __init__(self, source: BinaryIO, key: Any) -> None:
        self._source = source
        self._origin = source.tell()
        fixed = source.read(_FIXED)
        if len(fixed) < _FIXED or not fixed.startswith(MAGIC):
            raise CryptoError("这不是本系统加密的文件，或文件头已损坏。请从备份恢复该文件。")
        version, log = fixed[len(MAGIC)], fixed[len(MAGIC) + 1]
        if version != _VERSION or not _MIN_LOG <= log <= _MAX_LOG:
            raise CryptoError(f"加密文件的格式版本 {version} 无法识别，文件可能已损坏，或由更新版本的系统写入。")
        #: what the writer kept beside the data
        self.key_info = source.read(int.from_bytes(fixed[-2:], "big"))
        header = fixed + self.key_info
        self._prefix = fixed[len(MAGIC) + 2 : -2]
        self._aad = sm3(header)
        self._chunk = 1 << log
        self._data = self._origin + len(header)
        body = source.seek(0, 2) - self._data
        sealed = self._chunk + TAG_SIZE
        self._last = max(0, -(-body // sealed) - 1)
        tail = body - self._last * sealed
        if len(self.key_info) != int.from_bytes(fixed[-2:], "big") or tail < TAG_SIZE or self._last > _LAST_COUNTER:
            raise CryptoError("加密文件不完整：末尾缺失。请从备份恢复该文件。")
        #: bytes of plaintext
        self.size = self._last * self._chunk + tail - TAG_SIZE
        self._key: bytes = key(self.key_info) if callable(key) else key
        self._in = bytearray(sealed)
        self._in_view = memoryview(self._in)
        self._out = bytearray(sealed)
        self._out_view = memoryview(self._out)
        self._loaded = -1
        self._end_checked = False

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The plaintext from ``start`` up to ``stop`` (end of file if left out), a chunk at a time."""
        return map(bytes, self._views(start, stop))

    def read(self, start: int = 0, stop: int | None = None) -> bytes:
        """The plaintext from ``start`` up to ``stop``: for ranges that fit into memory."""
        return b"".join(self.chunks(start, stop))

    def copy_to(self, sink: BinaryIO) -> int:
        """Decrypt everything into ``sink``; returns the number of bytes."""
        for view in self._views(0, None):
            sink.write(view)
        return self.size

    def _views(self, start: int, stop: int | None) -> Iterator[memoryview]:
        """Views into one buffer, each valid until the next is asked for."""
        stop = self.size if stop is None else min(stop, self.size)
        if start < 0 or start > stop:
            raise ValueError(f"range {start}…{stop} is not inside a file of {self.size} bytes")
        if not self._end_checked:
            self._open(self._last)
            self._end_checked = True
        while start < stop:
            index, offset = divmod(start, self._chunk)
            view = self._open(index)[offset : offset + stop - start]
            yield view
            start += len(view)

    def _open(self, index: int) -> memoryview:
        from cryptography.exceptions import InvalidTag

        last = index == self._last
        length = self.size - index * self._chunk if last else self._chunk
        if index == self._loaded:
            return self._out_view[:length]
        self._loaded = -1
        self._source.seek(self._data + index * (self._chunk + TAG_SIZE))
        sealed = self._in_view[: length + TAG_SIZE]
        if _read_full(self._source, sealed) != len(sealed):
            raise CryptoError("加密文件不完整：读取时末尾缺失。请从备份恢复该文件。")
        decryptor = gcm(self._key, _nonce(self._prefix, index, last)).decryptor()
        decryptor.authenticate_additional_data(self._aad)
        decryptor.update_into(sealed[:length], self._out_view)
        try:
            decryptor.finalize_with_tag(bytes(sealed[length:]))
        except InvalidTag as exc:
            raise CryptoError(
                f"加密文件第 {index + 1} 块校验失败：文件已被改动、截断，或密钥不对。请从备份恢复该文件。"
            ) from exc
        self._loaded = index
        return self._out_view[:length]


def _read_full(source: BinaryIO, into: memoryview) -> int:
    """Fill ``into`` even from an unbuffered file; fewer bytes only at the end."""
    done = 0
    while done < len(into):
        step = source.readinto(into[done:])  # type: ignore[attr-defined]
        if not step:
            break
        done += step
    return done
