"""Electronic seals: their picture, GB/T 38540-2020 structures, sealing a PDF and verifying it.

Knows no database and no web. asn1crypto and pypdf are loaded when first needed.
"""

from oa_documents.seal.errors import SealError
from oa_documents.seal.pdf import Box, Sealer, begin_row, seal_next, seal_row, sign_pdf
from oa_documents.seal.picture import seal_picture
from oa_documents.seal.ses import Seal, Signature, make_seal, parse_seal, parse_signature, sign_document
from oa_documents.seal.verify import SealFound, Verification, signature_of, verify_pdf

__all__ = [
    "Box",
    "Seal",
    "SealError",
    "SealFound",
    "Sealer",
    "Signature",
    "Verification",
    "begin_row",
    "make_seal",
    "parse_seal",
    "parse_signature",
    "seal_next",
    "seal_picture",
    "seal_row",
    "sign_document",
    "sign_pdf",
    "signature_of",
    "verify_pdf",
]
