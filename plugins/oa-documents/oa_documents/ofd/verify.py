"""Is a signed OFD genuine? Offline: nothing but the file and, for trust, root certificates.

Every file in the package must be covered: by its SM3 in Signature.xml, or, for Signature.xml itself, by the digest that
was signed. Of several signatures each must cover all but what the later ones consist of, the earlier ones included: so
nothing else was added after any of them. What was altered, taken away or added is named. Dates and other marks that the
ZIP keeps of its files are not content, and not looked at.
"""

from __future__ import annotations

import posixpath
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from oa_documents.ofd.package import OFDError, Package, children, local, text_at
from oa_documents.ofd.sign import SEAL, SM3
from oa_documents.seal import ses
from oa_documents.seal.errors import SealError
from oa_documents.seal.verify import SealFound, Verification, against_signature, found, summed
from oa_kernel import crypto

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_ORIGINAL: Final = "请不要使用此文件，向发文单位索取原件。"
_MOST: Final = 20


@dataclass(slots=True)
class _Signed:
    """A signature of the package: where it is described, and the files that belong to the signature itself."""

    path: str
    root: Element
    value: str
    own: set[str]


def verify_ofd(data: bytes, roots: Iterable[bytes] | None = None, at: datetime | None = None) -> Verification:
    """Check the seals of an OFD. Never raises for what ``data`` holds.

    :param roots: DER certificates that are trusted; None leaves the question of trust open.
    :param at: the moment of asking (aware), now by default.
    """
    sealed = False
    try:
        package = Package(bytes(data))
        sealed = any(name.endswith(("SignedValue.dat", "Signature.xml")) for name in package.names)
        signed, listings, absent = _signatures(package)
        if not signed:
            return _bad(_missing(sealed), sealed)
        return _judged(package, signed, listings, absent, None if roots is None else list(roots), at or datetime.now(UTC))
    except (OFDError, SealError) as exc:
        return _bad(f"{exc.message}{'' if exc.message.endswith('。') else '。'}请向发文单位索取原件。", sealed)


def _missing(sealed: bool) -> str:
    if sealed:
        return "签章的登记（OFD.xml 或 Signatures.xml）被改动，签章无从验证。" + _ORIGINAL
    return "这份 OFD 没有电子印章。盖章的文件请使用发文单位提供的原件，不要使用转换或另存的版本。"


def _signatures(package: Package) -> tuple[list[_Signed], set[str], list[str]]:
    """The signatures that OFD.xml leads to, the files that list them, and where those should be that are not there."""
    entry = package.find("OFD.xml") or ""
    out: list[_Signed] = []
    listings: set[str] = set()
    absent: list[str] = []
    for body in children(package.xml(entry), "DocBody"):
        listed = package.resolve(entry, text_at(body, "Signatures"))
        if listed is None:
            continue
        listings.add(listed)
        for one in children(package.xml(listed), "Signature"):
            path = package.resolve(listed, one.get("BaseLoc"))
            if path is None:
                absent.append(posixpath.join(posixpath.dirname(listed), (one.get("BaseLoc") or "")[:120]))
                continue
            if any(path == other.path for other in out):
                raise OFDError(f"签章“{path}”登记了两次。")
            out.append(_signature(package, path))
    if absent and not out:
        raise OFDError(f"签章的描述文件（{absent[0]}）不在文件里。")
    return out, listings, absent


def _signature(package: Package, path: str) -> _Signed:
    root = package.xml(path)
    if local(root) != "Signature":
        raise OFDError(f"登记的签章“{path}”不是签章的描述文件。")
    value = package.resolve(path, text_at(root, "SignedValue"))
    if value is None:
        raise OFDError(f"签章的签名值不在文件里：“{path}”没有指明，或所指的文件被拿掉。")
    seal = package.resolve(path, text_at(root, "SignedInfo", "Seal", "BaseLoc"))
    return _Signed(path, root, value, {path, value, *([seal] if seal else [])})


