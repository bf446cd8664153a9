"""A record's package, made for somebody who may take it out."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any

from oa_kernel import audit, db, permissions

from .. import package, rights
from ..models import Item
from . import destruction, queries, uses
from .filing import SUBJECT

_PIECE = 256 * 1024
_IN_MEMORY = 8 * 1024 * 1024


def build(person: Any, item: Item, form: str = "") -> Any:
    """The package as an open binary file at its beginning; that it was taken out is recorded.

    :param form: of ``package.FORMS``; empty: the installation's.
    """
    form = package.form_of(form)
    permissions.require(person, rights.EXPORT)
    destruction.require_content(item)
    out = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  (the caller closes it)
    package.write(item, queries.parts(item), queries.checks_of(item), out, form)
    with db.transaction():
        audit.record("archives.packaged", SUBJECT, item.id, title=f"{item.archival_number} {item.title}", by=person)
        uses.note(item, person, "package")
    out.seek(0)
    return out


def response(person: Any, item: Item, form: str = "") -> Any:
    """The package as a download."""
    form = package.form_of(form)
    mime = "application/xml" if form == "embedded" else "application/zip"
    return as_download(build(person, item, form), package.name_of(item, form), mime)


def as_download(out: Any, name: str, mime: str = "application/zip") -> Any:
    """An open file as a download, piece by piece where it is large; it is closed at its end."""
    from oa_kernel import web

    out.seek(0, 2)
    size = out.tell()
    out.seek(0)
    if size <= _IN_MEMORY:
        data = out.read()
        out.close()
        return web.send_bytes(data, mime, name)
    answer = web.send_bytes(b"", mime, name)
    answer.response, answer.direct_passthrough = _pieces(out), True
    answer.headers["Content-Length"] = str(size)
    return answer


def _pieces(out: Any) -> Iterator[bytes]:
    with out:
        while piece := out.read(_PIECE):
            yield piece
