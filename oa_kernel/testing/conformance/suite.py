"""Run by ``pytest --oa-conformance PLUGIN``; one test a rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from oa_kernel.testing.conformance import RULES, Subject


@pytest.fixture(scope="module")
def subject(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    name = request.config.getoption("--oa-conformance")
    made = Subject(name, tmp_path_factory.mktemp("conformance"))
    yield made
    made.close()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_conformance(subject: Subject, rule: Callable[[Subject], list[str]]) -> None:
    problems = rule(subject)
    if problems:
        asked = " ".join((rule.__doc__ or "").split())
        lines = "\n".join(f"  - {p}" for p in dict.fromkeys(problems))
        pytest.fail(f"plugin {subject.name}: {asked}\n{lines}", pytrace=False)
