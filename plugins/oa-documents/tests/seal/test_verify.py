"""Is it genuine? Every altered byte, every addition and every trick with ranges is found."""

import random
import re
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oa_documents.seal import verify_pdf

from .conftest import BOX, NAME, NOW, make_office, plain_pdf

LATER = NOW + timedelta(days=2)


def reasons(data, roots=None, at=LATER):
    verification = verify_pdf(data, roots, at)
    assert verification.ok == (not verification.reasons)
    return "".join(verification.reasons)


def test_a_sealed_file_is_genuine(office, sealed):
    found = verify_pdf(sealed, [office.root], LATER)
    assert found.ok and found.sealed and found.covers_whole_file and found.trusted is True
    assert (found.signer, found.organisation, found.seal_name, found.signed_at) == (NAME, NAME, NAME, NOW)
    assert found.to_json()["signed_at"] == "2026-03-02T08:30:00+00:00" and len(found.fingerprint) == 64


def test_without_roots_the_question_of_trust_stays_open(sealed):
    found = verify_pdf(sealed, at=LATER)
    assert found.ok and found.trusted is None


def test_a_stranger_with_the_same_name_is_not_trusted(office, stranger, page):
    found = verify_pdf(stranger.sign(page, BOX), [office.root], LATER)
    assert not found.ok and found.trusted is False and "不在受信任的根证书" in "".join(found.reasons)


def test_any_altered_byte_is_found(office, sealed, page):
    pick = random.Random(38540)
    # everywhere, and closely where the update and the signature are
    places = pick.sample(range(len(page)), 100) + pick.sample(range(len(page), len(sealed)), 160)
    gap = re.search(rb"/ByteRange.*?/Contents <", sealed, re.S)
    places += [*range(gap.start(), gap.end(), 2), len(sealed) - 1, 0]
    for index in places:
        broken = bytearray(sealed)
        broken[index] ^= pick.choice([1, 0x20, 0x80])
        assert not verify_pdf(bytes(broken), [office.root], LATER).ok, index


def test_a_changed_page_says_what_was_changed(sealed):
    broken = bytearray(sealed)
    broken[len(sealed) // 5] ^= 1
    assert "文件内容在盖章之后被改动" in reasons(bytes(broken))


def test_what_was_added_after_sealing_is_named(office, sealed):
    for more in (b"\n", b"x", b"\n1 0 obj\n<< >>\nendobj\nstartxref\n9\n%%EOF\n"):
        found = verify_pdf(sealed + more, [office.root], LATER)
        assert not found.ok and not found.covers_whole_file
        assert f"多出 {len(more)} 字节" in "".join(found.reasons)


def test_a_second_incremental_update_is_named(office, sealed):
    import io

    import pypdf

    writer = pypdf.PdfWriter(io.BytesIO(sealed), incremental=True)
    writer.pages[0].rotate(90)
    out = io.BytesIO()
    writer.write(out)
    assert out.getvalue().startswith(sealed)
    assert "盖章之后又有内容加入" in reasons(out.getvalue(), [office.root])


@pytest.mark.parametrize("cut", [1, 2, 6, 100, 400])
def test_truncation_is_named(sealed, cut):
    assert "末尾缺失" in reasons(sealed[:-cut])


def test_a_file_without_a_seal_says_so(page):
    found = verify_pdf(page)
    assert not found.ok and not found.sealed and "没有电子印章" in found.reasons[0]


@pytest.mark.parametrize(
    "data", [b"", b"PK\x03\x04", b"%PDF-", b"%PDF-1.7\n/ByteRange [0 9 9 9]", b"%PDF-" + b"[" * 999]
)
def test_other_files_are_answered(data):
    assert not verify_pdf(data).ok


def ranges_of(sealed):
    match = re.search(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+) *\]", sealed)
    return match, [int(n) for n in match.groups()]


def with_ranges(sealed, numbers):
    match, _ = ranges_of(sealed)
    text = b"/ByteRange [" + b" ".join(b"%d" % n for n in numbers)
    return sealed[: match.start()] + text.ljust(len(match[0]) - 1) + b"]" + sealed[match.end() :]


@pytest.mark.parametrize(
    "trick",
    [
        lambda a, b, c: [0, a, b, c - 10],  # leaves the end unsigned
        lambda a, b, c: [10, a, b, c],  # leaves the beginning unsigned
        lambda a, b, c: [0, a - 20, b, c],  # a gap wider than /Contents
        lambda a, b, c: [0, a, b + 20, c - 20],
        lambda a, b, c: [0, b, a, c],
        lambda a, b, c: [0, a, a, c + b - a],
        lambda a, b, c: [0, a, b, 10**11],
        lambda a, b, c: [0, 0, 0, 0],
    ],
)
def test_tricks_with_the_byte_range_are_refused(office, sealed, trick):
    _, (_, start, stop, length) = ranges_of(sealed)
    assert reasons(with_ranges(sealed, trick(start, stop, length)), [office.root])


