"""Supervision (督办): that nothing which was promised is forgotten.

Import package of the distribution ``oa-supervision``; the hook implementations stand in ``plugin.py``.
"""

__version__ = "0.1.0"
