"""What a measurement says, and how it is taken so that it can be trusted."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any


def quick() -> bool:
    """Whether small sizes are enough: to see that everything runs, not to measure (``oa bench --quick``)."""
    return bool(os.environ.get("OA_BENCH_QUICK"))


@dataclass(frozen=True)
class Figure:
    """One measured figure beside another one of the same run.

    ``higher_is_better`` says how to read ``ratio`` (ours / other); ``bound`` is the ratio we hold ourselves to:
    at least that if higher is better, at most that otherwise.
    """

    name: str
    ours: float
    unit: str
    other_name: str = ""
    other: float | None = None
    bound: float | None = None
    higher_is_better: bool = True
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours / other."""
        return self.ours / self.other if self.other else None

    @property
    def holds(self) -> bool | None:
        """Whether the bound is kept; None where there is none."""
        value = self.ratio if self.other is not None else self.ours
        if self.bound is None or value is None:
            return None
        return value >= self.bound if self.higher_is_better else value <= self.bound

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return {**asdict(self), "ratio": self.ratio, "holds": self.holds}


def seconds_of(function: Callable[[], Any], runs: int = 5, warm_up: int = 1) -> float:
    """Median wall-clock seconds of a call."""
    for _ in range(warm_up):
        function()
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        function()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def interleaved(
    ours: Callable[[], Any], other: Callable[[], Any], runs: int = 7, warm_up: int = 1
) -> tuple[float, float]:
    """Median seconds of two calls taken in turn, so that a machine that changes speed changes both."""
    for _ in range(warm_up):
        ours()
        other()
    a: list[float] = []
    b: list[float] = []
    for _ in range(runs):
        for function, taken in ((ours, a), (other, b)):
            began = time.perf_counter()
            function()
            taken.append(time.perf_counter() - began)
    return statistics.median(a), statistics.median(b)


def best_rate(function: Callable[[float], int], seconds: float = 3.0, rounds: int = 3) -> float:
    """Median rate a second of ``function(seconds) -> how many``."""
    rates = []
    for _ in range(rounds):
        began = time.perf_counter()
        done = function(seconds)
        rates.append(done / (time.perf_counter() - began))
    return statistics.median(rates)


def environment() -> str:
    """The machine, in one line."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            model = next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} × {model}, {platform.system()}, Python {platform.python_version()}"
