"""Sealing a PDF: what is appended, and that the file stays what it was."""

import io
from datetime import timedelta

import pypdf
import pytest
from oa_documents.seal import SealError, parse_signature, signature_of, verify_pdf

from oa_kernel import crypto

from .conftest import BOX, NAME, NOW, plain_pdf

MM = 72 / 25.4


def read(pdf):
    return pypdf.PdfReader(io.BytesIO(pdf), strict=True)


def field_of(pdf):
    return read(pdf).trailer["/Root"]["/AcroForm"]["/Fields"][0].get_object()


def test_not_a_byte_of_the_document_changes(page, sealed):
    assert sealed.startswith(page)


def test_readers_find_one_signature_field_on_the_sealed_page(sealed):
    reader = read(sealed)
    field = field_of(sealed)
    assert field["/FT"] == "/Sig" and reader.trailer["/Root"]["/AcroForm"]["/SigFlags"] == 3
    assert "/Annots" not in reader.pages[0]
    # iterating over a pypdf array gives its references
    references = [list(reader.pages[1]["/Annots"]), list(reader.trailer["/Root"]["/AcroForm"]["/Fields"])]
    assert len(references[0]) == 1 and references[0] == references[1]
    assert field["/V"]["/Filter"] == "/GM.SES" and field["/V"]["/SubFilter"] == "/GM.sm2seal.GB38540"
    assert field["/V"]["/Name"] == NAME and field["/V"]["/M"] == "D:20260302083000+00'00'"


def test_the_text_of_every_page_is_still_there(page, sealed):
    assert [p.extract_text() for p in read(sealed).pages] == [p.extract_text() for p in read(page).pages]


def test_a_second_implementation_opens_and_draws_it(page, sealed):
    import pypdfium2

    before, after = (pypdfium2.PdfDocument(pdf)[1].render().to_pil().tobytes() for pdf in (page, sealed))
    assert before == after


def test_the_rectangle_lies_over_the_drawn_seal(sealed):
    rect = [float(v) for v in field_of(sealed)["/Rect"]]
    top = 297 * MM
    assert rect == pytest.approx([100 * MM, top - 192 * MM, 142 * MM, top - 150 * MM], abs=0.01)


def test_pdf_a_conformance_survives(page, sealed):
    field, before, after = field_of(sealed), read(page).trailer, read(sealed).trailer
    assert field["/F"] & 4 and not field["/F"] & (1 | 2 | 32 | 256)  # ISO 19005-2, 6.3.2: printed, never hidden
    assert list(field["/AP"]) == ["/N"]  # 6.3.3
    assert "/NeedAppearances" not in after["/Root"]["/AcroForm"]  # 6.4.1
    assert after["/Root"]["/Metadata"].get_data() == before["/Root"]["/Metadata"].get_data()
    assert "/OutputIntents" in after["/Root"]
    assert after["/ID"][0].original_bytes == before["/ID"][0].original_bytes
    first, start, stop, length = field["/V"]["/ByteRange"]  # 6.4.3: the whole file but /Contents, PKCS #7, one signer
    assert (first, stop + length) == (0, len(sealed)) and sealed[start:start + 1] + sealed[stop - 1 : stop] == b"<>"


def test_contents_is_pkcs7_with_the_signers_certificate(office, sealed):
    from asn1crypto import cms

    signed = cms.ContentInfo.load(bytes(field_of(sealed)["/V"]["/Contents"].original_bytes))["content"]
    assert [certificate.dump() for certificate in signed["certificates"]] == [office.certificate]
    (signer,) = signed["signer_infos"]
    content = signed["encap_content_info"]["content"].native
    assert crypto.verify(office.key.public, content, signer["signature"].native)


def test_the_standards_signature_comes_out_again(office, sealed):
    signature = parse_signature(signature_of(sealed))
    assert signature.genuine() and signature.seal.raw == office.seal and signature.signed_at == NOW
    _, start, stop, length = field_of(sealed)["/V"]["/ByteRange"]
    assert signature.digest == crypto.sm3(sealed[:start] + sealed[stop : stop + length])


@pytest.mark.parametrize("stream", [False, True], ids=["table", "stream"])
@pytest.mark.parametrize("box", [None, (0, 10, 10, 42, 42)], ids=["invisible", "visible"])
def test_both_kinds_of_cross_references_are_continued(office, stream, box):
    sealed = office.sign(plain_pdf(stream), box)
    assert verify_pdf(sealed, [office.root], NOW).ok
    reader = read(sealed)
    assert len(reader.pages) == 1 and field_of(sealed)["/T"] == "OASeal1"
    rect = [float(v) for v in field_of(sealed)["/Rect"]]
    assert (rect == [0, 0, 0, 0]) == (box is None)


def test_existing_annotations_and_fields_are_kept(office):
    from pypdf.annotations import Link

    writer = pypdf.PdfWriter()
    writer.add_blank_page(595, 842)
    link = Link(rect=(10, 10, 20, 20), url="https://example.org/")
    writer.add_annotation(0, link)
    out = io.BytesIO()
    writer.write(out)
    sealed = office.sign(out.getvalue(), (0, 10, 10, 42, 42))
    assert [a.get_object()["/Subtype"] for a in read(sealed).pages[0]["/Annots"]] == ["/Link", "/Widget"]
    assert verify_pdf(sealed, [office.root], NOW).ok


def test_a_sealed_file_is_not_sealed_again(office, sealed):
    with pytest.raises(SealError, match="已有电子签章"):
        office.sign(sealed)


def test_an_encrypted_file_is_refused(office):
    writer = pypdf.PdfWriter()
    writer.add_blank_page(595, 842)
    writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    with pytest.raises(SealError, match="加密"):
        office.sign(out.getvalue())


@pytest.mark.parametrize(
    "box, message",
    [
        ((2, 0, 0, 42, 42), "第 3 页"),
        ((-1, 0, 0, 42, 42), "页"),
        ((1, 180, 0, 42, 42), "超出"),
        ((1, 0, 0, 0, 42), "超出"),
    ],
)
def test_a_place_off_the_page_is_refused(office, page, box, message):
    with pytest.raises(SealError, match=message):
        office.sign(page, box)


def test_damaged_files_are_refused(office, page):
    torsos = [b"", b"%PDF-1.7", page[:-200], page[100:], b"%PDF-1.7\nstartxref\n5\n%%EOF", page + b"x" * 2000]
    loop = plain_pdf().replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]")
    for damaged in [*torsos, loop, plain_pdf().replace(b"/Pages 2 0 R", b"/Pages 9 0 R")]:
        with pytest.raises(SealError):
            office.sign(damaged, BOX)


def test_an_expired_seal_seals_nothing(office, page):
    with pytest.raises(SealError, match="有效期"):
        office.sign(page, BOX, NOW + timedelta(days=400))
