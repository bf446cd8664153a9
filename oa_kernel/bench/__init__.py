"""``oa bench``: our figure, the floor's or the peer's, and the ratio, measured in one run on this machine.

A suite is a function that yields :class:`Figure` objects; plugins add theirs with the hook ``oa_benchmarks``.
"""

from .figures import Figure, best_rate, environment, interleaved, quick, seconds_of
from .rows import insert, stamps

__all__ = ["Figure", "best_rate", "environment", "insert", "interleaved", "quick", "seconds_of", "stamps"]
