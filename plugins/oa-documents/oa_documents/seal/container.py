"""How a GB/T 38540 signature stands in a PDF's /Contents: as PKCS #7 SignedData.

ISO 19005-2 (PDF/A-2), 6.4.3 wants /Contents to be a PKCS #7 object with the signer's certificate and exactly one
signer. SES_Signature and SignedData sign the same thing in the same way, when the *content* of the SignedData is the
DER of TBS_Sign and no attributes are signed: SM2 over TBS_Sign. So the one signature is stored as SignedData, and the
SES_Signature is put together from its parts again when it is read. (OpenSSL's `cms -verify` leaves SM2's Z out of the
digest where no attributes are signed, against GB/T 35275, and so cannot verify it.)

====================  ==========================================
SES_Signature         SignedData
====================  ==========================================
toSign                encapContentInfo.eContent (id-data)
cert                  certificates[0], signerInfos[0].sid
signatureAlgID        signerInfos[0].signatureAlgorithm
signature             signerInfos[0].signature (DER of r, s)
====================  ==========================================
"""

from __future__ import annotations

from typing import Final

from oa_documents.seal import ses
from oa_documents.seal.errors import SealError

_OID_SM3: Final = "1.2.156.10197.1.401"
_OID_SM2_WITH_SM3: Final = "1.2.156.10197.1.501"


def wrap(to_sign: bytes, certificate_der: bytes, value: bytes) -> bytes:
    """DER of the SignedData that holds a signature's three parts."""
    from asn1crypto import cms, x509

    certificate = x509.Certificate.load(certificate_der)
    signer = {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
    signer_info = {
        "version": "v1",
        "sid": cms.SignerIdentifier("issuer_and_serial_number", signer),
        "digest_algorithm": {"algorithm": _OID_SM3},
        "signature_algorithm": {"algorithm": _OID_SM2_WITH_SM3},
        "signature": value,
    }
    content = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [{"algorithm": _OID_SM3}],
            "encap_content_info": {"content_type": "data", "content": to_sign},
            "certificates": [certificate],
            "signer_infos": [signer_info],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": content}).dump())


def unwrap(der: bytes) -> ses.Signature:
    """The signature in a SignedData; :class:`SealError` if it is not exactly what :func:`wrap` makes."""
    from asn1crypto import cms

    try:
        signed = cms.ContentInfo.load(der, strict=True)["content"]
        to_sign = signed["encap_content_info"]["content"].native
        certificate = signed["certificates"][0].dump()
        value = signed["signer_infos"][0]["signature"].native
        assembled = ses.assemble(to_sign, certificate, value)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError) as exc:
        raise SealError("签章数据无法读取，已损坏或被改动。") from exc
    signature = ses.parse_signature(assembled)
    # one signature has one encoding: with this, an altered byte that no signature covers is seen all the same
    if wrap(to_sign, certificate, value) != der:
        raise SealError("签章数据的编码被改动。")
    return signature
