"""Hooks that other plugins may implement for the documents plugin."""

from __future__ import annotations

from collections.abc import Sequence

from oa_kernel import hookspec

from .channels import Channel


@hookspec
def oa_documents_channels() -> Sequence[Channel]:
    """Further ways a document travels to outside organisations (``oa_documents.channels.Channel``)."""
