"""The plugin of the tests: things that are finished, with a PDF for a text."""

import datetime as dt
import io

from oa_archives.models import Item, Pending
from oa_archives.services import filing

from oa_kernel import clock, files, hookimpl, signals
from oa_kernel import contributions as c
from oa_kernel.errors import Conflict, NotFound

KNOWN = {}
KEPT = []
ERASED = []


class _Plugin:
    @hookimpl
    def oa_plugin(self):
        return c.PluginInfo("things", "事项", "1")

    @hookimpl
    def oa_record_sources(self):
        return [c.RecordSource("things.thing", "事项", _describe, kept=lambda i, ref, by: KEPT.append((i, ref)),
                               erased=lambda i, number, by: ERASED.append((i, number)))]


def plugin():
    return _Plugin()


def _describe(thing_id):
    if thing_id not in KNOWN:
        raise NotFound("没有这件事项")
    if KNOWN[thing_id] is None:
        raise Conflict("已撤销，不归档")
    return KNOWN[thing_id]


def pdf(*lines):
    """A PDF with those lines of Latin text."""
    from pypdf import PdfWriter
    from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

    writer = PdfWriter()
    page = writer.add_blank_page(595, 842)
    stream = DecodedStreamObject()
    text = "".join(f"1 0 0 1 72 {760 - 20 * n} Tm ({line}) Tj " for n, line in enumerate(lines))
    stream.set_data(f"BT /F1 12 Tf {text}ET".encode())
    font = DictionaryObject({NameObject("/Type"): NameObject("/Font"), NameObject("/Subtype"): NameObject("/Type1"),
                             NameObject("/BaseFont"): NameObject("/Helvetica")})
    fonts = DictionaryObject({NameObject("/F1"): writer._add_object(font)})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    page[NameObject("/Contents")] = writer._add_object(stream)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


class Things:
    """The office of the tests."""

    def __init__(self, people, unit):
        self.__dict__.update(people)
        self.unit = unit
        KNOWN.clear()
        KEPT.clear()

    def finish(self, title="Notice on fire safety", number="YZB 12", kind="通知", text="消防安全检查的要求", level=0,
               parts=None, **more):
        """Something is finished; its row among what waits."""
        thing = str(len(KNOWN) + 1)
        if parts is None:
            parts = [c.RecordPart("text", "正文.pdf", file=files.store_bytes(pdf(title, number, thing), "正文.pdf"))]
        KNOWN[thing] = c.Record(**{
            "title": title, "number": number, "kind": kind, "date": dt.date(2026, 3, 2), "creator": "云岭市人民政府办公室",
            "department_id": self.unit.id, "department": "办公室", "secrecy": ("公开", "内部", "秘密", "机密")[level],
            "secrecy_level": level, "people": [("拟稿", "林晓岚"), ("签发", "高明德")], "text": text, "parts": parts, **more})
        signals.record_ready.send("test", kind="things.thing", subject_id=thing)
        return Pending.get(Pending.source_id == thing)

    def file(self, **more):
        """Something is finished and filed; the record."""
        choice = more.pop("choice", None)
        return filing.file(self.archivist, self.finish(**more).id, choice)

    def killed(self, row):
        """The worker of some long work was killed on another machine, an hour ago."""
        model = type(row)
        long_ago = clock.now() - dt.timedelta(hours=1)
        model.update(state="running", runner="elsewhere:1", beat_at=long_ago).where(model.id == row.id).execute()

    def again(self, item):
        """The record as it is now."""
        return Item.get_by_id(item.id)
