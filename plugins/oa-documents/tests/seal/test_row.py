"""Several organisations seal one PDF: every seal stays valid, and nothing but the declared sealings may follow the first."""

import io
import random
import re
from datetime import timedelta
from itertools import permutations

import pypdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oa_documents.seal import Sealer, SealError, begin_row, container, row, seal_next, seal_row, ses, verify_pdf
from oa_documents.seal.verify import places_of

from oa_kernel import crypto

from .conftest import NOW, make_office, plain_pdf

NAMES = ("某市人民政府办公室", "某市财政局", "某市应急管理局")
BOXES = ((1, 20.0, 150.0, 42.0, 42.0), (1, 70.0, 150.0, 42.0, 42.0), (0, 120.0, 150.0, 42.0, 42.0))
LATER = NOW + timedelta(days=2)


@pytest.fixture(scope="session")
def offices():
    return [make_office(name) for name in NAMES]


@pytest.fixture(scope="session")
def roots(offices):
    return [one.root for one in offices]


def sealer(office, box=None):
    return Sealer(office.seal, office.key, office.certificate, box)


@pytest.fixture(scope="session")
def joint(page, offices):
    return seal_row(page, [sealer(*pair) for pair in zip(offices, BOXES, strict=True)], NOW)


@pytest.fixture(scope="session")
def stages(joint):
    """The file after the first, the second and the third sealing."""
    return [joint[: place.end] for place in places_of(joint)]


def check(data, roots, at=LATER):
    """The answer; a file that is refused says why, and says the same of a seal and of the whole."""
    found = verify_pdf(data, roots, at)
    assert found.ok == (not found.reasons)
    assert not found.ok or (all(one.ok for one in found.seals) and found.covers_whole_file)
    return found


def told(data, roots):
    found = check(data, roots)
    assert not found.ok
    return "".join(found.reasons)


def test_every_seal_is_listed_in_order_and_stays_valid(joint, roots, page):
    found = check(joint, roots)
    assert found.ok and found.trusted and found.expected == 3 and found.closed and joint.startswith(page)
    assert [(one.n, one.ok, one.organisation, one.signed_at) for one in found.seals] == [
        (n, True, name, NOW) for n, name in enumerate(NAMES, 1)]
    assert len({one.fingerprint for one in found.seals}) == 3 and found.organisation == NAMES[0]
    listed = found.to_json()["seals"]
    assert listed[2]["organisation"] == NAMES[2] and listed[2]["signed_at"] == "2026-03-02T08:30:00+00:00"


def test_each_signature_is_over_all_that_stands_before_it(joint, offices):
    places = places_of(joint)
    assert [place.end for place in places] == sorted({place.end for place in places}) and places[-1].end == len(joint)
    for place, office in zip(places, offices, strict=True):
        raw = bytes.fromhex(place.contents(joint).decode())
        signature = container.unwrap(raw[: 4 + int.from_bytes(raw[2:4], "big")])
        assert signature.signer.raw == office.certificate and signature.genuine()
        assert signature.digest == crypto.sm3(joint[: place.start] + joint[place.stop : place.end])


def test_other_readers_see_three_signed_fields_and_the_same_pages(joint, page):
    import pypdfium2

    reader = pypdf.PdfReader(io.BytesIO(joint), strict=True)
    fields = [one.get_object() for one in reader.trailer["/Root"]["/AcroForm"]["/Fields"]]
    assert [(f["/T"], f["/TU"], f["/V"]["/Name"]) for f in fields] == [
        (f"OASeal{n}", name, name) for n, name in enumerate(NAMES, 1)]
    assert [len(p["/Annots"]) for p in reader.pages] == [1, 2]
    drawn = [[sheet.render().to_pil().tobytes() for sheet in pypdfium2.PdfDocument(one)] for one in (page, joint)]
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("stream", [False, True], ids=["table", "stream"])
@pytest.mark.parametrize("box", [None, (0, 10, 10, 42, 42)], ids=["invisible", "visible"])
def test_both_kinds_of_cross_references_are_continued(offices, roots, stream, box):
    data = seal_row(plain_pdf(stream), [sealer(office, box) for office in offices], NOW)
    assert check(data, roots).ok
    reader = pypdf.PdfReader(io.BytesIO(data), strict=True)
    assert [f.get_object()["/V"]["/Name"] for f in reader.trailer["/Root"]["/AcroForm"]["/Fields"]] == list(NAMES)


