"""A QR code as an SVG that stands in the page."""

from __future__ import annotations

import io

from markupsafe import Markup


def svg(text: str, scale: int = 4) -> Markup:
    """The code for a text, with the quiet zone scanners want, black on white in every theme."""
    import segno

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", scale=scale, border=4, xmldecl=False, svgns=True, light="#fff", dark="#000", nl=False
    )
    return Markup(out.getvalue().decode("utf-8"))


__all__ = ["svg"]
