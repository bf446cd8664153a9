"""What can go wrong with keys, ciphertexts and certificates.

A ciphertext, signature or certificate never raises anything else than these for bad *data*;
a wrong *call* (a key of 15 bytes) is a ValueError, because only a programmer can make it.
"""

from __future__ import annotations

from oa_kernel.errors import ConfigError, Invalid, OAError


class CryptoError(OAError):
    """Stored data cannot be decrypted or has been altered (500): nobody's input is at fault."""

    status, code, title = 500, "tampered", "数据无法解密或已被改动"


class UnknownKey(CryptoError):
    """The data was encrypted with a key that this key ring does not hold (500)."""

    code, title = "unknown_key", "缺少密钥"


class KeyRingError(ConfigError):
    """The key folder cannot be used: missing, readable by others, damaged, or a wrong passphrase (exit code 2)."""

    code, title = "key_ring", "密钥目录有误"


class CertificateError(Invalid):
    """A certificate cannot be read, is not trusted or not valid at the time asked (422)."""

    code, title = "certificate", "证书有误"