def test_any_altered_byte_is_found(joint, roots, page):
    pick = random.Random(9704)
    for index in [*pick.sample(range(len(page)), 10), *pick.sample(range(len(page), len(joint)), 110)]:
        broken = bytearray(joint)
        broken[index] ^= pick.choice([1, 0x20, 0x80])
        assert not check(bytes(broken), roots).ok, index


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_nothing_cut_out_or_put_in_goes_unseen(joint, data):
    start = data.draw(st.integers(0, len(joint)))
    stop = data.draw(st.integers(start, len(joint)))
    mangled = joint[:start] + data.draw(st.binary(max_size=40)) + joint[stop:]
    assert verify_pdf(mangled, at=LATER).ok == (mangled == joint)


@pytest.mark.parametrize("more", [b"\n", b"x", b"%%EOF\n", b"\n1 0 obj\n<< >>\nendobj\nstartxref\n9\n%%EOF\n"])
def test_what_was_added_at_the_end_is_named(joint, roots, more):
    assert f"第 3 枚印章盖章之后又有内容加入：文件末尾（第 {len(joint)} 字节起）多出 {len(more)} 字节" in told(joint + more, roots)


def test_seals_taken_off_the_end_are_missed_by_name(stages, roots):
    assert "应有 3 枚，现在只有 2 枚，缺“某市应急管理局”" in told(stages[1], roots)
    assert "应有 3 枚，现在只有 1 枚，缺“某市财政局”、“某市应急管理局”" in told(stages[0], roots)
    found = check(stages[1], roots)  # what is there is genuine, and said to be
    assert [one.ok for one in found.seals] == [True, True]


@pytest.mark.parametrize("cut", [1, 6, 100, 400])
def test_truncation_is_named(joint, roots, cut):
    assert "末尾缺失" in told(joint[:-cut], roots)


def test_a_seal_taken_out_of_the_middle_is_found(stages, roots):
    text = told(stages[0] + stages[2][len(stages[1]) :], roots)
    assert "中间的印章被去掉" in text and "缺“某市财政局”、“某市应急管理局”" in text


def test_seals_put_in_another_order_are_found(stages, offices, roots, page):
    first, second, third = stages[0], stages[1][len(stages[0]) :], stages[2][len(stages[1]) :]
    assert not check(first + third + second, roots).ok
    # the organisations themselves may not seal in another order either
    for order in list(permutations(range(3)))[1:]:
        begun = begin_row(page, sealer(offices[0], BOXES[0]), NOW, list(zip(NAMES, BOXES, strict=True))[1:])
        if order[0] == 0:
            with pytest.raises(SealError, match="应由“某市财政局”加盖"):
                seal_next(begun, sealer(offices[2]), NOW)
        else:
            data = seal_row(page, [sealer(offices[n], BOXES[n]) for n in order], NOW)
            assert [one.organisation for one in check(data, roots).seals] == [NAMES[n] for n in order]


def forged(data, office, field, when=NOW, alter=lambda head, tail: (head, tail)):
    """A further sealing by who has a seal and a key, made by hand: without the checks that :func:`seal_next` makes."""
    signer = crypto.certificate.parse(office.certificate)
    head, tail, digits = row.further(data, len(data), crypto.sm3(data), field, ses.parse_seal(office.seal), signer, when)
    head, tail = alter(head, tail)
    head = re.sub(rb"/ByteRange \[[ \d]*\]", b"/ByteRange " + row.PLACEHOLDER, head)
    head = row.ranged(head, tail, len(data), digits)
    start = len(data) + len(head)
    to_sign = ses.to_be_signed(office.seal, crypto.sm3(data + head + tail), when,
                               f"ByteRange=0,{start},{start + digits + 2},{len(tail)}")
    value = crypto.sign(office.key.private, office.key.public, to_sign)
    return data + head + b"<" + container.wrap(to_sign, office.certificate, value).hex().encode().ljust(digits, b"0") + b">" + tail


def fields_of(data):
    return row.declared(data, places_of(data)[0].start)


def test_by_hand_the_same_comes_out(stages, offices):
    fields = fields_of(stages[2])
    assert [field.organisation for field in fields] == list(NAMES)
    head = stages[1][: places_of(stages[1])[1].start]
    assert forged(stages[0], offices[1], fields[1]).startswith(head)


