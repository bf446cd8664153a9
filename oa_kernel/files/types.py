"""What a file really is, by its content; and whether its extension says the same.

A sample of the beginning and the end is enough: images, PDF and the like show themselves in their first bytes, a
ZIP container's kind stands in its directory of names, at the end.
"""

from __future__ import annotations

import struct
from collections.abc import Collection

from oa_kernel.errors import UnsupportedType

#: bytes of the beginning and of the end that :func:`check` wants to see
HEAD, TAIL = 64 * 1024, 64 * 1024

_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."

#: extension → (what the content must be, media type). Content kinds: see :func:`detect`.
KNOWN: dict[str, tuple[str, str]] = {
    "pdf": ("pdf", "application/pdf"),
    "ofd": ("ofd", "application/ofd"),
    "docx": ("docx", _OOXML + "wordprocessingml.document"),
    "xlsx": ("xlsx", _OOXML + "spreadsheetml.sheet"),
    "pptx": ("pptx", _OOXML + "presentationml.presentation"),
    "odt": ("odt", _ODF + "text"),
    "ods": ("ods", _ODF + "spreadsheet"),
    "odp": ("odp", _ODF + "presentation"),
    "epub": ("epub", "application/epub+zip"),
    "doc": ("ole", "application/msword"),
    "xls": ("ole", "application/vnd.ms-excel"),
    "ppt": ("ole", "application/vnd.ms-powerpoint"),
    "wps": ("ole", "application/vnd.ms-works"),
    "et": ("ole", "application/vnd.ms-excel"),
    "dps": ("ole", "application/vnd.ms-powerpoint"),
    "vsd": ("ole", "application/vnd.visio"),
    "msg": ("ole", "application/vnd.ms-outlook"),
    "rtf": ("rtf", "application/rtf"),
    "zip": ("zip", "application/zip"),
    "rar": ("rar", "application/vnd.rar"),
    "7z": ("7z", "application/x-7z-compressed"),
    "gz": ("gz", "application/gzip"),
    "tgz": ("gz", "application/gzip"),
    "tar": ("tar", "application/x-tar"),
    "png": ("png", "image/png"),
    "jpg": ("jpg", "image/jpeg"),
    "jpeg": ("jpg", "image/jpeg"),
    "gif": ("gif", "image/gif"),
    "webp": ("webp", "image/webp"),
    "bmp": ("bmp", "image/bmp"),
    "tif": ("tif", "image/tiff"),
    "tiff": ("tif", "image/tiff"),
    "heic": ("heic", "image/heic"),
    "dwg": ("dwg", "image/vnd.dwg"),
    "psd": ("psd", "image/vnd.adobe.photoshop"),
    "mp3": ("mp3", "audio/mpeg"),
    "wav": ("wav", "audio/wav"),
    "m4a": ("m4a", "audio/mp4"),
    "ogg": ("ogg", "audio/ogg"),
    "amr": ("amr", "audio/amr"),
    "mp4": ("mp4", "video/mp4"),
    "m4v": ("mp4", "video/mp4"),
    "mov": ("mov", "video/quicktime"),
    "avi": ("avi", "video/x-msvideo"),
    "wmv": ("wmv", "video/x-ms-wmv"),
    "mkv": ("mkv", "video/x-matroska"),
    "webm": ("webm", "video/webm"),
    "txt": ("text", "text/plain"),
    "log": ("text", "text/plain"),
    "md": ("text", "text/markdown"),
    "csv": ("text", "text/csv"),
    "tsv": ("text", "text/tab-separated-values"),
    "json": ("text", "application/json"),
    "yaml": ("text", "application/yaml"),
    "yml": ("text", "application/yaml"),
    "xml": ("text", "text/xml"),
    "xes": ("text", "text/xml"),
    "html": ("text", "text/html"),
    "htm": ("text", "text/html"),
    "svg": ("text", "image/svg+xml"),
    "eml": ("text", "message/rfc822"),
    "ics": ("text", "text/calendar"),
    "vcf": ("text", "text/vcard"),
}

#: some devices name one kind by another's extension; nothing is hidden by it
_NEAR = {
    ("mp4", "m4a"), ("m4a", "mp4"), ("mp4", "mov"), ("mov", "mp4"), ("webm", "mkv"), ("mkv", "webm"),
    ("wps", "docx"), ("et", "xlsx"), ("dps", "pptx"), ("doc", "rtf"),
}

#: programs: not accepted under whatever name
_PROGRAMS = {"exe", "elf", "wasm", "swf", "crx", "deb", "rpm", "macho", "script"}
_PROGRAM_EXTENSIONS = {
    "exe", "com", "bat", "cmd", "scr", "pif", "dll", "msi", "msp", "vbs", "vbe", "js", "jse", "wsf", "wsh", "hta",
    "ps1", "jar", "sh", "lnk", "reg", "cpl", "app", "apk", "py", "pl", "rb", "php", "jsp", "asp", "aspx",
}

