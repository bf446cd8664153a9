"""Documents on paper: drafts and previews, the draft sheet, the formal version with number, date and seal."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from oa_kernel import clock, crypto, db, files, workflow
from oa_kernel.errors import Conflict, Invalid

from .. import kinds, settings
from ..models import Outgoing
from . import formal_ofd, joint, numbers, sealings, seals, standing

#: pictures of a page are drawn at
DPI = 130
_KEEP = 48

_lock = threading.Lock()
_kept: OrderedDict[tuple[str, ...], Any] = OrderedDict()


@dataclass(frozen=True)
class Sheet:
    """One typeset page as the browser gets it. Sizes of runs are in percent of the page, so that it may be zoomed."""

    n: int
    url: str
    runs: list[dict[str, Any]]


def require_glyphs(values: Mapping[str, Any]) -> None:
    """Raises Invalid that names every character no font has, with its place (``body`` 第 2 行第 5 字 U+E000)."""
    from ..typeset import fonts

    texts = {k: "\n".join(map(str, v)) if isinstance(v, list | tuple) else str(v) for k, v in values.items()
             if isinstance(v, str | list | tuple) and v}
    missing = fonts.missing_characters(texts, settings.fonts_folder())
    if missing:
        errors: dict[str, list[str]] = {}
        for one in missing:
            errors.setdefault(one.field, []).append(
                f"第 {one.line} 行第 {one.column} 字“{one.char}”（{one.codepoint}）没有字体能印出，请改用别的字，或安装含有它的字体"
            )
        raise Invalid(next(iter(errors.values()))[0], errors=errors, code="missing_glyphs")


def official(document: Any, *, draft: bool | str = False) -> Any:
    """The document's record as what is typeset."""
    from ..typeset import OfficialDocument

    seal_size = float(settings.get("seal_size_mm"))
    formal = not draft
    number = document.number or ("" if formal else f"{document.series}〔{clock.today().year}〕　号")
    if document.format == "order":  # 令号 counts on over the years [10.2]
        number = f"第{document.number_seq}号" if document.number else "" if formal else "第　号"
    date = document.date or (None if formal else clock.today())
    names = joint.names(document, settings.issuer()) if document.joint else []
    marks = joint.names(document, _host_mark(document)) if document.joint and document.joint_marks != "host" else []
    signed_by = _signed_by(document, formal=formal)
    return OfficialDocument(
        title=document.title, body=document.body, format=document.format, kind=document.kind,
        mark=_mark(document), number=number, addressees=tuple(document.addressees), signature=settings.issuer(),
        signatures=names, joint_marks=marks, signed_by=signed_by,
        date=date, signatory=joint.signed_names(document) if document.format == "upward" else "",
        copy_number=document.copy_number, secrecy="" if document.secrecy_level < 2 else document.secrecy,
        secrecy_term=document.secrecy_term, urgency=document.urgency,
        attachment_titles=tuple(document.attachment_titles) or attachment_names(document),
        note=document.note, attendance=document.attendance or {}, cc=tuple(document.cc), printer=settings.printed_by(),
        print_date=date, sealed=bool(settings.get("seal")) and not signed_by, seal_mm=seal_size, draft=draft,
        qr=verify_url(document) if formal and settings.get("qr") else "",
    )


def attachment_names(document: Any) -> tuple[str, ...]:
    """What the 附件说明 says where nothing was written: the files' names without their extensions."""
    if not document.id:
        return ()
    return tuple(PurePath(f.name).stem for f in files.attached("documents.outgoing", str(document.id)))


def _signed_by(document: Any, *, formal: bool) -> tuple[str, str] | None:
    """Office and name of who signs a 命令, where the settings say which office that is."""
    office = str(settings.get("signer_title"))
    if document.format != "order" or not office:
        return None
    return office, document.signatory or ("" if formal else "（签发人签名）")


def _host_mark(document: Any) -> str:
    """The host's name as it stands above the others': its 标志 without 文件."""
    return _mark(document).removesuffix("文件")


