"""Statements of a block, each with the transaction it stood in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from oa_kernel import db
from oa_kernel.db import engine, transactions

_WRITE = re.compile(r'\s*(?:INSERT(?:\s+OR\s+\w+)?\s+INTO|REPLACE\s+INTO|UPDATE|DELETE\s+FROM)\s+"?(\w+)', re.IGNORECASE)
AUDIT = "audit_event"


@dataclass(frozen=True)
class Statement:
    """``transaction`` is the same object for all of one transaction; None outside any."""

    sql: str
    transaction: Any

    @property
    def written(self) -> str:
        """The table it writes to; empty for reads."""
        found = _WRITE.match(self.sql)
        return found.group(1) if found else ""


class _Recorder(list):  # type: ignore[type-arg]
    """Stands where the kernel keeps counted statements."""

    def append(self, sql: str) -> None:
        super().append(Statement(sql, transactions._state.after if db.in_transaction() else None))


@contextmanager
def recording() -> Iterator[list[Statement]]:
    """Collects the statements of this thread inside the block."""
    before = getattr(engine._counting, "statements", None)
    engine._counting.statements = collected = _Recorder()
    try:
        yield collected
    finally:
        engine._counting.statements = before


def faults(statements: list[Statement], tables: set[str], *, batch: bool = False) -> list[str]:
    """What is wrong with the writes to these tables: outside a transaction, in several, or without an audit event.

    :param batch: many calls of a service, each with a transaction of its own.
    """
    writes = [s for s in statements if s.written in tables]
    if not writes:
        return []
    if any(s.transaction is None for s in writes):
        return [f"写 {next(s.written for s in writes if s.transaction is None)} 不在事务里"]
    found = []
    touched: list[Any] = []
    for statement in writes:
        if not any(t is statement.transaction for t in touched):
            touched.append(statement.transaction)
    if len(touched) > 1 and not batch:
        found.append(f"一次调用写了 {len(touched)} 个事务，应合成一个")
    audited = [s.transaction for s in statements if s.written == AUDIT]
    if any(not any(a is t for a in audited) for t in touched):
        found.append(f"写 {'、'.join(sorted({s.written for s in writes}))} 没有在同一事务里记审计")
    return found


__all__ = ["AUDIT", "Statement", "faults", "recording"]
