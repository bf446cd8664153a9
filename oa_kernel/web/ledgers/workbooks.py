"""What is found, as a workbook; and the empty one for an import."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from oa_kernel import audit, ledgers, sheets
from oa_kernel.contributions import Sheet
from oa_kernel.errors import Invalid

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: rows of one export
MOST = 100_000


def export(ledger: ledgers.Ledger, who: Any, args: Mapping[str, Any]) -> bytes:
    """The rows the filters find that the person may export, columns as they may see them. Told to the audit record."""
    wanted = ledgers.understand(ledger, who, args)
    query = ledgers.exported(ledger, who, wanted)
    if query.limit(MOST + 1).count() > MOST:
        raise Invalid(f"一次最多导出 {MOST} 行：请先筛选", code="too_many_rows")
    sheet = Sheet(ledger.name, ledger.title, ledgers.columns_of(ledger, who))
    made = BytesIO()
    count = sheets.write(sheet, ledgers.dump(ledger, query.iterator(), who), made)
    audit.record("ledger.exported", ledger.kind, "", title=ledger.title, by=who,
                 after={"rows": count, "sort": wanted.sort, "q": wanted.q, "state": wanted.state,
                        "filters": [f"{c.name} {operator}" for c, operator, _v in wanted.conditions]})
    return made.getvalue()


def template(ledger: ledgers.Ledger, who: Any, target: BytesIO) -> None:
    """Headings and notes only."""
    sheets.write(Sheet(ledger.name, ledger.title, ledgers.columns_of(ledger, who)), (), target)


__all__ = ["MOST", "XLSX", "export", "template"]
