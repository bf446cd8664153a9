"""One transaction a service call."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .engine import database, impatient, is_postgresql

_state = threading.local()


class NestedTransactionFailed(RuntimeError):
    """A transaction inside this one failed, and its error was swallowed: nothing may be committed."""


@contextmanager
def transaction() -> Iterator[None]:
    """A write transaction. Nested ones join the outermost, which alone commits.

    On SQLite the write lock is taken at once (``BEGIN IMMEDIATE``), so that reading first and writing
    later is safe. If a nested block raises and somebody swallows the error, the outermost refuses to
    commit: half a service call is never written. Where failing is expected, use :func:`savepoint`.
    """
    depth = getattr(_state, "depth", 0)
    if depth:
        _state.depth = depth + 1
        try:
            yield
        except BaseException:
            _state.doomed = True
            raise
        finally:
            _state.depth = depth
        return
    database.connect(reuse_if_open=True)
    _state.doomed, _state.after = False, []
    try:
        with database.transaction():
            _state.depth = 1
            try:
                yield
                if _state.doomed:
                    raise NestedTransactionFailed("a nested transaction failed; nothing was written")
            finally:
                _state.depth = 0
        after, _state.after = _state.after, []
    finally:
        _state.depth, _state.doomed = 0, False
    for function in after:
        function()


@contextmanager
def transaction_if_free() -> Iterator[None]:
    """A :func:`transaction` that does not wait where another writes what it would write: for what can be done later.

    Not within another one. Raises peewee's OperationalError when it would have to wait longer than 50 ms.
    """
    if in_transaction():
        raise RuntimeError("inside a transaction it is too late not to wait")
    with impatient(), transaction():
        if is_postgresql():
            database.execute_sql("SET LOCAL lock_timeout = '50ms'")
        yield


@contextmanager
def savepoint() -> Iterator[None]:
    """A part of a transaction that may fail by itself: on error only this part is undone.

    Needs an open :func:`transaction`. The error is raised to the caller, who may swallow it.
    """
    if not in_transaction():
        raise RuntimeError("a savepoint stands inside a transaction")
    doomed = _state.doomed
    after = len(_state.after)
    try:
        with database.savepoint():
            yield
    except BaseException:
        _state.doomed = doomed
        del _state.after[after:]
        raise


def in_transaction() -> bool:
    """True inside a :func:`transaction` block of this thread."""
    return bool(getattr(_state, "depth", 0))


def on_commit(function: Callable[[], Any]) -> None:
    """Calls the function after the outermost commit, or at once where no transaction is open.

    For what may be lost (waking a worker, dropping a cache); what may not goes through the outbox.
    """
    if in_transaction():
        _state.after.append(function)
    else:
        function()
