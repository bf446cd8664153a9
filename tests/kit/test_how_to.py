"""The how-to guides: their Python runs, their hooks answer with real objects, their links lead somewhere."""

import inspect
import re

import pytest

from oa_kernel import hookspecs
from oa_kernel.testing import plugin as fixtures

from .conftest import ROOT

HOW_TO = ROOT / "docs" / "how-to"
PAGES = sorted([*HOW_TO.glob("*.md"), ROOT / "docs" / "stability.md"])
_BLOCK = re.compile(r"^( *)```python\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
BLOCKS = [(page.name, n, inspect.cleandoc(" " * len(indent) + text if indent else text))
          for page in PAGES for n, (indent, text) in enumerate(_BLOCK.findall(page.read_text(encoding="utf-8")), 1)]


def test_there_are_guides():
    assert len(PAGES) > 11 and len(BLOCKS) > 10


@pytest.mark.parametrize(("page", "number", "code"), BLOCKS, ids=lambda v: str(v) if not isinstance(v, str) or len(v) < 40 else "")
def test_the_code_of_a_guide_runs_and_its_hooks_answer(page, number, code, monkeypatch):
    from oa_kernel import contributions, deprecation

    monkeypatch.setattr(deprecation, "known", {})
    given = {"c": contributions, "__name__": "oa_kernel.guide"}
    # a second block of a page goes on from the first
    if number > 1 and "import" not in code:
        from oa_kernel import hookimpl

        given["hookimpl"] = hookimpl
    exec(compile(code, f"{page}:{number}", "exec"), given)
    for name, thing in list(given.items()):
        if name.startswith("oa_") and callable(thing):
            assert hasattr(hookspecs, name), f"{page} implements {name}, which is no hook"
            assert thing(), f"{page}: {name}() gives nothing"


@pytest.mark.parametrize(("page", "code"), [(p, c) for p, _n, c in BLOCKS if p == "testing.md"])
def test_its_tests_ask_for_fixtures_that_exist(page, code):
    given = {}
    exec(compile(code, page, "exec"), given)
    tests = [f for n, f in given.items() if n.startswith("test_")]
    asked = {p for f in tests for p in inspect.signature(f).parameters}
    assert len(tests) > 4 and asked - set(vars(fixtures)) == set()


@pytest.mark.parametrize("page", [*PAGES, ROOT / "docs" / "plugin-guide.md", ROOT / "docs" / "tutorial.md"], ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    wrong = []
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if not (page.parent / target).exists():
            wrong.append(target)
    assert wrong == []


def test_every_guide_is_in_the_list():
    listed = (HOW_TO / "README.md").read_text(encoding="utf-8")
    assert [p.name for p in HOW_TO.glob("*.md") if p.name != "README.md" and f"]({p.name}" not in listed] == []