def _mark(document: Any) -> str:
    for series in numbers.series_list():
        if series.code == document.series and series.mark and document.format in ("general", "upward"):
            return str(series.mark)
    return settings.mark(document.format)


# drafts and previews


def _draft_word(document: Any) -> str:
    return f"草稿　第{document.revision}稿　未经签发不得外传" if document.revision else "草稿　未经签发不得外传"


def draft_pdf(document: Any) -> bytes:
    """The marked draft."""
    from .. import typeset

    return typeset.typeset(official(document, draft=_draft_word(document)), fonts=settings.fonts_folder()).pdf


def preview_pdf(data: Mapping[str, Any], person: Any) -> bytes:
    """What would come of these fields; nothing is kept."""
    from .. import typeset
    from . import fields

    values = fields.clean({"kind": "通知", "secrecy": "", **{k: v for k, v in data.items() if k in fields.EDITABLE and v}})
    require_glyphs(values)
    document = Outgoing(**{"series": numbers.default_code(), **values})
    return typeset.typeset(official(document, draft=True), fonts=settings.fonts_folder()).pdf


def preview_svgs(document: Any, data: Mapping[str, Any]) -> list[str]:
    """The pages as SVG with these fields in place of what is kept; nothing is written. For the page beside the form.

    Characters that no font has show as empty boxes: what is half typed is not refused.
    """
    from copy import copy

    from .. import typeset
    from . import fields

    kept = {name: getattr(document, name) for name in fields.EDITABLE}
    values = fields.clean({k: v for k, v in data.items() if k in fields.EDITABLE}, before=kept)
    typed = copy(document)
    typed.__data__ = {**document.__data__, **values}
    return typeset.page_svgs(official(typed, draft=_draft_word(document)), settings.fonts_folder())


def typeset_text(text: str, kind: str = "通知") -> bytes:
    """A text file as a draft: the first line is the title, then perhaps a number, the addressees, the body."""
    from .. import typeset
    from ..text import split_text

    parts = split_text(text)
    document = Outgoing(
        kind=kinds.get(kind).name, format=kinds.get(kind).format, title=parts["title"], number=parts["number"] or None,
        addressees=parts["addressees"], body=parts["body"], series=numbers.default_code(), date=parts["date"],
    )
    require_glyphs({"title": document.title, "body": document.body})
    return typeset.typeset(official(document, draft=True), fonts=settings.fonts_folder()).pdf


def pages(document: Any) -> list[Sheet]:
    """The typeset pages for the screen. Formal versions are read from their PDF, drafts are typeset now."""
    from .. import typeset

    mark, pdf = _screen(document)
    runs = _once(("runs", mark), lambda: typeset.text_of(pdf()))
    return [
        Sheet(n, f"/documents/{document.id}/pages/{n}.png?v={mark[:16]}", [
            {"text": r.text, "x": round(r.x / 2.1, 2), "y": round(r.y / 2.97, 2), "w": round(r.w / 2.1, 2),
             "h": round(r.h / 2.97, 2)} for r in found
        ])
        for n, found in enumerate(runs, 1)
    ]


def page_png(document: Any, n: int) -> bytes | None:
    """Page ``n`` as a picture, or None if there is none."""
    mark, pdf = _screen(document)
    made = _once(("png", mark, str(n)), lambda: _picture(pdf(), n))
    return made if made else None


def _picture(pdf: bytes, n: int) -> bytes:
    import io

    import pypdfium2

    opened = pypdfium2.PdfDocument(pdf)
    try:
        if not 0 < n <= len(opened):
            return b""
        out = io.BytesIO()
        opened[n - 1].render(scale=DPI / 72).to_pil().save(out, format="PNG", compress_level=3)
        return out.getvalue()
    finally:
        opened.close()


def _screen(document: Any) -> tuple[str, Any]:
    """(hash of what the pages are made of, function that gives their PDF)."""
    if document.formal_file_id:
        return document.formal_sm3, lambda: _once(
            ("pdf", document.formal_sm3), lambda: files.read_bytes(files.get(document.formal_file_id))
        )
    from .. import typeset

    thing = official(document, draft=_draft_word(document))
    mark = hashlib.blake2b(repr(thing).encode(), digest_size=16).hexdigest()
    return mark, lambda: _once(("pdf", mark), lambda: typeset.typeset(thing, fonts=settings.fonts_folder()).pdf)


