"""BPMN 2.0 (ISO/IEC 19510) for definitions: what maps, and a list of what does not (``docs/bpmn.md``).

    from oa_kernel.workflow import bpmn

    xml = bpmn.write(text)            # a definition's YAML → BPMN with its diagram
    made = bpmn.read(xml)             # made.text, made.notes, made.problems
"""

from .notes import KINDS, Note
from .reading import Imported, read
from .writing import write

__all__ = ["KINDS", "Imported", "Note", "read", "write"]
