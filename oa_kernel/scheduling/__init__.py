"""Background work: a queue (huey), periodic tasks by hook, and the worker that runs them.

    scheduling.enqueue("archives.index", document=7)      # quick, may be lost; what may not: the outbox
"""

from .periodic import runs
from .queue import enqueue, huey, ping
from .worker import alive, run_worker, workers

__all__ = ["alive", "enqueue", "huey", "ping", "run_worker", "runs", "workers"]
