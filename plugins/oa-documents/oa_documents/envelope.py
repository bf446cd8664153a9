"""Files sealed for one recipient: SM4-GCM under a fresh key, that key wrapped with SM2 for the recipient's certificate.

A sealed file (``.oase``) is one JSON object: ``format``, ``sender``, ``recipient``, ``certificate`` (fingerprint, SM3 of the
DER), ``name`` and ``sm3`` of what is inside, ``sealed_at``, ``key`` (SM2Cipher, GM/T 0009-2012, 7.2; base64) and ``data``
(base64). All but ``key`` and ``data`` is authenticated with the content. Nothing here knows the database: whoever has the
key opens it offline.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from oa_kernel import crypto
from oa_kernel.errors import Invalid

FORMAT = "oa-sealed-1"
KEY_FORMAT = "oa-sealed-key-1"
EXTENSION = ".oase"
MIME = "application/vnd.oa.sealed+json"
_LARGEST = 256 * 1024 * 1024


@dataclass(frozen=True)
class Opened:
    """What was inside."""

    name: str
    data: bytes
    sender: str
    recipient: str


def certificate_of(text: str) -> Any:
    """The certificate in a PEM text (or bare base64); its public key is the recipient's. Raises Invalid."""
    try:
        return crypto.certificate.parse(crypto.certificate.from_pem(text.encode()))
    except crypto.CryptoError as error:
        raise Invalid("不是 SM2 证书（PEM）", errors={"certificate": ["不是 SM2 证书（PEM）"]}) from error


def make_key(organisation: str, when: dt.datetime) -> tuple[str, str]:
    """A new key pair of a recipient: the key file (secret) and the certificate to hand out (PEM)."""
    pair = crypto.generate_keypair()
    der = crypto.certificate.issue(organisation, organisation, pair.public, private=pair.private,
                                   not_before=when - dt.timedelta(minutes=10))
    key = {"format": KEY_FORMAT, "organisation": organisation, "certificate": base64.b64encode(der).decode(),
           "private": pair.private.hex()}
    return json.dumps(key, ensure_ascii=False, indent=1) + "\n", crypto.certificate.pem(der)


def seal(data: bytes, name: str, *, sender: str, recipient: str, certificate: str, when: dt.datetime) -> bytes:
    """``data`` sealed for the owner of ``certificate`` (PEM). Raises Invalid where it is none, or not valid at ``when``."""
    read = certificate_of(certificate)
    if not read.valid_at(when):
        raise Invalid(f"{recipient}的加密证书不在有效期内", code="certificate_expired")
    head = {"format": FORMAT, "sender": sender, "recipient": recipient, "certificate": read.fingerprint, "name": name,
            "sm3": crypto.sm3_hex(data), "sealed_at": when.isoformat()}
    key = crypto.new_key()
    return json.dumps({
        **head, "key": base64.b64encode(crypto.wrap_key(read.public, key)).decode(),
        "data": base64.b64encode(crypto.seal_bytes(key, data, _bound(head))).decode(),
    }, ensure_ascii=False).encode()


def _bound(head: dict[str, Any]) -> bytes:
    return json.dumps({k: head[k] for k in _HEAD}, ensure_ascii=False, sort_keys=True).encode()


_HEAD = ("format", "sender", "recipient", "certificate", "name", "sm3", "sealed_at")


def recognises(head: bytes) -> bool:
    """Does a file begin like a sealed one?"""
    return head.lstrip()[:80].startswith(b'{"format": "' + FORMAT.encode())


def read(sealed: bytes) -> dict[str, Any]:
    """What stands outside: sender, recipient, fingerprint. Raises Invalid for what is no sealed file."""
    try:
        if len(sealed) > 2 * _LARGEST:
            raise ValueError("too large")
        value = json.loads(sealed)
        if value["format"] != FORMAT or not all(isinstance(value[k], str) for k in (*_HEAD, "key", "data")):
            raise ValueError("another format")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Invalid("这不是密封文件，或已损坏", code="not_sealed") from error
    return dict(value)


def open_sealed(sealed: bytes, key_file: str) -> Opened:
    """What is inside, with the recipient's key file.

    :raises Invalid: no sealed file or key file; sealed for another certificate; altered.
    """
    value = read(sealed)
    try:
        key = json.loads(key_file)
        if key["format"] != KEY_FORMAT:
            raise ValueError("another format")
        certificate = crypto.certificate.parse(base64.b64decode(key["certificate"]))
        private = bytes.fromhex(key["private"])
    except (ValueError, KeyError, TypeError, crypto.CryptoError) as error:
        raise Invalid("密钥文件不对：请用 oa documents keypair 生成的密钥文件", code="wrong_key_file") from error
    if certificate.fingerprint != value["certificate"]:
        raise Invalid(f"这份文件是给“{value['recipient']}”（证书指纹 {value['certificate'][:16]}…）密封的，不是给这把密钥的",
                      code="other_recipient")
    try:
        secret = crypto.unwrap_key(private, base64.b64decode(value["key"], validate=True))
        data = crypto.open_bytes(secret, base64.b64decode(value["data"], validate=True), _bound(value))
    except (crypto.CryptoError, binascii.Error, ValueError) as error:
        raise Invalid("密封文件已被改动或损坏，不能打开；请向发文单位索取", code="altered") from error
    if crypto.sm3_hex(data) != value["sm3"]:
        raise Invalid("密封文件的内容与摘要不符", code="altered")
    return Opened(value["name"], data, value["sender"], value["recipient"])
