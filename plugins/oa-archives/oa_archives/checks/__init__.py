"""The four checks (四性检测, DA/T 70-2018): authenticity, integrity, usability, security."""

from .inspect import Inspected, inspect
from .rules import FAILED, PASSED, QUALITIES, RESULTS, SKIPPED, Result, Subject, manifest_digest, run

__all__ = [
    "FAILED", "PASSED", "QUALITIES", "RESULTS", "SKIPPED", "Inspected", "Result", "Subject", "inspect", "manifest_digest",
    "run",
]