def test_the_wrong_organisation_in_a_field_is_found(stages, offices, roots):
    data = forged(stages[0], offices[2], fields_of(stages[0])[1])
    assert "第 2 枚印章应由“某市财政局”加盖，实际是“某市应急管理局”" in told(data, roots)


def updated(data, change):
    """An incremental update by another program."""
    writer = pypdf.PdfWriter(io.BytesIO(data), incremental=True)
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    assert out.getvalue().startswith(data) and len(out.getvalue()) > len(data)
    return out.getvalue()


def swap_page(writer):
    writer.pages[0][pypdf.generic.NameObject("/Contents")] = writer._add_object(pypdf.generic.StreamObject())


def overlay(writer):
    from pypdf.annotations import FreeText

    writer.add_annotation(0, FreeText(text="另行支付", rect=(50, 550, 200, 650)))


@pytest.mark.parametrize("change", [swap_page, overlay], ids=["page swapped", "overlay"])
@pytest.mark.parametrize("stage", [0, 1, 2])
def test_an_update_after_a_seal_is_refused(stages, roots, change, stage):
    assert "多出" in told(updated(stages[stage], change), roots)


@pytest.mark.parametrize("change", [swap_page, overlay], ids=["page swapped", "overlay"])
def test_an_update_with_a_genuine_sealing_after_it_is_refused(stages, offices, roots, change):
    """What a partner could try who has a seal of its own: change the page, then seal what it changed."""
    base = updated(stages[1], change)
    with pytest.raises(SealError):
        seal_next(base, sealer(offices[2]), NOW)
    # without the library: its own update joined to one that is written as ours are
    field = fields_of(base)[2]
    joined = stages[1] + b"\n7 0 obj\n<< /Type /Page >>\nendobj\n" + stages[1][-400:]
    for data in (forged(joined, offices[2], field), signed_over(base, offices[2])):
        found = check(data, roots)
        assert not found.ok and found.seals[0].ok and found.seals[1].ok and not found.seals[2].ok
        assert "第 3 枚印章（某市应急管理局）" in "".join(found.reasons) and "第 3 次修订" in "".join(found.reasons)


def signed_over(data, office):
    """The file of another program with a signature dictionary put at its end, over every byte."""
    signer = crypto.certificate.parse(office.certificate)
    head = b"\n900 0 obj\n" + row.opening(signer.organisation, signer.organisation, NOW)
    tail, digits = b" >>\nendobj\n", row.room(office.seal, signer)
    head = row.ranged(head, tail, len(data), digits)
    start = len(data) + len(head)
    to_sign = ses.to_be_signed(office.seal, crypto.sm3(data + head + tail), NOW,
                               f"ByteRange=0,{start},{start + digits + 2},{len(tail)}")
    value = crypto.sign(office.key.private, office.key.public, to_sign)
    return data + head + b"<" + container.wrap(to_sign, office.certificate, value).hex().encode().ljust(digits, b"0") + b">" + tail


def other_page(head, tail):
    return b"\n17 0 obj\n<< /Type /Page >>\nendobj" + head, tail


def twice_the_field(head, tail):
    found = re.search(rb"\n(\d+) 0 obj\n(<< /Type /Annot .*)\nendobj\n", head)
    return head.replace(found[0], found[0] + found[1] + b" 0 obj\n<< /Type /Page >>\nendobj\n"), tail


def drawn_appearance(head, tail):
    return re.sub(rb"/AP << /N (\d+) 0 R >>", rb"/AP << /N 1 0 R >>", head), tail


def moved(head, tail):
    return re.sub(rb"/Rect \[[^]]*\]", b"/Rect [0 0 595 842]", head), tail


def older_previous(head, tail):
    return head, re.sub(rb"/Prev \d+", b"/Prev 9", tail)


def other_root(head, tail):
    return head, re.sub(rb"/Root \d+ 0 R", b"/Root 1 0 R", tail)


def entry_elsewhere(head, tail):
    return head, re.sub(rb"\n(\d+) 1\n\d{10} 00000 n", rb"\n\g<1> 1\n0000000099 00000 n", tail, count=1)


def entry_more(head, tail):
    return head, tail.replace(b"trailer\n", b"1 1\n0000000099 00000 n \ntrailer\n")


def freed(head, tail):
    return head, tail.replace(b"trailer\n", b"5 1\n0000000000 65535 f \ntrailer\n")


def larger(head, tail):
    return head, re.sub(rb"/Size \d+", b"/Size 99", tail)


