"""Kernel of a plugin-based office-automation framework.

A plugin begins with::

    from oa_kernel import hookimpl
    from oa_kernel.contributions import Permission, PluginInfo

Public API: this package and its first-level rooms (``oa_kernel.workflow``,
``oa_kernel.files`` …). What lies deeper, or begins with an underscore, is private.
"""

import pluggy

__version__ = "0.1.0"

#: Name of the pluggy project; hooks begin with ``oa_``.
PROJECT = "oa"

hookimpl = pluggy.HookimplMarker(PROJECT)
hookspec = pluggy.HookspecMarker(PROJECT)

__all__ = ["PROJECT", "__version__", "hookimpl", "hookspec"]
