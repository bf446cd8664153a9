"""Files up and down."""

from __future__ import annotations

from typing import Any

from oa_kernel import files

from ..api import Api
from ..door import person
from ..downloads import send_file
from ..uploads import read_form

api = Api("files", title="文件")

_FILE = {
    "type": "object",
    "required": ["id", "name", "size", "sm3"],
    "properties": {
        "id": {"type": "integer"}, "name": {"type": "string"}, "size": {"type": "integer", "description": "bytes"},
        "sm3": {"type": "string", "pattern": "^[0-9a-f]{64}$"}, "mime": {"type": "string"},
    },
}


@api.post("/files", permission="kernel.files.upload", uploads=True, status=201, returns=_FILE,
          summary="upload a file (multipart, field `file`)")
def upload() -> dict[str, Any]:
    """Streams to encrypted storage; it is the sender's alone until it is attached to something.

    The same content twice is stored once, so that a repeated upload costs nothing but the way.
    """
    stored = read_form(max_files=1).file("file")
    return {"id": stored.id, "name": stored.name, "size": stored.size, "sm3": stored.sm3, "mime": stored.mime}


@api.get("/files/<int:id>", signed_in=True, content_type="application/octet-stream",
         summary="download a file; `Range` is honoured")
def download(id: int) -> Any:
    return send_file(files.require_readable(person(), id))
