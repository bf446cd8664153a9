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
    """Is the worker keeping up? (The record itself is checked by ``oa audit verify``.)"""
    from .seal import unsealed

    waiting = unsealed()
    if waiting > 10_000:
        return "warning", f"有 {waiting} 条审计记录等待封存：请检查后台进程是否在运行"
    return "ok", f"{waiting} 条审计记录等待封存"


CONTRIBUTIONS: dict[str, list[Any]] = {
    "oa_verifiers": [Verifier("audit.proof", "审计存在证明", _recognises, _verify)],
    "oa_diagnostics": [Diagnostic("audit", "审计封存", _check)],
}
