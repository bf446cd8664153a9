"""Background work: a queue (huey), periodic tasks by hook, and the worker that runs them.

    scheduling.enqueue("archives.index", document=7)      # quick, may be lost; what may not: the outbox

What takes long and must survive a kill stands in a table of its owner's: :mod:`.longwork`.
"""

from .longwork import GivenUp, LongWork, Work
from .periodic import runs
from .queue import enqueue, huey, ping
from .worker import alive, run_worker, workers

__all__ = ["GivenUp", "LongWork", "Work", "alive", "enqueue", "huey", "ping", "run_worker", "runs", "workers"]
