"""Where finished things come from: whatever plugins answer ``oa_record_sources``."""

from __future__ import annotations

from oa_kernel import builtin, runtime
from oa_kernel.contributions import RecordSource
from oa_kernel.errors import NotFound


def all_sources() -> dict[str, RecordSource]:
    """Kind → source, of the plugins that run."""
    cache = runtime.current().cache
    found: dict[str, RecordSource] | None = cache.get("archives.sources")
    if found is None:
        found = cache["archives.sources"] = {s.kind: s for s in builtin.collect("oa_record_sources")}
    return found


def source(kind: str) -> RecordSource:
    """The source of a kind. Raises NotFound when its plugin is off."""
    found = all_sources().get(kind)
    if found is None:
        raise NotFound(f"来源“{kind}”没有启用：启用它的插件后再归档", code="source_missing")
    return found


def title_of(kind: str) -> str:
    """What a kind of thing is called; the kind itself where its plugin is off."""
    found = all_sources().get(kind)
    return found.title if found else kind
