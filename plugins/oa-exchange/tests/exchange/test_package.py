"""The package's format: whatever part of it is altered, it is refused with the reason."""

import datetime as dt
import json
import struct

import pytest
from oa_exchange import package

from oa_kernel import crypto

NOW = dt.datetime(2026, 11, 25, 8, 0, tzinfo=dt.UTC)
FILES = [b"first", b"the second file"]
MANIFEST = {"files": [{"name": f"{n}.txt", "size": len(d), "sm3": crypto.sm3_hex(d)} for n, d in enumerate(FILES)]}


@pytest.fixture(scope="module")
def sides(tmp_path_factory):
    ring = crypto.KeyRing.create(tmp_path_factory.mktemp("keys") / "ring")
    return ring.signing("exchange"), ring.signing("exchange.encryption")


def sealed(sides, content=None, **header):
    signing, opening = sides
    given = {"id": "a" * 32, "type": "document", "sender": "b" * 64, "recipient": "c" * 64, "created": NOW, "sent": NOW, **header}
    content = package.pack(json.dumps(MANIFEST).encode(), FILES) if content is None else content
    return bytes(package.seal([content], signing=signing, recipient_public=opening.public, **given))


def opened(sides, data, key=None):
    head = package.read_head(data)
    package.verify(head, sides[0].public)
    return package.open_small(head, data, key or sides[1].private)


def relabelled(data, **changes):
    """The package with another header, as somebody without the key could write it."""
    head = package.read_head(data)
    raw = json.dumps({**json.loads(head.raw), **changes}, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return (package.MAGIC + struct.pack(">I", len(raw)) + raw + struct.pack(">H", len(head.signature)) + head.signature
            + data[head.start:])


def test_what_was_packed_comes_out(sides):
    data = sealed(sides)
    manifest, files = opened(sides, data)
    assert files == FILES and manifest == MANIFEST
    head = package.read_head(data)
    assert head.whole == len(data) and head.header.sent_at == NOW and b"second file" not in data


@pytest.mark.parametrize("field, value", [
    ("id", "d" * 32), ("type", "receipt"), ("sender", "d" * 64), ("recipient", "d" * 64), ("created", "2026-11-25T09:00:00+00:00"),
    ("sent", "2026-11-25T08:01:00+00:00"), ("reply_to", "e" * 32), ("key", "AAAA"), ("sm3", "f" * 64), ("size", 1),
])
def test_every_field_of_the_header_is_signed(sides, field, value):
    with pytest.raises(package.PackageError, match="签名不符") as error:
        opened(sides, relabelled(sealed(sides), **{field: value}))
    assert error.value.code == "signature"


def test_a_body_that_was_altered_cut_or_exchanged(sides):
    data = sealed(sides)
    start = package.read_head(data).start
    flipped = bytearray(data)
    flipped[start + 20] ^= 1
    for wrong in (bytes(flipped), data[:-1], data + b"x", data[:start] + sealed(sides, id="d" * 32)[start:]):
        with pytest.raises(package.PackageError, match="摘要与头部不符"):
            opened(sides, wrong)
    with pytest.raises(package.PackageError, match="不是发给本单位的"):
        opened(sides, data, key=sides[0].private)


def test_a_body_is_bound_to_its_header(sides):
    """Who may sign for the sender still cannot put another's body under a header of theirs."""
    signing, opening = sides
    content = sealed(sides)
    head = package.read_head(content)
    other = package.Header(**{**json.loads(head.raw), "id": "d" * 32})
    with pytest.raises(package.PackageError, match="与头部不是一起的"):
        package.open_small(package.Head(other, head.raw, head.signature, head.start), content, opening.private)


@pytest.mark.parametrize("content, words", [
    (b"", "清单无法读取"), (struct.pack(">I", 2**31) + b"{}", "清单过大"), (package.pack(b"{", []), "清单无法读取"),
    (package.pack(b"[]", []), "清单无法读取"), (package.pack(json.dumps(MANIFEST).encode(), [b"FIRST", FILES[1]]), "0.txt”与清单"),
    (package.pack(json.dumps(MANIFEST).encode(), FILES[:1]), "1.txt”与清单"),
    (package.pack(b'{"files":[]}', [b"more"]), "清单之外"), (package.pack(b'{"files":[{"name":"x"}]}', []), "清单无法读取"),
    (package.pack(b'{"files":[{"name":"x","size":-1,"sm3":""}]}', []), "与清单"),
])
def test_content_that_is_not_what_its_manifest_says(sides, content, words):
    with pytest.raises(package.PackageError, match=words):
        opened(sides, sealed(sides, content))


@pytest.mark.parametrize("data", [
    b"", b"OAX1", b"PK\3\4", b"OAX1" + struct.pack(">I", 2**31), b"OAX1" + struct.pack(">I", 2) + b"{}" + b"\0\0",
    b"OAX1" + struct.pack(">I", 4) + b"null" + b"\0\0", b"OAX1" + struct.pack(">I", 60_000) + b"[" * 60_000 + b"\0\0",
])
def test_nonsense_is_no_package(data):
    with pytest.raises(package.PackageError):
        package.read_head(data)


def test_a_header_has_one_form(sides):
    data = sealed(sides)
    head = package.read_head(data)
    raw = json.dumps(json.loads(head.raw)).encode()
    with pytest.raises(package.PackageError, match="不规范"):
        package.read_head(package.MAGIC + struct.pack(">I", len(raw)) + raw + struct.pack(">H", 0))
    for field, value, words in [("v", 2, "版本"), ("size", True, "不对"), ("created", "2026-11-25T08:00", "不对"),
                                ("id", "x", "不对")]:
        with pytest.raises(package.PackageError, match=words):
            package.read_head(relabelled(data, **{field: value}))


def test_a_descriptor_proves_itself(sides):
    signing, opening = sides
    first = crypto.certificate.issue("甲单位", "甲单位", signing.public, private=signing.private)
    second = crypto.certificate.issue("甲单位", "甲单位", opening.public, issuer=first, issuer_private=signing.private)
    text = package.make_descriptor("甲单位", "https://a.example", signing, first, second)
    found = package.read_descriptor(text)
    assert (found.organisation, found.url, found.certificate.raw) == ("甲单位", "https://a.example", first)
    assert package.groups("0123456789ab") == "0123 4567 89ab"
    foreign = crypto.certificate.issue("乙", "乙", opening.public, private=opening.private)
    mixed = package.make_descriptor("甲单位", "https://a.example", signing, first, foreign)
    for wrong, words in [(text.replace("a.example", "b.example"), "签名不符"), (mixed, "不相配"), ("{}", "无法读取"),
                         (text[:-40], "无法读取"), (b"\xff", "无法读取"), ("[]", "无法读取"), ("x" * 70_000, "64 KB")]:
        with pytest.raises(package.PackageError, match=words):
            package.read_descriptor(wrong)
