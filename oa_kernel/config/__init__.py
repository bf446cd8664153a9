"""Configuration: one YAML file → one immutable :class:`Config`.

The cerberus schema is the kernel's (``schema.py``) and what plugins answer to ``oa_config_schema``.
``OA_…`` environment variables override single keys; ``…_file`` keys name files that hold secrets.
"""

from . import editing
from .load import Config, RawConfig, environment_name, read, validate
from .schema import KERNEL_SCHEMA, SECRECY_LEVELS, plugin_section, settings_reference

__all__ = [
    "KERNEL_SCHEMA", "SECRECY_LEVELS", "Config", "RawConfig", "editing", "environment_name", "plugin_section", "read",
    "settings_reference", "validate",
]
