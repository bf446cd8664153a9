"""``oa bench`` runs and says what it measured. (Small sizes: the figures themselves are measured by ``make bench``.)"""

import json

import pytest

from ..service import oa


@pytest.mark.slow
@pytest.mark.parametrize(("suite", "figures"), [("todo", 3), ("files", 3), ("typeset", 2), ("seal", 1)])
def test_a_suite_measures(suite, figures):
    report = json.loads(oa("bench", "--quick", "--json", suite).stdout)
    assert "Python" in report["machine"]
    assert len(report["figures"]) == figures
    for figure in report["figures"]:
        assert figure["suite"] == suite and figure["ours"] > 0 and figure["unit"]
        assert figure["other"] is None or figure["ratio"] == pytest.approx(figure["ours"] / figure["other"])
    if suite == "todo":
        assert report["figures"][2]["ratio"] == 1, "the page asks more of a larger table"


def test_an_unknown_suite_is_named():
    done = oa("bench", "nonsense", check=False)
    assert done.returncode == 2 and "nonsense" in done.stderr and "todo" in done.stderr