_TITLES = {
    "text": "纯文本", "ole": "旧版 Office 文件", "script": "脚本", "exe": "程序", "elf": "程序", "zip": "ZIP 压缩包",
    "unknown": "无法识别的内容",
}


def check(name: str, extension: str, head: bytes, tail: bytes, allow: Collection[str] | None = None) -> str:
    """The media type, once extension and content agree.

    :param head, tail: the first and the last bytes of the content; they may overlap.
    :param allow: extensions or media types that are accepted here; None: all that are not programs.
    :raises UnsupportedType: with what the content is.
    """
    found = detect(head, tail)
    if extension in _PROGRAM_EXTENSIONS or found in _PROGRAMS:
        raise UnsupportedType(f"不接受程序和脚本：{name}", code="program")
    wanted, mime = KNOWN.get(extension, ("", ""))
    if wanted:
        if found != wanted and (extension, found) not in _NEAR and (wanted, found) not in _NEAR:
            raise UnsupportedType(
                f"文件 {name} 的扩展名是 .{extension}，内容却是{_title(found)}："
                "请改成正确的扩展名，或用原来的程序重新保存",
                code="lying_extension", detected=found,
            )
    elif found not in ("unknown", "text", "ole", "zip"):
        ending = f"扩展名是 .{extension}" if extension else "没有扩展名"
        raise UnsupportedType(
            f"文件 {name} {ending}，内容却是{_title(found)}：请改成正确的扩展名", code="lying_extension", detected=found
        )
    else:
        mime = "application/octet-stream"
    if allow is not None and extension not in allow and mime not in allow:
        accepted = "、".join(sorted(allow))
        raise UnsupportedType(f"这里不接受 {name}，只接受：{accepted}", code="type_not_allowed")
    return mime


def detect(head: bytes, tail: bytes = b"") -> str:
    """The kind of content: an extension of :data:`KNOWN`, or ``text``, ``ole``, ``script``, ``exe``, ``unknown`` …"""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_kind(_zip_names(head, tail), head)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "ole"
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith(b"{\\rtf"):
        return "rtf"
    if head.startswith(b"#!") and is_text(head):
        return "script"
    if head.startswith((b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xca\xfe\xba\xbe")):
        return "macho"
    import filetype

    guess = filetype.guess(head[:8192])
    # these two are told by two letters that a text may begin with
    if guess is not None and not (guess.extension in ("bmp", "exe") and is_text(head)):
        return {"mpg": "mpg", "jpx": "jp2"}.get(guess.extension, guess.extension)
    return "text" if is_text(head) else "unknown"


def is_text(head: bytes) -> bool:
    """Whether it reads as text in UTF-8, GB 18030 or UTF-16 with a mark. The sample may end inside a character."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            text = head[: len(head) // 2 * 2].decode("utf-16", "strict")
        except UnicodeDecodeError as error:
            return error.start >= len(head) - 4
        return "\0" not in text
    if any(byte in head for byte in _NEVER_IN_TEXT):
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            head.decode(encoding)
            return True
        except UnicodeDecodeError as error:
            if error.start >= len(head) - 4 and len(head) >= HEAD:
                return True
    return False


_NEVER_IN_TEXT = [bytes([b]) for b in range(32) if b not in (9, 10, 12, 13, 27)] + [b"\x7f"]


def _zip_names(head: bytes, tail: bytes) -> set[str]:
    """Names in the container, as far as the two samples show them."""
    names: set[str] = set()
    for sample, mark, header, at in ((tail, b"PK\x01\x02", 46, 28), (head, b"PK\x03\x04", 30, 26)):
        place = sample.find(mark)
        while 0 <= place <= len(sample) - header:
            (length,) = struct.unpack_from("<H", sample, place + at)
            names.add(sample[place + header : place + header + length].decode("utf-8", "replace"))
            place = sample.find(mark, place + header)
    return names


def _zip_kind(names: set[str], head: bytes) -> str:
    if "OFD.xml" in names:
        return "ofd"
    for kind in ("text", "spreadsheet", "presentation"):
        if (_ODF + kind).encode() in head[:200]:
            return {"text": "odt", "spreadsheet": "ods", "presentation": "odp"}[kind]
    if b"application/epub+zip" in head[:200]:
        return "epub"
    if "[Content_Types].xml" in names:
        for folder, kind in (("word/", "docx"), ("xl/", "xlsx"), ("ppt/", "pptx")):
            if any(n.startswith(folder) for n in names):
                return kind
    return "zip"


def _title(kind: str) -> str:
    return _TITLES.get(kind, f" {kind.upper()}")
