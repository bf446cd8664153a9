"""Official documents (公文): drafting, review, numbering, typesetting, sealing, dispatch and receipt.

The plugin stands on ``oa_kernel``'s public rooms alone. ``plugin.py`` says what it contributes; the rules
are in ``services``; ``typeset``, ``text`` and ``seal`` know nothing of the database.
"""

__version__ = "0.1.0"
