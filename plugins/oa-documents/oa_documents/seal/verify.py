"""Is a sealed PDF genuine? Offline: nothing but the file and, for trust, root certificates.

Every byte of the file is accounted for. The /ByteRange of the first seal must cover all but one hexadecimal string, that
string must be the signature in its only encoding, and the rest must have the digest that was signed. What follows must
be the sealings that the first one declares, each of them byte for byte what one sealing is (:mod:`.row`), the last one
at the end of the file. So nothing is left to be altered, neither by a changed byte nor by an update that was put after
a seal or between two, and no parser needs to be trusted with what it makes of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from oa_documents.seal import container, row, ses
from oa_documents.seal.errors import SealError
from oa_documents.seal.row import SUBFILTER
from oa_kernel import crypto

_RANGE: Final = re.compile(rb"/ByteRange\s*\[\s*(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")
_HEX: Final = re.compile(rb"[0-9a-f]*")
_OBJECT: Final = re.compile(rb"(?:^|[\s>])(\d{1,10})\s+\d{1,5}\s+obj\b")
_CLOCK_SKEW: Final = timedelta(minutes=5)
_MAX_RANGES: Final = 1000
_ORIGINAL: Final = "请不要使用此文件，向发文单位索取原件。"


@dataclass(frozen=True, slots=True)
class SealFound:
    """One seal of a file, the ``n``-th. ``ok`` only if nothing speaks against it; ``reasons`` is then empty."""

    n: int
    ok: bool
    reasons: list[str]
    signer: str = ""
    organisation: str = ""
    seal_name: str = ""
    seal_id: str = ""
    signed_at: datetime | None = None
    fingerprint: str = ""
    trusted: bool | None = None
    digest: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values, the time in ISO 8601 with offset."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {**values, "signed_at": self.signed_at.isoformat() if self.signed_at else None}


@dataclass(frozen=True, slots=True)
class Verification:
    """The answer. ``ok`` only if nothing speaks against the file; ``reasons`` (Chinese) is then empty.

    ``trusted``: do all signers' certificates lead to one of the roots given; None if no roots were given, and then
    ``ok`` says that the file is whole, not who stands behind it: compare ``fingerprint``. ``seals`` are all seals in their
    order, ``expected`` how many there must be, ``closed`` whether the first one says that, so that nobody can take the last
    ones off unseen; signer, organisation and so on are the first one's.
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
    digest: str = ""
    seals: list[SealFound] = field(default_factory=list)
    expected: int = 0
    closed: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain values, times in ISO 8601 with offset."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {**values, "signed_at": self.signed_at.isoformat() if self.signed_at else None,
                "seals": [one.to_json() for one in self.seals]}


@dataclass(frozen=True, slots=True)
class Place:
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
    """Check the seals of a PDF. Never raises for what ``data`` holds.

    :param roots: DER certificates that are trusted; None leaves the question of trust open.
    :param at: the moment of asking (aware), now by default: a signature from the future is refused.
    """
    data = bytes(data)
    if b"%PDF-" not in data[:1024]:
        return _bad("这不是 PDF 文件，无法验证电子印章。请选择原始的 PDF 文件。")
    ranges = _ranges(data)
    places = places_of(data, ranges)
    ours = SUBFILTER in data
    if not places or (not ours and not _readable(data, places)):
        return _nothing_found(data, ranges, ours)
    declared = row.declared(data, places[0].start)
    expected = max(1, len(declared))
    if len(places) > row.MOST or (len(places) > 1 and not declared):
        return _bad(
            f"文件中有 {len(places)} 个电子签名，无法确认哪一个有效：文件可能被拼接或重复签章。请向发文单位索取原件。",
            sealed=True,
        )
    given, moment = None if roots is None else list(roots), at or datetime.now(UTC)
    seals, read, sums = [], [], _Sums(data)
    # whatever comes after one too many is not looked at: the file is refused
    for n, place in enumerate(places[: expected + 1], 1):
        try:
            signature = _signature(place.contents(data))
        except SealError as exc:
            wrong = f"印章数据（第 {place.start} 字节起）已损坏或被改动：{exc.message}请向发文单位索取原件。"
            seals.append(SealFound(n, False, [wrong]))
            read.append(None)
            continue
        reasons = []
        if n > 1:
            reasons += _against_row(data, sums, places[n - 2].end, place, n, declared, signature, read[-1])
        reasons = _against_digest(data, sums, place, signature) + reasons
        reasons += against_signature(signature, moment)
        seals.append(found(n, signature, reasons, given))
        read.append(signature)
    whole = _against_end(data, places, ranges, seals, declared, expected)
    return summed(seals, whole, expected, covers=places[-1].end == len(data), closed=bool(declared))


