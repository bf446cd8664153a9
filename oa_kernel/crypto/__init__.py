"""Cryptography of the standards: SM2, SM3, SM4-GCM, the key ring, the Merkle tree, SM2 certificates.

Everything works on bytes; nothing here knows the database, the web or a business. `gmssl`, `cryptography`,
`asn1crypto` and `argon2` are imported when first used, not with this package.

========================  ==================================================================
``sm3`` ``SM3`` …         hashing (:mod:`.digest`)
``seal_bytes`` …          SM4-GCM over small data, or one message by pieces (:mod:`.aead`)
``ChunkWriter`` …         SM4-GCM over files, random access (:mod:`.stream`)
``sign`` ``wrap_key`` …   SM2 (:mod:`.sm2`)
``KeyRing``               the installation's keys (:mod:`.keyring`)
``merkle``                tree, proofs, frontier
``certificate``           issue, read and check SM2 certificates
========================  ==================================================================
"""

from oa_kernel.crypto import certificate, merkle
from oa_kernel.crypto.aead import new_key, open_bytes, open_pieces, seal_bytes, seal_pieces
from oa_kernel.crypto.digest import SM3, hkdf_sm3, hmac_sm3, sm3, sm3_hex
from oa_kernel.crypto.errors import CertificateError, CryptoError, KeyRingError, UnknownKey
from oa_kernel.crypto.keyring import KeyRing, SigningKey
from oa_kernel.crypto.sm2 import (
    SM2KeyPair,
    generate_keypair,
    is_on_curve,
    message_digest,
    public_of,
    sign,
    sign_digest,
    unwrap_key,
    verify,
    verify_digest,
    wrap_key,
)
from oa_kernel.crypto.stream import ChunkReader, ChunkWriter

__all__ = [
    "SM3",
    "CertificateError",
    "ChunkReader",
    "ChunkWriter",
    "CryptoError",
    "KeyRing",
    "KeyRingError",
    "SM2KeyPair",
    "SigningKey",
    "UnknownKey",
    "certificate",
    "generate_keypair",
    "hkdf_sm3",
    "hmac_sm3",
    "is_on_curve",
    "merkle",
    "message_digest",
    "new_key",
    "open_bytes",
    "open_pieces",
    "public_of",
    "seal_bytes",
    "seal_pieces",
    "sign",
    "sign_digest",
    "sm3",
    "sm3_hex",
    "unwrap_key",
    "verify",
    "verify_digest",
    "wrap_key",
]
