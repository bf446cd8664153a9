"""The plugin's settings (``plugins: supervision: …``) and how the code reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from oa_kernel import runtime


def _s(doc: str, **rules: Any) -> dict[str, Any]:
    return {**rules, "meta": {"doc": doc}}


SCHEMA: dict[str, Any] = {
    "automatic": _s("cases of these urgencies become an item by themselves: urgency → working days until it is due",
                    type="dict", keysrules={"type": "string"}, valuesrules={"type": "integer", "min": 1, "max": 60},
                    default={"特提": 1, "特急": 1, "加急": 3}),
    "yellow_days": _s("working days before the due day from which an item is yellow", type="integer", min=1, max=30, default=3),
    "urge_after": _s("working days of delay after which the person, the department's head, the deputy in charge are urged",
                     type="list", schema={"type": "integer", "min": 0, "max": 60}, minlength=3, maxlength=3, default=[1, 3, 7]),
}

#: setting → what the administration page calls it, and what stands below
_WORDS = {
    "automatic": ("自动立项", "缓急: 几个工作日内办结"),
    "yellow_days": ("黄灯提前（工作日）", ""),
    "urge_after": ("超期几个工作日催办", "依次为责任人、部门负责人、分管领导，一行一个"),
}
for _name, (_label, _help) in _WORDS.items():
    SCHEMA[_name]["meta"].update(label=_label, help=_help)


def get(name: str) -> Any:
    """One setting of the running installation."""
    return section()[name]


def on() -> bool:
    """Whether the plugin runs in this installation: signals are the process's, which may have had another one before."""
    state = runtime.current().plugins.states.get("supervision")
    return state is not None and state.state == "ok"


def section() -> Mapping[str, Any]:
    """All settings of the plugin, with defaults."""
    own = runtime.current().config.plugin("supervision")
    return {**{k: rule["default"] for k, rule in SCHEMA.items()}, **own}
