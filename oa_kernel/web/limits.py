"""How often: a fixed window of one minute in the memory of the process, by person or address.

With several web workers each counts for itself; the lock-out of an account stands in the database (identity).
"""

from __future__ import annotations

import threading
import time

from oa_kernel.errors import TooManyRequests

WINDOW = 60


class Limiter:
    """Counts calls a key makes within the running minute."""

    def __init__(self) -> None:
        self._window = 0
        self._counts: dict[str, int] = {}
        self._lock = threading.Lock()

    def hit(self, key: str, limit: int, message: str = "操作过于频繁，请稍后再试") -> None:
        """Counts one call. Raises TooManyRequests with ``retry_after`` seconds; a limit of 0 is none."""
        if not limit:
            return
        now = time.time()
        window = int(now // WINDOW)
        with self._lock:
            if window != self._window:
                self._window, self._counts = window, {}
            count = self._counts[key] = self._counts.get(key, 0) + 1
        if count > limit:
            raise TooManyRequests(message, retry_after=int(WINDOW - now % WINDOW) + 1)

    def reset(self) -> None:
        """Forgets all counts."""
        with self._lock:
            self._counts = {}


__all__ = ["WINDOW", "Limiter"]
