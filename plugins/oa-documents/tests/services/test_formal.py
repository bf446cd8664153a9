"""The formal version and its proof: the draft sheet, the code, ``oa verify``."""

import io
import json
import random
import subprocess
import sys

import pdfplumber
import pypdf
import pypdfium2
import pytest
import zxingcpp
from oa_documents.services import formal, sealings, seals, verification

from oa_kernel import crypto, files
from oa_kernel.errors import NotFound

from .office import again


def pdf_of(document):
    return files.read_bytes(files.get(again(document).formal_file_id))


def text_of(pdf):
    with pdfplumber.open(io.BytesIO(pdf)) as opened:
        return "".join("".join(page.extract_text() for page in opened.pages).split())


def oa(*arguments):
    return subprocess.run([sys.executable, "-m", "oa_kernel.cli", *arguments], capture_output=True, text=True, timeout=60)


def test_the_draft_sheet_carries_everybodys_opinion(office):
    document = office.submitted(urgency="加急")
    for who, comment in (("head", "拟同意，请分管领导阅示。"), ("deputy", "按程序报签。"), ("leader", "同意印发。")):
        document = office.act(document, who, comment=comment)
    text = text_of(formal.sheet_pdf(document))
    for part in ("发文稿纸", "加急", "林晓燕", "综合处", "拟同意，请分管领导阅示。", "按程序报签。", "同意印发。", "高明德", "处长",
                 "业务处"):
        assert part in text, part
    assert "".join(document.title.split()) in text
    assert text.index("同意印发。") < text.index("按程序报签。") < text.index("拟同意")  # the signer's stands first


def test_a_return_is_marked_on_the_draft_sheet(office):
    document = office.act(office.submitted(), "head", "return", target="draft", comment="请补充依据")
    assert "（退回）请补充依据" in text_of(formal.sheet_pdf(document))


def test_the_formal_version_has_number_date_seal_and_code(office):
    document = office.signed()
    pdf = pdf_of(document)
    text = text_of(pdf)
    assert document.number in text and "草稿" not in text and crypto.sm3_hex(pdf) == document.formal_sm3
    opened = pypdfium2.PdfDocument(pdf)
    picture = opened[len(opened) - 1].render(scale=150 / 72).to_pil()
    (code,) = zxingcpp.read_barcodes(picture)
    assert code.text == formal.verify_url(document) and code.text.endswith(f"/verify/d/{document.verify_code}")


def test_before_that_there_is_a_marked_draft(office):
    document = office.submitted()
    text = text_of(formal.draft_pdf(document))
    assert f"第{document.revision}稿" in text and "未经签发" in text and not document.formal_file_id


def test_the_command_says_offline_who_sealed_it_when(office, tmp_path):
    file = tmp_path / "文件.pdf"
    file.write_bytes(pdf_of(office.signed()))
    done = oa("verify", str(file), "--json")
    answer = json.loads(done.stdout)
    answer = answer[0] if isinstance(answer, list) else answer
    assert done.returncode == 0 and answer["ok"] and answer["organisation"] == "云岭市人民政府办公室"
    assert len(answer["fingerprint"]) == 64 and answer["covers_whole_file"]


def test_the_command_finds_altered_and_appended_files(office, tmp_path):
    pdf = pdf_of(office.signed())
    writer = pypdf.PdfWriter(io.BytesIO(pdf), incremental=True)
    writer.pages[0].rotate(90)
    update = io.BytesIO()
    writer.write(update)
    broken = bytearray(pdf)
    broken[len(pdf) // 3] ^= 4
    for name, data in (("altered", bytes(broken)), ("appended", pdf + b"\n"), ("updated", update.getvalue()), ("cut", pdf[:-9])):
        file = tmp_path / f"{name}.pdf"
        file.write_bytes(data)
        done = oa("verify", str(file))
        assert done.returncode == 1 and "Traceback" not in done.stderr, name
        assert "无效" in done.stdout + done.stderr, name


def test_any_flipped_byte_of_a_real_document_is_found(office):
    pdf = pdf_of(office.signed())
    roots = seals.roots()
    assert verification.check(pdf, roots=roots)["ok"]
    pick = random.Random(9704)
    for _ in range(400):
        at, bit = pick.randrange(len(pdf)), 1 << pick.randrange(8)
        broken = bytearray(pdf)
        broken[at] ^= bit
        assert not verification.check(bytes(broken), roots=roots)["ok"], (at, bit)


def test_a_certificate_nobody_here_vouches_for_is_said(office):
    other = crypto.generate_keypair()
    root = crypto.certificate.issue("别处根证书", "别处", other.public, private=other.private, days=3650)
    answer = verification.check(pdf_of(office.signed()), roots=[root])
    assert not answer["ok"] and answer["trusted"] is False and "不在受信任的根证书" in answer["summary"]


def test_a_seal_that_had_expired_when_it_was_put_is_said(office):
    import datetime as dt

    from oa_kernel import clock

    seal = seals.ensure()
    late = clock.now() + dt.timedelta(days=4000)
    from oa_documents.seal import SealError, ses, verify_pdf

    with pytest.raises(SealError, match="有效"):
        sealings.put(formal.draft_pdf(office.draft()), [(seal.organisation, seal)], [], late)
    assert ses.parse_seal(bytes(seal.ses)).valid_until < late
    assert verify_pdf(pdf_of(office.signed()), at=clock.now() - dt.timedelta(days=1)).reasons  # sealed in the future


def test_the_public_page_compares_a_file_with_the_document(office, oa_client):
    first, second = office.signed(), office.signed()
    view = verification.public_view(first.verify_code)
    assert view["number"] == first.number and "title" not in view and "body" not in view
    assert verification.compare(first.verify_code, pdf_of(first))["ok"]
    wrong = verification.compare(first.verify_code, pdf_of(second))
    assert not wrong["ok"] and "不是该验证码对应的那份文件" in wrong["summary"]
    page = oa_client().get(f"/verify/d/{first.verify_code}")
    assert page.status_code == 200 and first.number in page.get_data(as_text=True)
    assert first.title not in page.get_data(as_text=True)


@pytest.mark.parametrize("code", ["", "x" * 16, "../../etc/passwd"])
def test_a_code_that_is_not_ours_is_not_found(office, code):
    with pytest.raises(NotFound):
        verification.public_view(code)


def test_an_unsigned_document_has_no_public_page(office):
    with pytest.raises(NotFound):
        verification.public_view(office.submitted().verify_code)


def test_an_upward_document_names_who_signed(office):
    document = office.signed(kind="请示", title="云岭市人民政府办公室关于建设档案库房的请示", addressees=["省人民政府办公厅"],
                             body="为保管档案，拟建设库房。现将有关情况请示如下。\n妥否，请批示。")
    assert document.signatory == "高明德" and "签发人：高明德" in text_of(pdf_of(document))
