"""Plugins are found, ordered and checked; a broken one is left out with its reason."""

import pytest

from oa_kernel import hookimpl, plugins
from oa_kernel.contributions import Permission, PluginInfo


class Made:
    """A plugin made of functions."""


def plugin(name, *, requires=(), kernel=">=0.1", **hooks):
    made = Made()
    made.oa_plugin = hookimpl(lambda: PluginInfo(name, name, "1.0", kernel, requires))
    for hook, function in hooks.items():
        setattr(made, hook, hookimpl(function))
    return made


def load(*made, off=()):
    extra = {m.oa_plugin().name if hasattr(m, "oa_plugin") else "odd": m for m in made}
    return plugins.load({name: name not in off for name in extra}, extra)


def test_dependencies_come_first():
    registry = load(plugin("a", requires=["b"]), plugin("b", requires=["c"]), plugin("c"))
    assert [s.name for s in registry.ok()] == ["c", "b", "a"]


def test_contributions_are_collected_in_that_order():
    def rights(name):
        return {"oa_permissions": lambda: [Permission(f"{name}.do", name)]}

    registry = load(plugin("a", requires=["b"], **rights("a")), plugin("b", **rights("b")))
    assert [(o, p.name) for o, p in registry.collect_with_owner("oa_permissions")] == [("b", "b.do"), ("a", "a.do")]


def test_a_plugin_that_is_not_enabled_is_disabled_and_contributes_nothing():
    registry = load(plugin("a", oa_permissions=lambda: [Permission("a.do", "a")]), off=["a"])
    assert registry.states["a"].state == "disabled"
    assert registry.collect("oa_permissions") == []


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (plugin("x", kernel=">=99"), "需要内核 >=99"),
        (plugin("x", kernel="not a range"), "版本范围写法有误"),
        (plugin("x", requires=["nowhere"]), "没有安装"),
    ],
)
def test_a_plugin_that_does_not_fit_is_broken_and_says_why(made, reason):
    registry = load(made, plugin("fine"))
    assert registry.states["x"].state == "broken"
    assert reason in registry.states["x"].reason
    assert [s.name for s in registry.ok()] == ["fine"]


def test_a_plugin_whose_declaration_raises_is_broken_and_the_others_run():
    def boom():
        raise ZeroDivisionError("no")

    registry = load(plugin("bad", oa_permissions=boom), plugin("good", oa_permissions=lambda: [Permission("g.do", "")]))
    assert [p.name for p in registry.collect("oa_permissions")] == ["g.do"]
    assert "ZeroDivisionError" in registry.states["bad"].reason


def test_a_hook_nobody_specified_breaks_only_its_plugin():
    registry = load(plugin("bad", oa_permisions=lambda: []), plugin("good"))  # noqa: PIE807  (pluggy marks the function: it must be one)
    assert registry.states["bad"].state == "broken"
    assert "oa_permisions" in registry.states["bad"].reason
    assert registry.states["good"].state == "ok"


def test_breaking_one_breaks_those_that_need_it():
    registry = load(plugin("a", requires=["b"]), plugin("b", kernel=">=99"), plugin("c"))
    assert registry.states["a"].state == "broken"
    assert "b" in registry.states["a"].reason
    assert registry.states["c"].state == "ok"


def test_a_circle_of_dependencies_is_broken_not_endless():
    registry = load(plugin("a", requires=["b"]), plugin("b", requires=["a"]), plugin("c"))
    assert {n: s.state for n, s in registry.states.items() if n in "abc"} == {"a": "broken", "b": "broken", "c": "ok"}
    assert "依赖成环" in registry.states["a"].reason


def test_enabled_but_not_installed_is_reported():
    registry = plugins.load({"ghost": True})
    assert registry.states["ghost"].state == "broken"
    assert "没有安装" in registry.states["ghost"].reason


def test_hooks_can_be_traced(monkeypatch, capsys):
    monkeypatch.setenv("OA_TRACE_HOOKS", "1")
    load(plugin("a", oa_permissions=lambda: [])).collect("oa_permissions")  # noqa: PIE807
    assert "oa_permissions" in capsys.readouterr().err


def test_a_missing_theme_says_so():
    theme, reason = plugins.load_theme("nowhere")
    assert theme is None
    assert "没有安装主题 nowhere" in reason
