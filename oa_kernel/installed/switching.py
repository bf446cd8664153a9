"""On and off: written into the YAML file, in force after a restart."""

from __future__ import annotations

from typing import Any

from oa_kernel import audit, config, db, permissions, plugins, runtime
from oa_kernel.config import editing
from oa_kernel.db import migrate
from oa_kernel.errors import ConfigError, Conflict, NotFound

MANAGE = "kernel.plugins.manage"
SUBJECT = "plugin"


def allowed(by: Any) -> None:
    """Raises Forbidden unless the person may manage plugins; None is whoever runs a command on the server."""
    if by is not None:
        permissions.require(by, MANAGE)


def find(name: str) -> plugins.PluginState:
    """An installed plugin. Raises NotFound with the nearest name."""
    states = runtime.current().plugins.states
    state = states.get(name)
    if state is None or state.source is None:
        import difflib

        near = difflib.get_close_matches(name, [n for n in states if n != name], 1)
        raise NotFound(f"没有安装插件 {name}" + (f"，是不是 {near[0]}？" if near else "；oa plugins list 列出已安装的"))
    return state


def users_of(name: str) -> list[str]:
    """Plugins that need this one and are on, by what the file says now."""
    found = []
    on = wanted()
    for state in runtime.current().plugins.states.values():
        if state.name == name or not on.get(state.name, False) or state.source is None:
            continue
        try:
            _plugin, info = plugins.look(state)
        except Conflict:
            continue  # broken: it uses nothing
        if name in info.requires:
            found.append(state.name)
    return sorted(found)


def wanted() -> dict[str, bool]:
    """Plugin → on or off, by what the file says now (which is in force after the next start)."""
    return config.read(runtime.current().config.path).enabled_plugins()


def enable(name: str, by: Any = None) -> None:
    """Switches a plugin on, from the next start.

    :raises Conflict: when it cannot be imported, or needs one that is off.
    """
    allowed(by)
    _plugin, info = plugins.look(find(name))
    on = wanted()
    needed = [n for n in info.requires if not on.get(n, False)]
    if needed:
        raise Conflict(f"插件 {name} 需要先启用：{'、'.join(needed)}", code="plugin_needs")
    _switch(name, True, by)


def disable(name: str, by: Any = None) -> None:
    """Switches a plugin off, from the next start; its data stays.

    :raises Conflict: while another that is on needs it.
    """
    allowed(by)
    if name not in wanted():  # one that was uninstalled without being switched off still stands in the file
        find(name)
    if users := users_of(name):
        raise Conflict(f"不能停用 {name}：这些插件需要它：{'、'.join(users)}。请先停用它们", code="plugin_needed")
    _switch(name, False, by)


def _switch(name: str, on: bool, by: Any) -> None:
    with editing.open_file(runtime.current().config.path) as file:
        before = wanted().get(name, False)
        if before == on and name in (file.data.get("plugins") or {}):
            return
        file.section(name)["enabled"] = on
        told(file, "plugin.enabled" if on else "plugin.disabled", name, {"enabled": before}, {"enabled": on}, by)


def told(file: editing.Editing, action: str, name: str, before: Any, after: Any, by: Any) -> None:
    """Writes the file and the record of it: both, or neither. Without tables yet there is no record to write."""
    if migrate.pending(migrate.KERNEL, "oa_kernel"):
        file.write()
        return
    try:
        with db.transaction():
            audit.record(action, SUBJECT, name, name, before=before, after=after, by=by)
            file.write()
    except BaseException:
        if file.path.read_bytes() != file.before:
            file.undo()
        raise


def differs() -> list[str]:
    """What the YAML file says otherwise than what runs: sections, and ``plugins.NAME``; empty when nothing does.

    A file that cannot be read at the moment differs as a whole: its path.
    """
    running = runtime.current()
    if running.raw is None:
        return []
    try:
        raw = config.read(running.raw.path)
    except ConfigError:
        return [str(running.raw.path)]
    old, new = dict(running.raw.data), dict(raw.data)
    was, now = running.raw.enabled_plugins(), raw.enabled_plugins()
    sections = _sections(old.pop("plugins", None)), _sections(new.pop("plugins", None))
    found = [key for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
    for name in sorted({*was, *now}):
        on = was.get(name, False), now.get(name, False)
        if on[0] != on[1] or (on[1] and sections[0].get(name, {}) != sections[1].get(name, {})):
            found.append(f"plugins.{name}")
    return found


def _sections(plugins_: Any) -> dict[str, dict[str, Any]]:
    """Plugin → its settings, without the switch."""
    given = plugins_ if isinstance(plugins_, dict) else {}
    return {str(n): {k: v for k, v in (own if isinstance(own, dict) else {}).items() if k != "enabled"}
            for n, own in given.items()}


__all__ = ["MANAGE", "SUBJECT", "allowed", "differs", "disable", "enable", "find", "told", "users_of", "wanted"]