def comment(head, tail):
    return head, tail.replace(b"trailer\n", b"% \ntrailer\n")


def other_name(head, tail):
    return re.sub(rb"/Name <feff[0-9a-f]{4}", b"/Name <feff0041", head), tail


def other_time(head, tail):
    return head.replace(b"20260302", b"20270302"), tail


GAMES = [other_page, twice_the_field, drawn_appearance, moved, older_previous, other_root, entry_elsewhere, entry_more, freed,
         larger, comment, other_name, other_time]


@pytest.mark.parametrize("game", GAMES, ids=lambda game: game.__name__)
@pytest.mark.parametrize("n", [1, 2], ids=["second", "third"])
def test_a_genuine_signature_over_more_than_a_sealing_is_refused(stages, offices, roots, game, n):
    """Signed with the right seal, in its turn; only what is appended is not what one sealing appends."""
    before = stages[n - 1]
    field = fields_of(before)[n]
    honest, data = forged(before, offices[n], field), forged(before, offices[n], field, alter=game)
    assert data != honest and verify_pdf(honest, roots, LATER).seals[n].ok
    found = check(data, roots)
    assert [one.ok for one in found.seals] == [True] * n + [False]
    text = "".join(found.seals[n].reasons)
    assert f"第 {n + 1} 次修订（第 {len(before)} 至 {len(data)} 字节）不只是这一次用印" in text
    if game is other_page:
        assert "还写入了对象 17" in text


def test_the_field_of_another_place_in_the_row_is_refused(stages, offices, roots):
    fields = fields_of(stages[0])
    assert "不只是这一次用印" in told(forged(stages[0], offices[1], fields[2]), roots)
    assert "不只是这一次用印" in told(forged(stages[0], offices[1], fields[0]), roots)


def test_nobody_joins_a_row_that_is_closed(joint, sealed, office, offices, roots):
    with pytest.raises(SealError, match="都已盖上"):
        seal_next(joint, sealer(offices[0]), NOW)
    for data, who, field, count in ((joint, offices[1], fields_of(joint)[1], 3), (sealed, offices[1], fields_of(sealed)[0], 1)):
        more = forged(data, who, field)
        assert f"第一枚印章写明只有 {count} 个机关用印，这一枚是之后加上的" in told(more, [*roots, office.root])


def test_a_row_that_another_program_began_is_not_continued(stages, offices):
    # the first sealing's fields no longer stand where they are looked for
    other = stages[0].replace(b"/T (OASeal2)", b"/T (OTHERS2)")
    with pytest.raises(SealError, match="没有为其他机关留出印章"):
        seal_next(other, sealer(offices[1]), NOW)


def test_a_seal_that_was_not_valid_at_its_time_is_found_and_seals_nothing(stages, offices, roots, page):
    late = NOW + timedelta(days=400)
    with pytest.raises(SealError, match="有效期"):
        seal_next(stages[0], sealer(offices[1]), late)
    data = forged(stages[0], offices[1], fields_of(stages[0])[1], late)
    found = verify_pdf(data, roots, late + timedelta(days=1))
    assert found.seals[0].ok and not found.seals[1].ok and "不在印章“某市财政局”的有效期内" in "".join(found.reasons)
    expired = make_office(NAMES[2], begin=NOW - timedelta(days=400), days=300)
    with pytest.raises(SealError, match="有效期"):
        seal_row(page, [sealer(offices[0]), sealer(offices[1]), sealer(expired)], NOW)


def test_a_seal_from_before_the_one_in_front_of_it_is_found(stages, offices, roots):
    data = forged(stages[0], offices[1], fields_of(stages[0])[1], NOW - timedelta(hours=1))
    assert "盖章时间早于前一枚印章" in told(data, roots)


def test_a_stranger_who_bears_the_name_is_not_trusted(stages, roots):
    stranger = make_office(NAMES[1])
    data = seal_next(stages[0], sealer(stranger), NOW)
    found = check(data, roots)
    assert found.trusted is False and found.seals[0].trusted is True and found.seals[1].trusted is False
    assert "第 2 枚印章（某市财政局）：" in "".join(found.reasons)


def test_a_signature_of_another_document_does_not_fit(stages, offices, page):
    other = seal_row(page, [sealer(offices[n], BOXES[n]) for n in (0, 1)], NOW)
    assert not verify_pdf(stages[0] + other[places_of(other)[0].end :], at=LATER).ok
