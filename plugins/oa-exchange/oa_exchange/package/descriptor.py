"""The descriptor (名片): what one installation shows to another, to be trusted once its fingerprint was read aloud."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from oa_kernel import crypto

from .errors import PackageError
from .format import canonical

FORMAT = "oa-exchange descriptor 1"
_DOMAIN = b"oa-exchange descriptor 1\0"
_MOST = 64 * 1024


@dataclass(frozen=True)
class Descriptor:
    """What is in it, verified: signed with the key of ``certificate``, which also vouches for ``encryption``."""

    organisation: str
    url: str
    certificate: crypto.certificate.Certificate
    encryption: crypto.certificate.Certificate


def make_descriptor(organisation: str, url: str, signing: crypto.SigningKey, der: bytes, encryption: bytes) -> str:
    """As text, to be sent, pasted or fetched."""
    values = {"format": FORMAT, "organisation": organisation, "url": url, "certificate": base64.b64encode(der).decode(),
              "encryption_certificate": base64.b64encode(encryption).decode()}
    signature = base64.b64encode(signing.sign(_DOMAIN + canonical(values))).decode()
    return json.dumps({**values, "signature": signature}, ensure_ascii=False, indent=1) + "\n"


def read_descriptor(text: str | bytes) -> Descriptor:
    """Reads and verifies one. Raises PackageError (``descriptor``) or CertificateError."""
    if len(text) > _MOST:
        raise PackageError("这不是交换证书：超过 64 KB", code="descriptor")
    try:
        values: dict[str, Any] = json.loads(text)
        signature = base64.b64decode(values.pop("signature"), validate=True)
        if values.get("format") != FORMAT:
            raise PackageError("这不是交换证书，或是更新的版本", code="descriptor")
        first = crypto.certificate.parse(base64.b64decode(values["certificate"], validate=True))
        second = crypto.certificate.parse(base64.b64decode(values["encryption_certificate"], validate=True))
        organisation, url = str(values["organisation"]).strip(), str(values["url"]).strip()
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise PackageError("这不是交换证书：内容无法读取，请取得对方导出的完整文件", code="descriptor") from error
    if not crypto.verify(first.public, _DOMAIN + canonical(values), signature):
        raise PackageError("交换证书的签名不符：内容被改动过", code="descriptor")
    if not first.signed_by(first) or not second.signed_by(first) or first.public == second.public:
        raise PackageError("交换证书里的两张证书不相配", code="descriptor")
    if not organisation or len(organisation) > 200 or len(url) > 300:
        raise PackageError("交换证书里没有单位名称，或名称、地址过长", code="descriptor")
    return Descriptor(organisation, url, first, second)


def groups(fingerprint: str) -> str:
    """A fingerprint in groups of four, to be read aloud."""
    return " ".join(fingerprint[i : i + 4] for i in range(0, len(fingerprint), 4))
