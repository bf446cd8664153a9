"""Spreadsheets in and out: what a room or a plugin declares by ``oa_sheets`` can be imported and exported as .xlsx.

    result = sheets.load("people", "people.xlsx", by=person, dry_run=True)
    result.faults        # every bad row: row, column, message; where there is one, nothing was written
    sheets.dump("people", "people.xlsx")

The check is the import itself, undone: whatever a rule refuses, the dry run refuses in the same words. The pages
import in steps (:mod:`.imports`), by the same ``load`` as the command line.
"""

from . import imports
from .load import Result, load
from .marked import marked
from .workbook import dump, kinds, listing, template, write

__all__ = ["Result", "dump", "imports", "kinds", "listing", "load", "marked", "template", "write"]
