"""Plugins: discover by entry point → order by dependency → check → register.

A plugin that fails to import, to declare itself or to migrate is *broken*: it is reported with its
reason and left out, and everything else runs. The same holds for themes.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pluggy

from . import PROJECT, __version__, hookspecs
from .contributions import PluginInfo
from .errors import Conflict

log = logging.getLogger(__name__)

PLUGIN_GROUP = "oa.plugins"
THEME_GROUP = "oa.themes"


@dataclass
class PluginState:
    """One installed plugin. ``state`` is ``ok`` | ``disabled`` | ``broken``."""

    name: str
    distribution: str = ""
    version: str = ""
    enabled: bool = False
    state: str = "disabled"
    reason: str = ""
    info: PluginInfo | None = None
    plugin: Any = None
    #: the entry point, or the object itself: where it comes from, whether it is on or off
    source: Any = field(default=None, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """The shape of ``oa plugins list --json``."""
        return {
            "name": self.name,
            "distribution": self.distribution,
            "version": self.version,
            "enabled": self.enabled,
            "state": self.state,
            "reason": self.reason,
        }


@dataclass
class Registry:
    """All installed plugins, and the pluggy manager that holds the ones that are ``ok``."""

    states: dict[str, PluginState] = field(default_factory=dict)
    manager: pluggy.PluginManager = field(default_factory=lambda: _manager())
    #: names in the order of dependence
    order: list[str] = field(default_factory=list)
    _collected: dict[str, list[tuple[str, Any]]] = field(default_factory=dict, repr=False)

    def ok(self) -> list[PluginState]:
        """Plugins that run, dependencies first."""
        return [self.states[n] for n in self.order if self.states[n].state == "ok"]

    def broken(self) -> list[PluginState]:
        """Enabled plugins that do not run."""
        return [s for s in self.states.values() if s.state == "broken"]

    def mark_broken(self, name: str, reason: str) -> None:
        """Takes a plugin, and all that need it, out of service."""
        state = self.states[name]
        if state.state == "ok" and state.plugin is not None and self.manager.is_registered(state.plugin):
            self.manager.unregister(state.plugin)
        state.state, state.reason = "broken", reason
        self._collected.clear()
        log.error("plugin %s is broken: %s", name, reason)
        for other in list(self.states.values()):
            if other.state == "ok" and other.info and name in other.info.requires:
                self.mark_broken(other.name, f"需要的插件 {name} 不可用：{reason}")

    def collect(self, hook: str) -> list[Any]:
        """All contributions to ``hook``, flattened, dependencies first."""
        return [item for _, item in self.collect_with_owner(hook)]

    def collect_with_owner(self, hook: str) -> list[tuple[str, Any]]:
        """Like :meth:`collect`, as pairs of plugin name and contribution."""
        if hook not in self._collected:
            self._collected[hook] = list(self._ask(hook))
        return self._collected[hook]

    def _ask(self, hook: str) -> Iterable[tuple[str, Any]]:
        if not hasattr(self.manager.hook, hook):
            raise AttributeError(f"no such hook: {hook}")
        for state in self.ok():
            if not hasattr(state.plugin, hook):
                continue
            others = [s.plugin for s in self.ok() if s is not state]
            try:
                answers = self.manager.subset_hook_caller(hook, others)()
                items = [item for answer in answers for item in _as_list(answer)]
            except Exception as error:  # a plugin's own code: report and leave the plugin out
                self.mark_broken(state.name, f"{hook}() 失败：{type(error).__name__}: {error}")
                continue
            yield from ((state.name, item) for item in items)


def _as_list(answer: Any) -> list[Any]:
    if answer is None:
        return []
    if isinstance(answer, Mapping) or not isinstance(answer, Iterable):
        return [answer]
    return list(answer)


def _manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    if os.environ.get("OA_TRACE_HOOKS"):
        manager.trace.root.setwriter(lambda text: print(text, end="", file=sys.stderr))
        manager.enable_tracing()
    return manager


def load(enabled: Mapping[str, bool], extra: Mapping[str, Any] | None = None) -> Registry:
    """Discovers installed plugins and registers those that ``enabled`` says yes to.

    :param enabled: plugin name → on or off, as in the configuration; what it does not name is off.
    :param extra: plugins given as objects rather than by entry point (for tests), name → object.
    """
    registry = Registry()
    candidates: dict[str, Any] = {ep.name: ep for ep in entry_points(group=PLUGIN_GROUP)}
    candidates.update(extra or {})
    for name, candidate in sorted(candidates.items()):
        state = registry.states[name] = PluginState(name, enabled=bool(enabled.get(name, False)))
        if isinstance(candidate, EntryPoint) and candidate.dist is not None:
            state.distribution, state.version = candidate.dist.name, candidate.dist.version
        state.source = candidate
        if state.enabled:
            _load_one(state, candidate)
    for name, on in enabled.items():
        if on and name not in registry.states:
            registry.states[name] = PluginState(
                name,
                enabled=True,
                state="broken",
                reason=f"没有安装：请 pip install 提供插件 {name} 的软件包，或在配置中停用它",
            )
    _order(registry)
    for state in registry.ok():
        if hasattr(state.plugin, "oa_hookspecs"):
            for module in _as_list(state.plugin.oa_hookspecs()):
                registry.manager.add_hookspecs(module)
    for state in registry.ok():
        try:
            registry.manager.register(state.plugin, name=state.name)
            registry.manager.check_pending()
        except Exception as error:  # a plugin's own code: report and leave the plugin out
            registry.mark_broken(state.name, f"声明有误：{error}")
    return registry


def _load_one(state: PluginState, candidate: Any) -> None:
    try:
        plugin = candidate.load() if isinstance(candidate, EntryPoint) else candidate
        info = plugin.oa_plugin()
    except BaseException as error:  # importing strangers' code may even raise SystemExit
        if isinstance(error, KeyboardInterrupt):
            raise
        state.state, state.reason = "broken", f"无法导入：{type(error).__name__}: {error}"
        return
    if not isinstance(info, PluginInfo):
        state.state, state.reason = "broken", "oa_plugin() 没有返回 PluginInfo"
        return
    if info.name != state.name:
        state.state, state.reason = "broken", f"入口名是 {state.name}，oa_plugin() 却自称 {info.name}"
        return
    state.plugin, state.info, state.version = plugin, info, info.version or state.version
    problem = _wrong_kernel(info.kernel)
    state.state, state.reason = ("broken", problem) if problem else ("ok", "")


def look(state: PluginState) -> tuple[Any, PluginInfo]:
    """The plugin and what it says of itself, also while it is off.

    :raises Conflict: when it cannot be imported or says nothing that can be used.
    """
    probe = PluginState(state.name, source=state.source)
    if state.plugin is not None and state.info is not None:
        return state.plugin, state.info
    if state.source is not None:
        _load_one(probe, state.source)
    if probe.plugin is None or probe.info is None:
        raise Conflict(f"插件 {state.name} 用不了：{probe.reason or state.reason or '没有安装'}", code="plugin_broken")
    return probe.plugin, probe.info


def _wrong_kernel(wanted: str) -> str:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        fits = SpecifierSet(wanted).contains(__version__, prereleases=True)
    except InvalidSpecifier:
        return f"内核版本范围写法有误：{wanted!r}"
    return "" if fits else f"需要内核 {wanted}，现在是 {__version__}"


def _order(registry: Registry) -> None:
    states = registry.states
    for state in list(states.values()):
        if state.state != "ok" or state.info is None:
            continue
        for needed in state.info.requires:
            other = states.get(needed)
            if other is None or other.state == "disabled":
                state.state = "broken"
                state.reason = f"需要插件 {needed}，它{'没有安装' if other is None else '未启用'}"
                break
    changed = True
    while changed:  # whoever needs a broken one is broken too
        changed = False
        for state in states.values():
            if state.state == "ok" and state.info:
                for needed in state.info.requires:
                    if states[needed].state == "broken":
                        state.state, state.reason = "broken", f"需要的插件 {needed} 不可用：{states[needed].reason}"
                        changed = True
                        break
    graph = {s.name: list(s.info.requires) for s in states.values() if s.state == "ok" and s.info}
    try:
        registry.order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        names = list(error.args[1])
        for name in set(names):
            states[name].state, states[name].reason = "broken", "依赖成环：" + " → ".join(names)
        _order(registry)


def load_theme(name: str) -> tuple[Any, str]:
    """The theme by its entry point's name, or ``(None, reason)``."""
    for ep in entry_points(group=THEME_GROUP):
        if ep.name != name:
            continue
        try:
            theme = ep.load()
            theme = theme() if callable(theme) and not hasattr(theme, "template_folder") else theme
            if not os.path.isdir(theme.template_folder):
                return None, f"主题 {name} 的模板目录不存在"
            return theme, ""
        except Exception as error:  # a theme's own code
            return None, f"主题 {name} 无法导入：{type(error).__name__}: {error}"
    return None, f"没有安装主题 {name}：请 pip install 提供它的软件包"


__all__ = ["PLUGIN_GROUP", "THEME_GROUP", "PluginState", "Registry", "load", "load_theme", "look"]
