"""Electronic archives (档案): what is finished becomes a record that can be kept, found and verified.

Import package of the distribution ``oa-archives``; the hook implementations stand in ``plugin.py``.
"""

__version__ = "0.1.0"
