"""Files at the sign-in desk that are damaged, locked or meant to do harm: said clearly, nothing half registered."""

import io
import zipfile
import zlib

import pytest
from oa_documents.models_incoming import Incoming
from oa_documents.services import incoming, reading
from oa_documents.text import guard

from oa_kernel import files, numbering
from oa_kernel.errors import Invalid


def pdf(*streams, filters="/FlateDecode"):
    """A PDF of one page whose contents are the streams."""
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n")
    places = []

    def add(body):
        places.append(out.tell())
        out.write(b"%d 0 obj\n" % len(places) + body + b"\nendobj\n")

    add(b"<< /Type /Catalog /Pages 2 0 R >>")
    add(b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
    add(b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents [" +
        b" ".join(b"%d 0 R" % (4 + n) for n in range(len(streams))) + b"] >>")
    for stream in streams:
        add(b"<< /Length %d /Filter %s >>\nstream\n" % (len(stream), filters.encode()) + stream + b"\nendstream")
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1) + b"".join(b"%010d 00000 n \n" % p for p in places))
    out.write(b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, start))
    return out.getvalue()


def locked():
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(PdfReader(io.BytesIO(pdf(zlib.compress(b"q Q")))))
    writer.encrypt("secret")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def with_macros():
    import docx

    out = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("关于有宏文件的通知")
    document.save(out)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("word/vbaProject.bin", b"x")
    return out.getvalue()


PACKED = zlib.compress(b"\0" * 3_000_000)
CASES = {
    "炸弹.pdf": (lambda: pdf(PACKED), "压缩炸弹"),
    "双重.pdf": (lambda: pdf(zlib.compress(PACKED), filters="[/FlateDecode /FlateDecode]"), "多重压缩"),
    "加密.pdf": (locked, "加了密码"),
    "损坏.pdf": (lambda: b"%PDF-1.4\nnothing", "已损坏"),
    "带宏.docx": (with_macros, "带有宏"),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_refused_by_name_and_reason_and_takes_no_number(office, monkeypatch, name):
    monkeypatch.setattr(guard, "STREAM", 2_000_000)
    made, reason = CASES[name]
    file = files.store(io.BytesIO(made()), name, office.clerk)
    with pytest.raises(Invalid) as caught:
        incoming.register({"title": "关于某事的通知", "sender": "云岭市财政局", "files": [file.id]}, office.clerk)
    assert name in caught.value.message and reason in caught.value.message
    assert Incoming.select().count() == 0 and not numbering.register("documents.incoming:2026").items
    with pytest.raises(Invalid):
        reading.propose(file)


def test_an_ordinary_long_stream_is_opened(office, monkeypatch):
    monkeypatch.setattr(guard, "STREAM", 4_000_000)
    assert guard.pdf_problem(pdf(PACKED)) == ""
    file = files.store(io.BytesIO(pdf(zlib.compress(b"q Q"))), "空白.pdf", office.clerk)
    assert reading.propose(file)["text"].strip() == ""


def test_a_scan_of_ten_thousand_pages_is_read_to_a_limit(office):
    from pypdf import PdfWriter

    writer = PdfWriter()
    page = writer.add_blank_page(595, 842)
    for _ in range(9_999):
        writer.add_page(page)
    out = io.BytesIO()
    writer.write(out)
    file = files.store(io.BytesIO(out.getvalue()), "扫描件.pdf", office.clerk)
    document = incoming.register({"title": "历年台账扫描件", "sender": "市档案馆", "files": [file.id]}, office.clerk)
    assert document.seq == 1 and document.text.strip() == ""
