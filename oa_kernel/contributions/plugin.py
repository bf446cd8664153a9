"""What a plugin is, and what it adds beside business: checks, benchmarks, demo data; and what a theme is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class PluginInfo:
    """Answer of ``oa_plugin()``: who the plugin is and what it needs."""

    #: short name, as in YAML: ``documents``
    name: str
    #: for people, zh-CN
    title: str
    version: str
    #: PEP 440 range of kernel versions, e.g. ``>=0.1,<1``
    kernel: str = ">=0.1,<1"
    #: names of plugins that must be there (and are loaded first)
    requires: Sequence[str] = ()
    description: str = ""
    #: import package whose ``migrations/``, ``templates/``, ``translations/``, ``static/`` are the plugin's
    package: str = ""
    #: version → what an administrator must know or do when upgrading to it, zh-CN
    upgrade_notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Diagnostic:
    """A line of ``oa doctor``. ``check() -> (state, message)``, state ``ok`` | ``warning`` | ``problem``."""

    name: str
    title: str
    check: Callable[[], tuple[str, str]]


@dataclass(frozen=True)
class Benchmark:
    """A suite of ``oa bench``. ``run(tell) -> iterable of oa_kernel.bench.Figure``; ``tell(text)`` shows progress.

    ``seed(rows)`` fills the running installation's tables with that many rows of the plugin's, so that the kernel's
    suites too are measured in a large organisation.
    """

    name: str
    title: str
    run: Callable[[Callable[[str], Any]], Any]
    seed: Callable[[int], None] | None = None


@dataclass(frozen=True)
class DemoData:
    """What a plugin adds to the demo organisation. ``build(org: DemoOrganisation) -> None``."""

    build: Callable[[Any], None]
    order: int = 100


@dataclass(frozen=True)
class Theme:
    """Answer of a theme's entry point (any object with these attributes will do)."""

    name: str
    title: str
    version: str
    template_folder: str
    static_folder: str
    static_manifest: Mapping[str, str] = field(default_factory=dict)


__all__ = ["Benchmark", "DemoData", "Diagnostic", "PluginInfo", "Theme"]
