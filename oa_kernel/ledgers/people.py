"""The kernel's own ledger: everybody in the house, for those who may look through them. Changed under 人员, not here."""

from __future__ import annotations

from pathlib import Path

from oa_kernel.contributions import LedgerDeclaration
from oa_kernel.identity.models import Person

from .columns import Column
from .ledger import Ledger


class PeopleLedger(Ledger):
    """Departments are kept as a reference there: the id is what a list needs."""

    def value(self, row: Person, column: Column) -> object:
        """A column's value of a row."""
        return row.department_id if column.name == "department" else getattr(row, column.name)


PEOPLE = LedgerDeclaration(Path(__file__).parent / "people.yaml", Person, PeopleLedger)

__all__ = ["PEOPLE", "PeopleLedger"]
