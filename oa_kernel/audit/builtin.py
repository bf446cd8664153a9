"""What the audit room contributes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from oa_kernel.contributions import Diagnostic, Verifier


def _recognises(path: Path, head: bytes) -> bool:
    from .proof import recognises

    return recognises(path, head)


def _verify(path: Path) -> dict[str, Any]:
    from .proof import verify_proof

    return verify_proof(path)


def _check() -> tuple[str, str]:
    """Is the worker keeping up, and whose key signs? (The record itself is checked by ``oa audit verify``.)"""
    import datetime as dt

    from oa_kernel import clock

    from .models import Event
    from .proof import head
    from .seal import unsealed

    waiting = unsealed()
    oldest = Event.select(Event.at).where(Event.leaf.is_null()).limit(1).scalar()
    if oldest is not None and oldest < clock.now() - dt.timedelta(minutes=10):
        return "warning", f"有 {waiting} 条审计记录等待封存已久：请检查后台进程是否在运行（oa worker）"
    last = head()
    signed = f"；已封存 {last['size']} 条，签名密钥指纹（SM3）{last['fingerprint']}" if last else ""
    return "ok", f"{waiting} 条审计记录等待封存{signed}"


CONTRIBUTIONS: dict[str, list[Any]] = {
    "oa_verifiers": [Verifier("audit.proof", "审计存在证明", _recognises, _verify)],
    "oa_diagnostics": [Diagnostic("audit", "审计封存", _check)],
}
