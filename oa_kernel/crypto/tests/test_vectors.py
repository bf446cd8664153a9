"""What the standards themselves prescribe, and gmssl as an independent second opinion."""

import io
import os

import pytest
from gmssl import sm3 as gmssl_sm3
from gmssl import sm4 as gmssl_sm4

from oa_kernel.crypto import SM3, CryptoError, hkdf_sm3, hmac_sm3, open_bytes, open_pieces, seal_bytes, seal_pieces, sm2, sm3, sm3_hex
from oa_kernel.crypto.aead import gcm


def test_sm3_of_abc_is_the_standards():
    assert sm3_hex(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def test_sm3_of_64_bytes_is_the_standards():
    assert sm3_hex(b"abcd" * 16) == "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"


@pytest.mark.parametrize("size", [0, 1, 55, 56, 63, 64, 65, 1000])
def test_sm3_agrees_with_gmssl(size):
    data = os.urandom(size)
    assert sm3_hex(data) == gmssl_sm3.sm3_hash(list(data))


def test_sm3_in_pieces_is_sm3_of_the_whole():
    state = SM3(b"a")
    branch = state.copy().update(b"x")
    state.update(b"b").update(b"c")
    assert state.digest() == state.digest() == sm3(b"abc")
    assert branch.digest() == sm3(b"ax")


def test_sm3_without_hashlib_gives_the_same(monkeypatch):
    from oa_kernel.crypto import digest

    expected = sm3(b"abc"), hmac_sm3(b"key", b"data"), SM3(b"abc").hexdigest()
    monkeypatch.setattr(digest, "_IN_HASHLIB", False)
    assert (sm3(b"abc"), hmac_sm3(b"key", b"data"), SM3(b"abc").hexdigest()) == expected


def test_hmac_follows_its_definition():
    key, data = os.urandom(64), b"data"
    inner = sm3(bytes(b ^ 0x36 for b in key) + data)
    assert hmac_sm3(key, data) == sm3(bytes(b ^ 0x5C for b in key) + inner)


def test_hkdf_follows_its_definition():
    pseudo_random = hmac_sm3(b"salt", b"secret")
    first = hmac_sm3(pseudo_random, b"info\x01")
    assert hkdf_sm3(b"secret", b"info", 40, b"salt") == first + hmac_sm3(pseudo_random, first + b"info\x02")[:8]


def test_sm4_block_is_the_standards():
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    encryptor = Cipher(algorithms.SM4(key), modes.ECB()).encryptor()
    assert encryptor.update(key).hex() == "681edf34d206965e86b3e94f536e4246"
    engine = gmssl_sm4.CryptSM4()
    engine.set_key(key, gmssl_sm4.SM4_ENCRYPT)
    assert bytes(engine.one_round(engine.sk, list(key))).hex() == "681edf34d206965e86b3e94f536e4246"


def test_sm4_gcm_is_rfc_8998():
    key = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    text = bytes.fromhex("AA" * 8 + "BB" * 8 + "CC" * 8 + "DD" * 8 + "EE" * 8 + "FF" * 8 + "EE" * 8 + "AA" * 8)
    encryptor = gcm(key, bytes.fromhex("00001234567800000000ABCD")).encryptor()
    encryptor.authenticate_additional_data(bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2"))
    sealed = encryptor.update(text) + encryptor.finalize()
    assert sealed.hex().upper() == (
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
    )
    assert encryptor.tag.hex().upper() == "83DE3541E4C2B58177E065A9BF7B62EC"


def test_any_flipped_byte_of_sealed_bytes_is_found():
    key, sealed = b"k" * 16, seal_bytes(b"k" * 16, b"secret", b"row 7")
    assert open_bytes(key, sealed, b"row 7") == b"secret"
    for index in range(len(sealed)):
        broken = bytearray(sealed)
        broken[index] ^= 1
        with pytest.raises(CryptoError):
            open_bytes(key, bytes(broken), b"row 7")
    for wrong_key, wrong, aad in [
        (b"x" * 16, sealed, b"row 7"),
        (key, sealed, b"row 8"),
        (key, sealed[:-1], b"row 7"),
        (key, b"", b"row 7"),
    ]:
        with pytest.raises(CryptoError):
            open_bytes(wrong_key, wrong, aad)


# GM/T 0003.5-2012, annex A: curve sm2p256v1, identity 1234567812345678
PRIVATE = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
PUBLIC = bytes.fromhex(
    "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
K = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
R = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
S = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA


def test_a_message_by_pieces_is_the_same_message():
    key, data = bytes(16), bytes(range(256)) * 4000
    pieces = [data[at : at + 100_000] for at in range(0, len(data), 100_000)]
    sealed = b"".join(seal_pieces(key, pieces, b"row 7"))
    assert open_bytes(key, sealed, b"row 7") == data
    assert b"".join(open_pieces(key, io.BytesIO(seal_bytes(key, data, b"row 7")), len(sealed), b"row 7")) == data
    broken = sealed[:-20] + bytes([sealed[-20] ^ 1]) + sealed[-19:]
    for wrong, size in ((broken, len(broken)), (sealed[:-1], len(sealed)), (sealed[:-1], len(sealed) - 1),
                        (sealed[:500_000], len(sealed)), (b"", 100)):
        with pytest.raises(CryptoError):
            list(open_pieces(key, io.BytesIO(wrong), size, b"row 7"))


def test_sm2_public_key_is_the_standards():
    assert sm2.public_of(PRIVATE) == PUBLIC


def test_sm2_digest_is_the_standards():
    digest = sm2.message_digest(PUBLIC, b"message digest")
    assert digest.hex().upper() == "F0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640"


def test_sm2_signature_is_the_standards(monkeypatch):
    monkeypatch.setattr(sm2, "_random_scalar", lambda: K)
    from oa_kernel.crypto import _der

    signature = sm2.sign(PRIVATE, PUBLIC, b"message digest")
    assert _der.read_integers(signature, 2) == [R, S]
    assert sm2.verify(PUBLIC, b"message digest", signature)


def test_sm2_ciphertext_of_the_standard_is_decrypted():
    from oa_kernel.crypto import _der

    blob = _der.sequence(
        _der.integer(0x04EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73),
        _der.integer(0xE858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0),
        _der.octets(bytes.fromhex("59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766")),
        _der.octets(bytes.fromhex("21886CA989CA9C7D58087307CA93092D651EFA")),
    )
    assert sm2.unwrap_key(PRIVATE, blob) == b"encryption standard"