def test_padding_is_part_of_the_check(sealed):
    _, (_, _, stop, _) = ranges_of(sealed)
    assert sealed[stop - 9 : stop] == b"00000000>"
    broken = sealed[: stop - 5] + b"beef" + sealed[stop - 1 :]
    assert "填充" in reasons(broken)


def test_capital_letters_in_the_signature_are_an_alteration(sealed):
    _, (_, start, stop, _) = ranges_of(sealed)
    assert reasons(sealed[:start] + sealed[start:stop].upper() + sealed[stop:])


def test_a_signature_moved_to_another_file_is_refused(office, sealed):
    other = office.sign(plain_pdf())
    _, (_, start, stop, _) = ranges_of(sealed)
    _, (_, other_start, other_stop, _) = ranges_of(other)
    moved = sealed[start + 1 : stop - 1].rstrip(b"0").ljust(other_stop - other_start - 2, b"0")
    assert "文件内容在盖章之后被改动" in reasons(other[: other_start + 1] + moved + other[other_stop - 1 :])


def test_two_signatures_in_one_file_are_refused(sealed):
    match, _ = ranges_of(sealed)
    told = reasons(sealed + b"\n<< " + match[0] + b" >>\n")
    assert "只有 1 个机关用印" in told and "多出" in told


def test_a_text_that_looks_like_a_byte_range_does_no_harm(office):
    body = plain_pdf().replace(b"/Resources << >>", b"/Resources << >> /X (/ByteRange [0 5 9 9])")
    start = body.rindex(b"xref\n0 4")
    body = re.sub(rb"startxref\n\d+", b"startxref\n%d" % start, body)
    assert verify_pdf(office.sign(body), [office.root], LATER).ok


def test_a_seal_stolen_for_another_certificate_is_refused(office, stranger, page):
    # the stranger signs with the office's genuine seal, which does not list his certificate
    from oa_documents.seal import container, pdf, row, ses

    from oa_kernel import crypto

    head, tail = pdf._Update(page, [BOX]).build([NAME], crypto.sm3(page), NAME, NAME, NOW, 20000)
    numbers = (0, len(page) + len(head), len(page) + len(head) + 20002, len(tail))
    head = row.ranged(head, tail, len(page), 20000)
    digest = crypto.sm3(page + head + tail)
    to_sign = ses.to_be_signed(office.seal, digest, NOW, "ByteRange=" + ",".join(map(str, numbers)))
    value = crypto.sign(stranger.key.private, stranger.key.public, to_sign)
    contents = container.wrap(to_sign, stranger.certificate, value).hex().encode().ljust(20000, b"0")
    forged = page + head + b"<" + contents + b">" + tail
    found = verify_pdf(forged, [office.root, stranger.root], LATER)
    assert not found.ok and len(found.reasons) == 1 and "登记的证书之列" in found.reasons[0]


def test_a_signature_from_the_future_is_refused(office, sealed):
    assert "在将来" in reasons(sealed, [office.root], NOW - timedelta(hours=1))
    assert not reasons(sealed, [office.root], NOW - timedelta(minutes=1))  # clocks differ a little


def test_a_seal_that_has_expired_since_still_proves_what_it_sealed(office, sealed):
    assert verify_pdf(sealed, [office.root], NOW + timedelta(days=4000)).ok


def test_the_office_of_another_year_is_another_signer(sealed):
    assert not verify_pdf(sealed, [make_office().root], LATER).ok


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_nothing_makes_the_verifier_raise(sealed, data):
    start = data.draw(st.integers(0, len(sealed)))
    stop = data.draw(st.integers(start, len(sealed)))
    filling = data.draw(st.binary(max_size=30))
    mangled = sealed[:start] + filling + sealed[stop:]
    assert verify_pdf(mangled, at=LATER).ok == (mangled == sealed)


def test_a_signature_of_another_kind_is_no_seal_and_a_damaged_seal_is_one(sealed):
    """Whoever registers or files a document asks only of seals whether they are genuine."""
    match, (_, start, stop, _) = ranges_of(sealed)
    other = sealed.replace(b"/GM.sm2seal.GB38540", b"/adbe.pkcs7.detached")
    other = other[: start + 1] + b"30820400" + b"0" * (stop - start - 10) + other[stop - 1 :]
    found = verify_pdf(other, at=LATER)
    assert not found.ok and not found.sealed and "不是国密电子印章" in found.reasons[0]
    damaged = verify_pdf(sealed[: match.start()] + b"/ByteRange [9" + sealed[match.start() + 13 :], at=LATER)
    assert not damaged.ok and damaged.sealed and "被改动" in damaged.reasons[0]
