"""What is going away says so: to who calls it, and in its documentation."""

import types
import warnings

import pytest

from oa_kernel import deprecation
from oa_kernel.deprecation import OADeprecationWarning, deprecated
from oa_kernel.installed import uses


@pytest.fixture(autouse=True)
def known(monkeypatch):
    monkeypatch.setattr(deprecation, "known", {})


def test_a_function_warns_where_it_is_called_and_still_works():
    @deprecated(since="0.4", gone="0.6", instead="new_way", name="oa_kernel.room.old_way")
    def old_way(n):
        """Doubles."""
        return 2 * n

    with pytest.warns(OADeprecationWarning, match=r"old_way 自 0\.4 起不再推荐，0\.6 将移除；请改用 new_way") as seen:
        assert old_way(2) == 4
    assert seen[0].filename == __file__
    assert "Deprecated since 0.4" in old_way.__doc__ and old_way.__doc__.startswith("Doubles.")


def test_a_class_warns_when_one_is_made():
    @deprecated(since="0.4", gone="0.6", instead="New", name="oa_kernel.room.Old")
    class Old:
        def __init__(self, x):
            self.x = x

    with pytest.warns(OADeprecationWarning):
        assert Old(3).x == 3


def test_a_hook_is_marked_and_asked_without_a_warning():
    @deprecated(since="0.4", gone="0.6", instead="oa_new")
    def oa_old():
        """A hook."""

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        oa_old()
    assert list(deprecation.known) == ["oa_old"]


@pytest.mark.parametrize(("source", "found"), [
    ("from oa_kernel.room import old_way", 1), ("from oa_kernel import room\nroom.old_way(1)", 1),
    ("from oa_kernel import room as r\nx = r.old_way", 1), ("import oa_kernel.room\noa_kernel.room.old_way(1)", 1),
    ("from oa_kernel import room\nroom.other(1)", 0), ("room.old_way(1)", 0),
    ("from elsewhere import old_way\nold_way()", 0),
    ("from oa_kernel import hookimpl\n@hookimpl\ndef oa_old():\n    pass", 1), ("def oa_old():\n    pass", 0),
])
def test_uses_are_found_in_source(monkeypatch, tmp_path, source, found):
    for name in ("oa_kernel.room.old_way", "oa_old"):
        deprecation.known[name] = deprecation.Deprecated(name, "0.4", "0.6", "new")
    package = tmp_path / "oa_some"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "code.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    state = types.SimpleNamespace(name="some", info=types.SimpleNamespace(package="oa_some"))
    assert len(list(uses._of(state))) == found
    for name in [n for n in __import__("sys").modules if n.startswith("oa_some")]:
        del __import__("sys").modules[name]
