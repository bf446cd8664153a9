"""Is a sealed PDF or OFD genuine? For ``oa verify``, the public page and the document's own page."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from oa_kernel import clock, crypto
from oa_kernel.errors import Invalid, NotFound

from .. import envelope
from ..models import Outgoing, SealRecord
from . import formal_ofd, sealings, standing

_HEAD = 1024


def recognises(path: Path, head: bytes) -> bool:
    """A PDF."""
    return b"%PDF-" in head[:_HEAD]


def recognises_ofd(path: Path, head: bytes) -> bool:
    """A zip file with an ``OFD.xml``; or a damaged one that calls itself OFD."""
    if not head.startswith(b"PK"):
        return False
    try:
        with zipfile.ZipFile(path) as package:
            return any(name.lower() == "ofd.xml" for name in package.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return path.suffix.lower() == ".ofd"


def verify(path: Path) -> dict[str, Any]:
    """Checks a file offline: nothing but the file itself is looked at, no database and no network."""
    return check(Path(path).read_bytes(), roots=None)


def check(data: bytes, *, roots: list[bytes] | None) -> dict[str, Any]:
    """The answer as plain values: ``ok``, ``kind``, ``summary``, ``reasons``, and ``seals``, all of them in order.

    ``details`` says the same in a line for each, where there are several.
    """
    if data.startswith(b"PK"):
        from ..ofd import verify_ofd as verifier
    else:
        from ..seal import verify_pdf as verifier

    found = verifier(data, roots=roots, at=clock.now())
    values = found.to_json()
    lines = _lines(found)
    if not found.ok:
        summary = "无效：" + (found.reasons[0] if found.reasons else "无法验证")
    elif len(found.seals) > 1:
        names = "、".join(one.organisation or one.signer for one in found.seals)
        closed = "，第一枚写明的都已盖上" if found.closed else ""
        summary = f"有效：{names}依次用印，共 {len(found.seals)} 枚{closed}；每次用印之后只加入了后一枚印章，没有别的改动"
    else:
        summary = f"有效：{_who(found)}，签章之后没有改动"
    if found.ok and found.trusted is None:
        given = f"（SM3）{found.fingerprint}" if len(found.seals) == 1 else "（SM3）见各枚印章"
        summary += f"。签章证书指纹{given}，请与发文单位公布的核对"
    kind = "电子签章 OFD" if data.startswith(b"PK") else "电子签章 PDF"
    return {**values, "kind": kind, "summary": summary, "details": lines, "sm3": crypto.sm3_hex(data)}


def _lines(found: Any) -> list[str]:
    """A line for each of several seals, in their order."""
    if len(found.seals) < 2 and found.expected < 2:
        return []
    return [
        f"第 {one.n} 枚（共 {found.expected} 枚）：{_who(one) if one.signed_at else '读不出'}；"
        f"证书指纹（SM3）{one.fingerprint or '—'}；{'有效' if one.ok else '无效：' + one.reasons[0]}"
        for one in found.seals
    ]


def _who(one: Any) -> str:
    """``某办 于 2026-11-24 09:00:00 用“某办”印章签章``."""
    when = clock.local(one.signed_at).strftime("%Y-%m-%d %H:%M:%S")
    return f"{one.organisation or one.signer} 于 {when} 用“{one.seal_name}”印章签章"


def public_view(code: str) -> dict[str, Any]:
    """What anybody who holds the paper may know: who sealed what number when. Never the title or the text."""
    document = (
        Outgoing.select(Outgoing, SealRecord).left_outer_join(SealRecord).where(Outgoing.verify_code == code).first()
    )
    if document is None or document.state not in ("signed", "dispatched", "archived", "voided") or not document.formal_sm3:
        raise NotFound("没有这个验证码对应的公文，请核对网址是否完整")
    return {
        "number": document.number,
        "organisation": document.seal.organisation if document.seal_id else "",
        "seal": document.seal.title if document.seal_id else "",
        "seals": sealings.of(document),
        "date": document.date,
        "sealed_at": document.sealed_at,
        "sm3": document.formal_sm3,
        "ofd_sm3": ofd.sm3 if (ofd := formal_ofd.existing(document)) else "",
        "voided": document.state == "voided",
        "standing": standing.words(document),
    }


def compare(code: str, data: bytes) -> dict[str, Any]:
    """Checks an uploaded file against the document of the code: the seal, and whether it is that very file."""
    view = public_view(code)
    answer = check(data, roots=_roots())
    answer["same"] = answer["sm3"] in (view["sm3"], view["ofd_sm3"])
    if answer["ok"] and not answer["same"]:
        answer["ok"] = False
        answer["reasons"] = ["印章有效，但这不是该验证码对应的那份文件，请核对文号。"]
        answer["summary"] = "不一致：" + answer["reasons"][0]
    return answer


def _roots() -> list[bytes]:
    from . import seals

    return seals.roots()


def recognises_sealed(path: Path, head: bytes) -> bool:
    """A file sealed for one recipient."""
    return envelope.recognises(head)


def verify_sealed(path: Path) -> dict[str, Any]:
    """Who it is from and for; what is inside is checked when it is opened with the recipient's key."""
    try:
        found = envelope.read(Path(path).read_bytes())
    except Invalid as error:
        return {"ok": False, "kind": "密封文件", "summary": error.message, "reasons": [error.message]}
    summary = (f"{found['sender']}为{found['recipient']}密封的文件（证书指纹 {found['certificate']}）。"
               "内容要用该单位的密钥打开后核验：oa documents open")
    return {"ok": True, "kind": "密封文件", "summary": summary, "reasons": [], "recipient": found["recipient"],
            "sender": found["sender"], "certificate": found["certificate"]}
