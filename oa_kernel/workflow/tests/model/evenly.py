"""Draws for long runs: every choice as likely as the others.

Hypothesis prefers small values, varies what it has drawn before and keeps the first tenth short: good for finding one fault
in a hundred examples, but of thousands of cases most were never approved by anybody. What is found is shrunk as always.
"""

from __future__ import annotations

from typing import Any

from hypothesis.internal.conjecture import engine
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider

NAME = "evenly"


class Evenly(HypothesisProvider):
    def draw_integer(self, min_value: int | None = None, max_value: int | None = None, **more: Any) -> int:
        if min_value is None or max_value is None:
            return super().draw_integer(min_value, max_value, **more)
        assert self._random is not None
        return self._random.randint(min_value, max_value)


AVAILABLE_PROVIDERS[NAME] = Evenly
#: seconds; a shorter example is not worth five minutes of a long run
engine.MAX_SHRINKING_SECONDS = 60
