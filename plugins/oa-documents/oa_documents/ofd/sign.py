"""Seals as OFD signatures (GB/T 33190-2016, clause 18; GB/T 38540-2020).

Signature.xml lists every file of the package with its SM3, Signatures.xml and the seal among them; SignedValue.dat is
the SES_Signature over the SM3 of Signature.xml, and names that file in its ``propertyInfo`` (GB/T 38540-2020, 7.2). So
there is no file in the package that one of the two digests does not cover, other than the signature itself.

Where several organisations seal, Signatures.xml lists all their signatures and every seal lies in its place before the
first one signs. So the first signature covers how many there are and whose; each further one adds its Signature.xml
and SignedValue.dat, and covers all that was there before, the earlier signatures among it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import quoteattr

from oa_documents.ofd.content import NAMESPACE, numbers
from oa_documents.ofd.package import OFDError
from oa_documents.ofd.write import page_id
from oa_documents.seal import Sealer, ses
from oa_kernel import crypto

SM3: Final = "1.2.156.10197.1.401"
SM2_WITH_SM3: Final = "1.2.156.10197.1.501"
_FOLDER: Final = "Doc_0/Signs"
#: a signature's seal, beside its Signature.xml
SEAL: Final = "Seal.esl"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'


def sign(
    files: Mapping[str, bytes], seal: bytes, key: ses.KeyPair, certificate: bytes, when: datetime,
    box: tuple[int, float, float, float, float] | None = None, *, provider: str = "OA", version: str = "",
) -> dict[str, bytes]:
    """The package of :func:`.write.write` with ``seal`` (DER of SESeal) put under all of it.

    ``box``: page counted from 0, then x, y, width, height in mm; without it the signature has no stamp on a page.
    ``when`` is aware. :class:`~oa_documents.seal.SealError` if the certificate may not use the seal.
    """
    return sign_row(files, [Sealer(seal, key, certificate, box)], when, provider=provider, version=version)


def sign_row(
    files: Mapping[str, bytes], sealers: Sequence[Sealer], when: datetime, *, provider: str = "OA", version: str = "",
) -> dict[str, bytes]:
    """The package with the seals put under it, one after another."""
    if any(name.startswith(_FOLDER) for name in files):
        raise OFDError("这份 OFD 已有电子签章，再次盖章会使原签章失效。")
    for one in sealers:
        ses.check_may_use(one.seal, one.key, one.certificate, when)
    out = dict(files)
    out["OFD.xml"] = out["OFD.xml"].replace(
        b"</ofd:DocRoot>", f"</ofd:DocRoot><ofd:Signatures>{_FOLDER}/Signatures.xml</ofd:Signatures>".encode(), 1)
    listed = "".join(f'<ofd:Signature ID="{n + 1}" Type="Seal" BaseLoc="Sign_{n}/Signature.xml"/>' for n in range(len(sealers)))
    out[f"{_FOLDER}/Signatures.xml"] = (
        f'{_HEAD}<ofd:Signatures xmlns:ofd="{NAMESPACE}"><ofd:MaxSignId>{len(sealers)}</ofd:MaxSignId>{listed}</ofd:Signatures>\n'
    ).encode()
    for n, one in enumerate(sealers):
        out[f"{_FOLDER}/Sign_{n}/{SEAL}"] = one.seal
    for n, one in enumerate(sealers):
        path = f"{_FOLDER}/Sign_{n}/Signature.xml"
        description = _description(out, when, one.box, provider, version).encode()
        value = ses.sign_document(one.seal, crypto.sm3(description), one.key, one.certificate, when, "/" + path)
        out |= {path: description, f"{_FOLDER}/Sign_{n}/SignedValue.dat": value}
    return out


def _description(
    files: Mapping[str, bytes], when: datetime, box: tuple[int, float, float, float, float] | None, provider: str, version: str
) -> str:
    """Signature.xml (18.2)."""
    references = "".join(
        f"<ofd:Reference FileRef={quoteattr('/' + name)}><ofd:CheckValue>{b64encode(crypto.sm3(data)).decode()}"
        "</ofd:CheckValue></ofd:Reference>\n" for name, data in files.items()
    )
    stamp = f'<ofd:StampAnnot ID="1" PageRef="{page_id(box[0])}" Boundary="{numbers(*box[1:])}"/>' if box else ""
    return (
        f'{_HEAD}<ofd:Signature xmlns:ofd="{NAMESPACE}"><ofd:SignedInfo><ofd:Provider ProviderName={quoteattr(provider)} '
        f"Version={quoteattr(version)}/><ofd:SignatureMethod>{SM2_WITH_SM3}</ofd:SignatureMethod><ofd:SignatureDateTime>"
        f"{when.astimezone(UTC):%Y%m%d%H%M%SZ}</ofd:SignatureDateTime><ofd:References CheckMethod=\"{SM3}\">\n{references}"
        f"</ofd:References>{stamp}<ofd:Seal><ofd:BaseLoc>{SEAL}</ofd:BaseLoc></ofd:Seal></ofd:SignedInfo>"
        "<ofd:SignedValue>SignedValue.dat</ofd:SignedValue></ofd:Signature>\n"
    )
