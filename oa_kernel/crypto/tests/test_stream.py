"""Chunked files: every length, every range, and every way to damage one."""

import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oa_kernel.crypto import ChunkReader, ChunkWriter, CryptoError, new_key

KEY = b"0123456789abcdef"
CHUNK = 1024


def encrypt(data: bytes, key: bytes = KEY, pieces: int = 700, info: bytes = b"key 1") -> bytes:
    sink = io.BytesIO()
    with ChunkWriter(sink, key, info, CHUNK) as writer:
        for start in range(0, len(data), pieces):
            writer.write(data[start : start + pieces])
    assert writer.size == len(data)
    return sink.getvalue()


def decrypt(blob: bytes, start: int = 0, stop: int | None = None) -> bytes:
    return ChunkReader(io.BytesIO(blob), KEY).read(start, stop)


def text(size: int) -> bytes:
    return bytes(i * 7 % 251 for i in range(size))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 5 * CHUNK + 17])
@pytest.mark.parametrize("pieces", [1, 700, CHUNK, 10 * CHUNK])
def test_every_length_comes_back(size, pieces):
    blob = encrypt(text(size), pieces=pieces)
    reader = ChunkReader(io.BytesIO(blob), KEY)
    assert reader.size == size and reader.key_info == b"key 1"
    sink = io.BytesIO()
    assert reader.copy_to(sink) == size and sink.getvalue() == text(size)
    # one layout for one length: header, then a tag a chunk
    assert len(blob) == 16 + 5 + size + 16 * max(1, -(-size // CHUNK))


BLOB = encrypt(text(4 * CHUNK + 99))


@given(st.integers(0, 4 * CHUNK + 99), st.integers(0, 5 * CHUNK))
def test_every_range_comes_back(start, length):
    assert decrypt(BLOB, start, start + length) == text(4 * CHUNK + 99)[start : start + length]


def test_a_range_reads_no_more_than_its_chunks_and_the_end():
    class Counting(io.BytesIO):
        reads = 0

        def readinto(self, into):
            self.reads += 1
            return super().readinto(into)

    source = Counting(encrypt(text(50 * CHUNK)))
    start, stop = 10 * CHUNK + 5, 11 * CHUNK + 5
    assert ChunkReader(source, KEY).read(start, stop) == text(50 * CHUNK)[start:stop]
    assert source.reads == 3


@given(st.integers(0, len(BLOB) - 1), st.integers(0, 7))
def test_any_flipped_bit_is_found(index, bit):
    broken = bytearray(BLOB)
    broken[index] ^= 1 << bit
    with pytest.raises(CryptoError):
        decrypt(bytes(broken))


@given(st.integers(0, len(BLOB) - 1))
def test_any_truncation_is_found_before_a_byte_is_given(length):
    with pytest.raises(CryptoError):
        next(ChunkReader(io.BytesIO(BLOB[:length]), KEY).chunks(), None)


def test_chunks_moved_left_out_repeated_or_added_are_found():
    head, sealed = 21, CHUNK + 16
    parts = [BLOB[head + i * sealed : head + (i + 1) * sealed] for i in range(5)]
    assert decrypt(BLOB[:head] + b"".join(parts)) == text(4 * CHUNK + 99)
    a, b, c, d, e = parts
    for wrong in ([b, a, c, d, e], [a, b, d, e], [a, b, c, d], [a, a, b, c, d, e], [a, b, c, d, e, e], [a, b, c, d, d]):
        with pytest.raises(CryptoError):
            decrypt(BLOB[:head] + b"".join(wrong))
    other = encrypt(text(4 * CHUNK + 99))
    with pytest.raises(CryptoError):
        decrypt(BLOB[:head] + other[head : head + sealed] + BLOB[head + sealed :])


def test_a_writer_that_failed_leaves_nothing_readable():
    sink = io.BytesIO()
    with pytest.raises(RuntimeError), ChunkWriter(sink, KEY, chunk_size=CHUNK) as writer:
        writer.write(text(3 * CHUNK))
        raise RuntimeError("the disk is full")
    with pytest.raises(CryptoError):
        decrypt(sink.getvalue())


def test_the_key_may_be_found_by_the_header():
    asked = []
    blob = encrypt(b"data", info=b"envelope")
    reader = ChunkReader(io.BytesIO(blob), lambda info: asked.append(info) or KEY)
    assert reader.read() == b"data" and asked == [b"envelope"]
    with pytest.raises(CryptoError):
        ChunkReader(io.BytesIO(blob), new_key()).read()


def test_a_file_may_stand_behind_something_else():
    source = io.BytesIO(b"prefix" + encrypt(text(2000)))
    source.seek(6)
    assert ChunkReader(source, KEY).read(1500, 1600) == text(2000)[1500:1600]


@pytest.mark.parametrize(
    "blob", [b"", b"OASM4", b"%PDF-1.7 and so on", b"OASM4\x02" + bytes(40), b"OASM4\x01\xff" + bytes(99)]
)
def test_what_is_no_encrypted_file_is_refused(blob):
    with pytest.raises(CryptoError):
        ChunkReader(io.BytesIO(blob), KEY).read()


def test_memory_does_not_grow_with_the_file(tmp_path):
    piece = bytes(64 * 1024)
    tracemalloc.start()
    with (tmp_path / "file").open("wb") as sink, ChunkWriter(sink, KEY) as writer:
        for _ in range(256):
            writer.write(piece)
    with (tmp_path / "file").open("rb") as source:
        assert sum(len(view) for view in ChunkReader(source, KEY).chunks()) == 16 * 2**20
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * 2**20
