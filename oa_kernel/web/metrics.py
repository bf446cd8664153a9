"""Figures for Prometheus. Counting is plain additions; the library is loaded when somebody asks for ``/metrics``."""

from __future__ import annotations

import threading
import time
from typing import Any

#: upper bounds of the latency buckets, in seconds
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

_lock = threading.Lock()
_requests: dict[tuple[str, str, int], int] = {}
_latency: dict[str, list[float]] = {}
_started = time.time()


def observe(endpoint: str | None, method: str, status: int, began: float | None) -> None:
    """Counts one answered request."""
    name = endpoint or "none"
    seconds = time.perf_counter() - began if began is not None else 0.0
    with _lock:
        key = (name, method, status)
        _requests[key] = _requests.get(key, 0) + 1
        cells = _latency.get(name)
        if cells is None:
            cells = _latency[name] = [0.0] * (len(BUCKETS) + 2)
        for i, bound in enumerate(BUCKETS):
            if seconds <= bound:
                cells[i] += 1
                break
        cells[-2] += 1
        cells[-1] += seconds


class _Collector:
    """Hands what was counted, and what the database says now, to prometheus_client."""

    def collect(self) -> Any:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        with _lock:
            requests, latency = dict(_requests), {k: list(v) for k, v in _latency.items()}
        counted = CounterMetricFamily("oa_http_requests", "answered requests", labels=["endpoint", "method", "status"])
        for (endpoint, method, status), value in requests.items():
            counted.add_metric([endpoint, method, str(status)], value)
        yield counted
        timed = HistogramMetricFamily("oa_http_request_seconds", "time to answer", labels=["endpoint"])
        for endpoint, cells in latency.items():
            total, buckets = 0.0, []
            for bound, value in zip(BUCKETS, cells, strict=False):
                total += value
                buckets.append((str(bound), total))
            buckets.append(("+Inf", cells[-2]))
            timed.add_metric([endpoint], buckets, sum_value=cells[-1])
        yield timed
        yield GaugeMetricFamily("oa_process_start_time_seconds", "when this web process began", value=_started)
        from .ops import gauges

        for name, text, value in gauges():
            yield GaugeMetricFamily(f"oa_{name}", text, value=value)


def exposition() -> tuple[bytes, str]:
    """Body and content type of ``/metrics``."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.exposition import CONTENT_TYPE_LATEST

    registry = CollectorRegistry()
    registry.register(_Collector())  # type: ignore[arg-type]
    return generate_latest(registry), CONTENT_TYPE_LATEST


__all__ = ["BUCKETS", "exposition", "observe"]
