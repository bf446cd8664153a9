"""Text as XML 1.0 takes it."""

from __future__ import annotations


def clean(text: str) -> str:
    """Without the control characters and halves of surrogates that XML 1.0 does not know (section 2.2)."""
    return "".join(c for c in text if c in "\t\n" or _known(ord(c)))


def _known(code: int) -> bool:
    return code >= 32 and not 0xD800 <= code <= 0xDFFF and code not in (0xFFFE, 0xFFFF)
