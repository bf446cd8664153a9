"""SM2: what verifies, what must not, and keys that gmssl's own helpers would mangle."""

import pytest

from oa_kernel.crypto import (
    CryptoError,
    _der,
    generate_keypair,
    is_on_curve,
    public_of,
    sign,
    sm2,
    unwrap_key,
    verify,
    wrap_key,
)

PAIR = generate_keypair()


def test_signature_verifies_and_is_bound_to_data_key_and_identity():
    signature = sign(PAIR.private, PAIR.public, b"data")
    assert verify(PAIR.public, b"data", signature)
    assert not verify(PAIR.public, b"Data", signature)
    assert not verify(generate_keypair().public, b"data", signature)
    assert not verify(PAIR.public, b"data", signature, b"someone else")
    assert verify(PAIR.public, b"data", sign(PAIR.private, PAIR.public, b"data", b"ALICE"), b"ALICE")


def test_any_flipped_byte_of_a_signature_is_found():
    signature = sign(PAIR.private, PAIR.public, b"data")
    for index in range(len(signature)):
        broken = bytearray(signature)
        broken[index] ^= 0x01
        assert not verify(PAIR.public, b"data", bytes(broken)), index


@pytest.mark.parametrize("r, s", [(0, 1), (1, 0), (sm2.N, 1), (1, sm2.N), (1, sm2.N - 1), (2**256 + 5, 1)])
def test_numbers_out_of_range_are_refused(r, s):
    assert not verify(PAIR.public, b"data", _der.sequence(_der.integer(r), _der.integer(s)))


def test_a_sum_at_infinity_is_refused_and_does_not_raise():
    # with the private key d one can choose s + t·d = 0, so that sG + tP is the point at infinity
    d, t = int.from_bytes(PAIR.private, "big"), 12345
    s = -t * d % sm2.N
    signature = _der.sequence(_der.integer((t - s) % sm2.N), _der.integer(s))
    assert verify(PAIR.public, b"data", signature) is False


@pytest.mark.parametrize("signature", [b"", b"0", b"\x30\x00", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"\x00" * 64])
def test_a_malformed_signature_is_no_signature(signature):
    assert not verify(PAIR.public, b"data", signature)


def test_one_signature_has_one_encoding():
    r, s = _der.read_integers(sign(PAIR.private, PAIR.public, b"data"), 2)
    body = _der.integer(r) + _der.integer(s)
    assert not verify(PAIR.public, b"data", b"\x30\x81" + bytes([len(body)]) + body)
    assert not verify(PAIR.public, b"data", b"\x30" + bytes([len(body) + 2]) + body + b"\x05\x00")
    padded = b"\x02\x22\x00\x00" + r.to_bytes(32, "big") + _der.integer(s)
    assert not verify(PAIR.public, b"data", b"\x30" + bytes([len(padded)]) + padded)


@pytest.mark.parametrize("public", [b"", bytes(64), b"\xff" * 64, PAIR.public[:-1] + bytes([PAIR.public[-1] ^ 1])],
                         ids=["empty", "zeros", "ones", "one bit off"])
def test_a_point_off_the_curve_is_no_key(public):
    assert not is_on_curve(public)
    assert not verify(public, b"data", sign(PAIR.private, PAIR.public, b"data"))


def test_a_key_that_begins_with_04_or_zeros_works():
    # gmssl's constructor would strip leading 0s and 4s of this public key
    private = next(n for n in _privates() if public_of(n)[0] in (0x04, 0x00, 0x44, 0x40))
    public = public_of(private)
    assert verify(public, b"data", sign(private, public, b"data"))
    assert unwrap_key(private, wrap_key(public, b"\x00" * 16)) == b"\x00" * 16


def _privates():
    return (n.to_bytes(32, "big") for n in range(1, 4000))


def test_private_keys_out_of_range_are_a_callers_mistake():
    for private in (bytes(32), (sm2.N - 1).to_bytes(32, "big"), b"short"):
        with pytest.raises(ValueError):
            sign(private, PAIR.public, b"data")


def test_the_private_key_is_not_shown():
    assert PAIR.private.hex() not in repr(PAIR) and repr(PAIR.private) not in repr(PAIR)


def test_any_flipped_byte_of_a_wrapped_key_is_found():
    blob = wrap_key(PAIR.public, b"0123456789abcdef")
    assert unwrap_key(PAIR.private, blob) == b"0123456789abcdef"
    for index in range(len(blob)):
        broken = bytearray(blob)
        broken[index] ^= 0x01
        with pytest.raises(CryptoError):
            unwrap_key(PAIR.private, bytes(broken))
    with pytest.raises(CryptoError):
        unwrap_key(generate_keypair().private, blob)
