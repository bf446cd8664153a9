"""Is a sealed PDF genuine? Offline: nothing but the file and, for trust, root certificates.

Every byte of the file is accounted for. /ByteRange must cover all but one hexadecimal string, that string must be the
signature in its only encoding, and the rest must have the digest that was signed. So nothing is left to be altered,
neither by a changed byte nor by an update that was appended, and no parser needs to be trusted with what it
makes of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from oa_documents.seal import container, ses
from oa_documents.seal.errors import SealError
from oa_documents.seal.pdf import SUBFILTER
from oa_kernel import crypto

_RANGE: Final = re.compile(rb"/ByteRange\s*\[\s*(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")
_HEX: Final = re.compile(rb"[0-9a-f]*")
_CLOCK_SKEW: Final = timedelta(minutes=5)
_MAX_RANGES: Final = 1000


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer. ``ok`` only if nothing speaks against the file; ``reasons`` (Chinese) is then empty.

    ``trusted``: does the signer's certificate lead to one of the roots given; None if no roots were given, and then
    ``ok`` says that the file is whole, not who stands behind it: compare ``fingerprint``.
    """

    ok: bool
    reasons: list[str]
    sealed: bool = False
    signer: str = ""
    organisation: str = ""
    seal_name: str = ""
    seal_id: str = ""
    signed_at: datetime | None = None
    covers_whole_file: bool = False
    fingerprint: str = ""
    trusted: bool | None = None
    digest: str = field(default="")

    def to_json(self) -> dict[str, Any]:
        """Plain values, the time in ISO 8601 with offset."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {**values, "signed_at": self.signed_at.isoformat() if self.signed_at else None}


@dataclass(frozen=True, slots=True)
class _Found:
    """A /ByteRange whose gap holds a hexadecimal string and nothing else."""

    start: int
    stop: int
    end: int

    def contents(self, data: bytes) -> bytes:
        return data[self.start + 1 : self.stop - 1]

    @property
    def properties(self) -> str:
        return f"ByteRange=0,{self.start},{self.stop},{self.end - self.stop}"


def verify_pdf(data: bytes, roots: Iterable[bytes] | None = None, at: datetime | None = None) -> Verification:
    """Check the seal of a PDF. Never raises for what ``data`` holds.

    :param roots: DER certificates that are trusted; None leaves the question of trust open.
    :param at: the moment of asking (aware), now by default: a signature from the future is refused.
    """
    data = bytes(data)
    if b"%PDF-" not in data[:1024]:
        return _bad("这不是 PDF 文件，无法验证电子印章。请选择原始的 PDF 文件。")
    ranges = [tuple(map(int, match.groups())) for match in islice(_RANGE.finditer(data), _MAX_RANGES)]
    found = [place for place in (_gap(data, numbers) for numbers in ranges) if place is not None]
    if not found:
        return _nothing_found(data, ranges)
    if len(found) > 1:
        return _bad(
            f"文件中有 {len(found)} 个电子签名，无法确认哪一个有效：文件可能被拼接或重复签章。请向发文单位索取原件。",
            sealed=True,
        )
    place = found[0]
    try:
        signature = _signature(place.contents(data))
    except SealError as exc:
        return _bad(
            f"印章数据（第 {place.start} 字节起）已损坏或被改动：{exc.message}请向发文单位索取原件。", sealed=True
        )
    digest = crypto.SM3(memoryview(data)[: place.start]).update(memoryview(data)[place.stop : place.end]).digest()
    reasons = [*_against_file(data, place, signature, digest), *against_signature(signature, at or datetime.now(UTC))]
    trusted = None
    if roots is not None:
        distrust = against_trust(signature, list(roots))
        trusted = not distrust
        reasons += distrust
    return Verification(
        ok=not reasons,
        reasons=reasons,
        sealed=True,
        signer=signature.signer.subject,
        organisation=signature.signer.organisation,
        seal_name=signature.seal.name,
        seal_id=signature.seal.id,
        signed_at=signature.signed_at,
        covers_whole_file=place.end == len(data),
        fingerprint=signature.signer.fingerprint,
        trusted=trusted,
        digest=signature.digest.hex(),
    )


def signature_of(data: bytes) -> bytes:
    """DER of the SES_Signature (GB/T 38540-2020) in a sealed PDF, for other software to check."""
    for match in _RANGE.finditer(data):
        place = _gap(data, tuple(map(int, match.groups())))
        if place is not None:
            return _signature(place.contents(data)).raw
    raise SealError("这份 PDF 中没有电子印章。")


def _gap(data: bytes, numbers: tuple[int, ...]) -> _Found | None:
    first, start, stop, length = numbers
    end = stop + length
    if first != 0 or not 0 < start < stop - 1 or end > len(data):
        return None
    if data[start : start + 1] != b"<" or data[stop - 1 : stop] != b">":
        return None
    # one way of writing only: with capital letters allowed, an altered byte could go unseen
    return _Found(start, stop, end) if _HEX.fullmatch(data, start + 1, stop - 1) else None


def _signature(contents: bytes) -> ses.Signature:
    if len(contents) % 2:
        raise SealError("签章数据长度有误。")
    raw = bytes.fromhex(contents.decode("ascii"))
    length = _der_length(raw)
    if any(raw[length:]):
        raise SealError("签章数据之后的填充处被写入了内容。")
    return container.unwrap(raw[:length])


def _der_length(raw: bytes) -> int:
    """Length of the SEQUENCE that ``raw`` begins with; the rest is padding."""
    if len(raw) < 4 or raw[0] != 0x30 or not 0x81 <= raw[1] <= 0x84:
        raise SealError("签章数据不是有效的结构。")
    count = raw[1] & 0x7F
    return 2 + count + int.from_bytes(raw[2 : 2 + count], "big")


def _nothing_found(data: bytes, ranges: list[tuple[int, ...]]) -> Verification:
    if any(stop + length > len(data) for _, _, stop, length in ranges):
        return _bad("文件不完整：末尾缺失，比盖章时短。请重新下载，或向发文单位索取原件。", sealed=True)
    if ranges or SUBFILTER in data:
        return _bad("印章的签名范围（ByteRange）或签章数据被改动，无法验证。请向发文单位索取原件。", sealed=True)
    return _bad("这份 PDF 没有电子印章。盖章的文件请使用发文单位提供的原件，不要使用打印、转换或另存的版本。")


def _against_file(data: bytes, place: _Found, signature: ses.Signature, digest: bytes) -> list[str]:
    reasons = []
    if digest != signature.digest or place.properties != signature.properties:
        reasons.append("文件内容在盖章之后被改动。请不要使用此文件，向发文单位索取原件。")
    if place.end != len(data):
        added = len(data) - place.end
        reasons.append(
            f"盖章之后又有内容加入：文件末尾（第 {place.end} 字节起）多出 {added} 字节。"
            "页面可能与盖章时不同，请向发文单位索取原件。"
        )
    return reasons


def against_signature(signature: ses.Signature, at: datetime) -> list[str]:
    seal, signer = signature.seal, signature.signer
    reasons = []
    if not signature.genuine():
        reasons.append("签名值与签章者证书不符：签章数据被改动或是伪造的。请不要使用此文件。")
    if not seal.genuine():
        reasons.append(f"印章“{seal.name}”的制章签名不符：印章被改动或是伪造的。请不要使用此文件。")
    if signer.raw not in seal.holders:
        reasons.append(f"签章者证书“{signer.subject}”不在印章“{seal.name}”登记的证书之列。请不要使用此文件。")
    when = f"{signature.signed_at:%Y-%m-%d %H:%M:%S} UTC"
    if not seal.valid_from <= signature.signed_at <= seal.valid_until:
        reasons.append(f"盖章时间（{when}）不在印章“{seal.name}”的有效期内。请向发文单位核实。")
    if not signer.valid_at(signature.signed_at):
        reasons.append(f"盖章时间（{when}）不在签章者证书“{signer.subject}”的有效期内。请向发文单位核实。")
    if not seal.maker.valid_at(seal.created):
        reasons.append(f"印章“{seal.name}”制作时，制章者证书“{seal.maker.subject}”不在有效期内。请向发文单位核实。")
    if signature.signed_at > at + _CLOCK_SKEW:
        reasons.append(f"盖章时间（{when}）在将来。请检查本机时钟；时钟无误时，请向发文单位核实。")
    return reasons


def against_trust(signature: ses.Signature, roots: list[bytes]) -> list[str]:
    reasons = []
    checks = [(signature.signer, signature.signed_at), (signature.seal.maker, signature.seal.created)]
    for certificate, moment in checks:
        try:
            crypto.certificate.verify_chain(certificate, roots, moment)
        except crypto.CertificateError as exc:
            if exc.message not in reasons:
                reasons.append(exc.message)
    return reasons


def _bad(reason: str, sealed: bool = False) -> Verification:
    return Verification(ok=False, reasons=[reason], sealed=sealed)