def found(n: int, signature: ses.Signature, reasons: list[str], roots: list[bytes] | None) -> SealFound:
    """The ``n``-th seal with what was ``reasons`` against it so far, and the question of trust added."""
    distrust = against_trust(signature, roots) if roots is not None else []
    reasons = list(dict.fromkeys([*reasons, *distrust]))
    return SealFound(
        n=n,
        ok=not reasons,
        reasons=reasons,
        signer=signature.signer.subject,
        organisation=signature.signer.organisation,
        seal_name=signature.seal.name,
        seal_id=signature.seal.id,
        signed_at=signature.signed_at,
        fingerprint=signature.signer.fingerprint,
        trusted=None if roots is None else not distrust,
        digest=signature.digest.hex(),
    )


def summed(seals: list[SealFound], whole: list[str], expected: int, *, covers: bool, closed: bool) -> Verification:
    """The answer for a file: its ``seals``, and what speaks against the file as a ``whole``."""
    several = len(seals) > 1 or expected > 1
    reasons = []
    for one in seals:
        lead = f"第 {one.n} 枚印章（{one.organisation or '读不出'}）：" if several else ""
        reasons += [lead + reason for reason in one.reasons]
    reasons += whole
    first = seals[0]
    trusts = [one.trusted for one in seals]
    return Verification(
        ok=not reasons,
        reasons=list(dict.fromkeys(reasons)),
        sealed=True,
        signer=first.signer,
        organisation=first.organisation,
        seal_name=first.seal_name,
        seal_id=first.seal_id,
        signed_at=first.signed_at,
        covers_whole_file=covers,
        fingerprint=first.fingerprint,
        trusted=False if False in trusts else None if None in trusts else True,
        digest=first.digest,
        seals=seals,
        expected=expected,
        closed=closed,
    )


def places_of(data: bytes, ranges: list[tuple[int, ...]] | None = None) -> list[Place]:
    """Where the signatures of a PDF are, in the order of what they cover."""
    several = (_gap(data, numbers) for numbers in (_ranges(data) if ranges is None else ranges))
    return sorted((place for place in several if place is not None), key=lambda place: (place.end, place.start))


def _ranges(data: bytes) -> list[tuple[int, ...]]:
    return [tuple(map(int, match.groups())) for match in islice(_RANGE.finditer(data), _MAX_RANGES)]


def signature_of(data: bytes) -> bytes:
    """DER of the SES_Signature (GB/T 38540-2020) in a sealed PDF, for other software to check."""
    for match in _RANGE.finditer(data):
        place = _gap(data, tuple(map(int, match.groups())))
        if place is not None:
            return _signature(place.contents(data)).raw
    raise SealError("这份 PDF 中没有电子印章。")


def _gap(data: bytes, numbers: tuple[int, ...]) -> Place | None:
    first, start, stop, length = numbers
    end = stop + length
    if first != 0 or not 0 < start < stop - 1 or end > len(data):
        return None
    if data[start : start + 1] != b"<" or data[stop - 1 : stop] != b">":
        return None
    # one way of writing only: with capital letters allowed, an altered byte could go unseen
    return Place(start, stop, end) if _HEX.fullmatch(data, start + 1, stop - 1) else None


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


def _readable(data: bytes, places: list[Place]) -> bool:
    """Is one of the signatures a seal, although the file does not name its kind (any more)?"""
    for place in places[: row.MOST]:
        try:
            _signature(place.contents(data))
        except SealError:
            continue
        return True
    return False


def _nothing_found(data: bytes, ranges: list[tuple[int, ...]], ours: bool) -> Verification:
    if any(stop + length > len(data) for _, _, stop, length in ranges):
        return _bad("文件不完整：末尾缺失，比盖章时短。请重新下载，或向发文单位索取原件。", sealed=ours)
    if ours:
        return _bad("印章的签名范围（ByteRange）或签章数据被改动，无法验证。请向发文单位索取原件。", sealed=True)
    if ranges:
        return _bad("这份 PDF 里的电子签名不是国密电子印章，无法验证；如是盖章的文件，则签章数据被改动。请向发文单位核实。")
    return _bad("这份 PDF 没有电子印章。盖章的文件请使用发文单位提供的原件，不要使用打印、转换或另存的版本。")