def _once(key: tuple[str, ...], make: Any) -> Any:
    """A small cache of the process: the pages somebody looks at are asked for one by one."""
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    value = make()
    with _lock:
        _kept[key] = value
        while len(_kept) > _KEEP:
            _kept.popitem(last=False)
    return value


# the draft sheet


def sheet_pdf(document: Any) -> bytes:
    """发文稿纸: everybody's opinion, step by step, the newest step first as signers read it."""
    from .. import typeset

    groups: dict[str, list[Any]] = {}
    if document.instance_id:
        for entry in workflow.trail(document.instance_id):
            if entry["action"] in ("approve", "return", "reject", "read") and entry["by"] and entry["step_name"] != "拟稿":
                when = str(entry["at"])[:16].replace("T", " ")
                word = {"return": "（退回）", "reject": "（不同意）"}.get(entry["action"], "")
                groups.setdefault(entry["step_name"], []).append(
                    typeset.Opinion(entry["by"]["name"], word + (entry["comment"] or "同意"), when)
                )
    sheet = typeset.DraftSheet(
        heading=f"{settings.issuer()}发文稿纸", title=document.title, kind=document.kind, number=document.number or "",
        urgency=document.urgency, secrecy="" if document.secrecy_level < 1 else document.secrecy + document.secrecy_term,
        addressees=document.addressees, cc=document.cc,
        attachments=tuple(document.attachment_titles) or attachment_names(document), drafter=document.drafter_name,
        department=document.department_name, groups=list(reversed(groups.items())) or [("签发", []), ("审核", [])],
        printer=settings.printed_by(), date=document.date, foot=f"第 {document.revision} 稿",
    )
    return typeset.draft_sheet(sheet, fonts=settings.fonts_folder())


# the formal version


def verify_url(document: Any) -> str:
    """Where the QR code leads."""
    return f"{settings.base_url()}/verify/d/{document.verify_code}"


def finalise(document: Outgoing, by: Any) -> Outgoing:
    """Number, date, typesetting, seals and file, all in the caller's transaction; the document is then ``signed``.

    Where one of several organisations cannot seal, nothing of it happens.

    :raises Conflict: when it is not under review any more.
    """
    from .. import typeset

    if document.state != "reviewing":
        raise Conflict("这份文件不在审核中，不能成文", code="not_reviewing", state=document.state)
    require_glyphs({"title": document.title, "body": document.body})
    with db.transaction():
        numbers.give(document, by)
        document = Outgoing.get_by_id(document.id)
        if document.date is None:
            document.date = clock.today()
        seal = seals.ensure() if settings.get("seal") else None
        plan = sealings.planned(document, seal) if seal else []
        picture = str(seal.picture) if seal else ""
        pictures = [str(s.picture) if s else "" for _, s in plan] if document.joint else []
        sealed = replace(official(document), seal_picture=picture, seal_pictures=pictures)
        made = typeset.typeset(sealed, fonts=settings.fonts_folder())
        pdf, now = made.pdf, clock.now()
        if seal:
            pdf = sealings.put(pdf, plan, made.seal_boxes, now)
        file = files.store_bytes(pdf, f"{document.number}.pdf", by)
        files.attach(file, "documents.outgoing.formal", str(document.id), role="formal")
        Outgoing.update(
            state="signed", date=document.date, formal_file_id=file.id, formal_sm3=crypto.sm3_hex(pdf),
            sealed_at=now if seal else None, seal=seal, signed_at=now, version=Outgoing.version + 1, updated_at=now,
        ).where(Outgoing.id == document.id).execute()
        sealings.keep(document, plan, now, crypto.sm3_hex(pdf), by)
        standing.replaced_at_signing(document, by)
        formal_ofd.request(document)
    return Outgoing.get_by_id(document.id)