def _judged(
    package: Package, signed: list[_Signed], listings: set[str], absent: list[str], roots: list[bytes] | None, at: datetime
) -> Verification:
    seals: list[SealFound] = []
    uncovered = closed = False
    before: datetime | None = None
    for n, one in enumerate(signed[:_MOST], 1):
        covered, wrong = _against_files(package, one.root, one.path)
        closed = closed or (n == 1 and listings <= covered)
        mine = one.own.union(listings, *(other.own for other in signed[n:]))
        if added := [name for name in package.names if name not in covered and name not in mine]:
            uncovered = True
            wrong.append(f"有 {len(added)} 个文件不在签章保护之内，可能是盖章之后加入的：{_list(added)}。{_ORIGINAL}")
        try:
            signature = ses.parse_signature(package.read(one.value))
        except SealError as exc:
            seals.append(SealFound(n, False, [*wrong, f"印章数据“{one.value}”已损坏或被改动：{exc.message}"]))
            continue
        if crypto.sm3(package.read(one.path)) != signature.digest:
            wrong.insert(0, f"签章的描述文件“{one.path}”在盖章之后被改动。{_ORIGINAL}")
        if package.resolve("OFD.xml", signature.properties) != one.path:
            wrong.append(f"签章所签的是“{signature.properties[:120]}”，不是“{one.path}”：签章可能取自别的文件。{_ORIGINAL}")
        if before is not None and signature.signed_at < before:
            wrong.append(f"盖章时间早于前一枚印章，次序被改动。{_ORIGINAL}")
        before = signature.signed_at
        wrong += _against_seal(package, one, signature)
        seals.append(found(n, signature, [*wrong, *against_signature(signature, at)], roots))
    whole = []
    if absent:
        names = "、".join(_absent(package, path) for path in absent[:10])
        whole.append(f"签章的登记写明应有 {len(signed) + len(absent)} 枚印章，现在只有 {len(signed)} 枚，缺{names}的印章："
                     f"后面的印章被去掉，或者还没有盖完。{_ORIGINAL}")
    if package.strays():
        whole.append(f"压缩包里有不属于任何文件的内容，可能是盖章之后加入的。{_ORIGINAL}")
    if len(signed) > _MOST:
        whole.append(f"文件里有 {len(signed)} 个签章，超过上限 {_MOST} 个，没有全部验证。")
    return summed(seals, whole, len(signed) + len(absent), covers=not uncovered and not package.strays(),
                  closed=closed)


def _absent(package: Package, path: str) -> str:
    """Whose signature is not there: its seal says it, which the other signatures cover."""
    try:
        name = package.find(posixpath.join(posixpath.dirname(path), SEAL))
        return f"“{ses.parse_seal(package.read(name)).name}”" if name else f"“{path}”"
    except (OFDError, SealError):
        return f"“{path}”"


def _against_files(package: Package, root: Element, path: str) -> tuple[set[str], list[str]]:
    """(files listed, what is wrong with them)."""
    listed: set[str] = set()
    altered: list[str] = []
    gone: list[str] = []
    for group in children(root, "SignedInfo", "References"):
        method = (group.get("CheckMethod") or "").strip()
        if method.upper() not in (SM3, "SM3"):
            return listed, [f"签章用的摘要算法“{method[:60]}”不是 SM3，无法验证。"]
        for reference in children(group, "Reference"):
            # paths in a reference count from the package's root
            name = package.resolve("OFD.xml", reference.get("FileRef"))
            if name is None:
                gone.append((reference.get("FileRef") or "")[:120])
                continue
            listed.add(name)
            try:
                same = b64decode(text_at(reference, "CheckValue"), validate=True) == crypto.sm3(package.read(name))
            except (ValueError, OFDError):
                same = False
            if not same:
                altered.append(name)
    wrong = []
    if not listed:
        wrong.append(f"签章没有保护任何文件（“{path}”没有列出）。{_ORIGINAL}")
    if altered:
        wrong.append(f"盖章之后被改动或损坏的文件：{_list(altered)}。{_ORIGINAL}")
    if gone:
        wrong.append(f"盖章之后被拿掉的文件：{_list(gone)}。{_ORIGINAL}")
    return listed, wrong


def _against_seal(package: Package, one: _Signed, signature: ses.Signature) -> list[str]:
    """The seal that lies beside the signature is what readers show; it must be the one that was put under it."""
    for name in one.own - {one.path, one.value}:
        if package.read(name) != signature.seal.raw:
            return [f"印章文件“{name}”与签名值“{one.value}”里的印章不同，其中之一被改动。{_ORIGINAL}"]
    return []


def _list(names: list[str]) -> str:
    shown = "、".join(f"“{name[:120]}”" for name in names[:10])
    return shown + (f" 等 {len(names)} 个" if len(names) > 10 else "")


def _bad(reason: str, sealed: bool) -> Verification:
    return Verification(ok=False, reasons=[reason], sealed=sealed)
