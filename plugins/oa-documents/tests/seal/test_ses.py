"""GB/T 38540 structures: what is made is read back, whatever is altered is refused."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oa_documents.seal import SealError, make_seal, parse_seal, parse_signature, sign_document

from oa_kernel import crypto

from .conftest import NAME, NOW, make_office

OFFICE = make_office()
SIGNATURE = sign_document(OFFICE.seal, b"d" * 32, OFFICE.key, OFFICE.certificate, NOW, "part=all")


def test_a_seal_is_read_back():
    seal = parse_seal(OFFICE.seal)
    assert (seal.name, seal.kind, seal.picture_type, seal.width, seal.height) == (NAME, 1, "SVG", 42, 42)
    assert seal.holders == (OFFICE.certificate,) and seal.maker.raw == OFFICE.root
    assert seal.picture.startswith(b"<svg") and seal.raw == OFFICE.seal and seal.genuine()
    assert seal.valid_from == NOW - timedelta(days=30)


def test_a_signature_is_read_back():
    signature = parse_signature(SIGNATURE)
    assert signature.seal.raw == OFFICE.seal and signature.signer.raw == OFFICE.certificate
    assert (signature.signed_at, signature.digest, signature.properties) == (NOW, b"d" * 32, "part=all")
    assert signature.genuine()


def test_the_structure_is_the_standards():
    # SES_Signature ::= SEQUENCE {toSign, cert OCTET STRING, signatureAlgID OID, signature BIT STRING}
    from asn1crypto import core

    parts = core.SequenceOf.load(SIGNATURE, spec=core.Any)
    assert [part.parse().tag for part in parts] == [16, 4, 6, 3]
    to_sign = [part.parse() for part in core.SequenceOf.load(parts[0].dump(), spec=core.Any)]
    # TBS_Sign ::= SEQUENCE {version, eseal, timeInfo GeneralizedTime, dataHash BIT STRING, propertyInfo IA5String}
    assert [part.tag for part in to_sign] == [2, 16, 24, 3, 22]
    assert to_sign[0].native == 4


def test_any_altered_byte_of_a_signature_is_found():
    for index in range(0, len(SIGNATURE), 13):
        broken = bytearray(SIGNATURE)
        broken[index] ^= 1
        assert not intact(bytes(broken)), index


def intact(der):
    try:
        signature = parse_signature(der)
    except SealError:
        return False
    seal = signature.seal
    return signature.genuine() and seal.genuine() and signature.signer.raw in seal.holders


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.integers(0, len(SIGNATURE)).map(lambda n: SIGNATURE[:n])))
def test_anything_else_is_a_seal_error(data):
    for parse in (parse_seal, parse_signature):
        if data != SIGNATURE:
            with pytest.raises(SealError):
                parse(data)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(SIGNATURE) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_damaged_signature_never_raises_anything_else(changes):
    broken = bytearray(SIGNATURE)
    for index, value in changes:
        broken[index] = value
    try:
        parse_signature(bytes(broken))
    except SealError as exc:
        assert exc.message


def test_only_registered_certificates_may_use_a_seal():
    key = crypto.generate_keypair()
    other = crypto.certificate.issue(
        "外人",
        "某局",
        key.public,
        issuer=OFFICE.root,
        issuer_private=OFFICE.root_key.private,
        not_before=NOW - timedelta(days=1),
    )
    with pytest.raises(SealError, match="无权使用"):
        sign_document(OFFICE.seal, b"d" * 32, key, other, NOW)
    with pytest.raises(SealError, match="不匹配"):
        sign_document(OFFICE.seal, b"d" * 32, key, OFFICE.certificate, NOW)


@pytest.mark.parametrize("when", [NOW - timedelta(days=31), NOW + timedelta(days=336)])
def test_a_seal_is_used_only_in_its_time(when):
    with pytest.raises(SealError, match="有效期"):
        sign_document(OFFICE.seal, b"d" * 32, OFFICE.key, OFFICE.certificate, when)


def test_a_seal_needs_a_holder_and_a_term():
    def make(**changes):
        values = {
            "maker": OFFICE.root_key, "maker_certificate": OFFICE.root, "holders": [OFFICE.certificate],
            "valid_from": NOW, "valid_until": NOW + timedelta(days=1),
        }  # fmt: skip
        return make_seal(NAME, b"<svg/>", **{**values, **changes})

    assert parse_seal(make()).genuine()
    for wrong in ({"holders": []}, {"valid_until": NOW}, {"maker": OFFICE.key}):
        with pytest.raises(SealError):
            make(**wrong)