class _Sums:
    """SM3 of the first bytes of a file. Asked for more and more of them, each byte is read once."""

    def __init__(self, data: bytes) -> None:
        self._view, self._sum, self._at = memoryview(data), crypto.SM3(), 0

    def first(self, count: int) -> crypto.SM3:
        if count < self._at:
            return crypto.SM3(self._view[:count])
        self._sum.update(self._view[self._at : count])
        self._at = count
        return self._sum.copy()


def _against_digest(data: bytes, sums: _Sums, place: Place, signature: ses.Signature) -> list[str]:
    digest = sums.first(place.start).update(memoryview(data)[place.stop : place.end]).digest()
    if digest != signature.digest or place.properties != signature.properties:
        return [f"文件内容在盖章之后被改动。{_ORIGINAL}"]
    return []


def _against_row(
    data: bytes, sums: _Sums, end: int, place: Place, n: int, declared: list[row.Field], signature: ses.Signature,
    before: ses.Signature | None,
) -> list[str]:
    """What speaks against the revision from ``end`` to the end of ``place`` being the ``n``-th sealing and no more."""
    if n > len(declared):
        return [f"第一枚印章写明只有 {len(declared)} 个机关用印，这一枚是之后加上的。{_ORIGINAL}"]
    own, reasons = declared[n - 1], []
    name = signature.signer.organisation or signature.signer.subject
    if own.organisation != name:
        reasons.append(f"第 {n} 枚印章应由“{own.organisation}”加盖，实际是“{name}”：用印的次序被改动。{_ORIGINAL}")
    if before is not None and signature.signed_at < before.signed_at:
        reasons.append(f"盖章时间早于前一枚印章，次序被改动。{_ORIGINAL}")
    piece = f"第 {n} 次修订（第 {end} 至 {place.end} 字节）"
    try:
        digest = sums.first(end).digest()
        head, tail, digits = row.further(data, end, digest, own, signature.seal, signature.signer, signature.signed_at)
    except SealError as exc:
        return [*reasons, f"{piece}无法核对：{exc.message}{_ORIGINAL}"]
    expected = head + data[place.start : place.stop] + tail
    actual = data[end : place.end]
    if actual != expected or place.start != end + len(head) or place.stop != place.start + digits + 2:
        reasons.append(f"{piece}不只是这一次用印：{_difference(actual, expected, end)}。页面可能被换过。{_ORIGINAL}")
    return reasons


def _difference(actual: bytes, expected: bytes, offset: int) -> str:
    """In what a revision is not the sealing that it must be."""
    must = {int(match[1]) for match in _OBJECT.finditer(expected)}
    others = sorted({int(match[1]) for match in _OBJECT.finditer(actual)} - must)
    if others:
        return f"还写入了对象 {'、'.join(map(str, others[:10]))}{' 等' if len(others) > 10 else ''}"
    same = next((n for n, (a, b) in enumerate(zip(actual, expected, strict=False)) if a != b), min(len(actual), len(expected)))
    if len(actual) != len(expected):
        return f"应为 {len(expected)} 字节，实为 {len(actual)} 字节，从第 {offset + same} 字节起不同"
    return f"从第 {offset + same} 字节起与用印应有的内容不同"


def _against_end(
    data: bytes, places: list[Place], ranges: list[tuple[int, ...]], seals: list[SealFound], declared: list[row.Field],
    expected: int,
) -> list[str]:
    reasons = []
    if places[-1].end != len(data):
        added = len(data) - places[-1].end
        if any(stop + length > len(data) for _, _, stop, length in ranges):
            reasons.append("文件不完整：末尾缺失，或中间的印章被去掉，比最后一次盖章时短。请重新下载，或向发文单位索取原件。")
        else:
            after = f"第 {len(places)} 枚印章" if expected > 1 else ""
            reasons.append(
                f"{after}盖章之后又有内容加入：文件末尾（第 {places[-1].end} 字节起）多出 {added} 字节。"
                "页面可能与盖章时不同，请向发文单位索取原件。"
            )
    if len(seals) < expected:
        missing = "、".join(f"“{one.organisation}”" for one in declared[len(seals) :])
        reasons.append(
            f"第一枚印章写明应有 {expected} 枚，现在只有 {len(seals)} 枚，缺{missing}的印章："
            f"后面的印章被去掉，或者还没有盖完。{_ORIGINAL}"
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
