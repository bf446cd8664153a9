"""Several organisations seal one OFD: every signature covers all but what the later ones consist of."""

import re
from datetime import timedelta

import ofdkit
import pytest
from oa_documents import ofd
from oa_documents.ofd.sign import _description
from oa_documents.seal import Sealer, SealError, ses
from seal.conftest import NOW, make_office, plain_pdf

from oa_kernel import crypto

NAMES = ("某市人民政府办公室", "某市财政局", "某市应急管理局")
FOLDER = "Doc_0/Signs"
BOX = (0, 20.0, 150.0, 42.0, 42.0)
LATER = NOW + timedelta(days=2)


@pytest.fixture(scope="module")
def offices():
    return [make_office(name) for name in NAMES]


@pytest.fixture(scope="module")
def roots(offices):
    return [one.root for one in offices]


@pytest.fixture(scope="module")
def files():
    return ofd.write(plain_pdf(), ofd.Information("通知"))


@pytest.fixture(scope="module")
def joint(files, offices):
    return ofd.sign_row(files, [Sealer(one.seal, one.key, one.certificate, BOX) for one in offices], NOW)


def check(files, roots):
    return ofd.verify_ofd(ofd.pack(files), roots, LATER)


def told(files, roots):
    found = check(files, roots)
    assert not found.ok
    return "".join(found.reasons)


def without(files, *beginnings):
    return {name: data for name, data in files.items() if not name.startswith(beginnings)}


def signed_by_hand(files, office, n, when=NOW):
    """The ``n``-th signature (from 0) made anew over what is there: by who has a seal and a key."""
    path = f"{FOLDER}/Sign_{n}/Signature.xml"
    rest = without(files, path, f"{FOLDER}/Sign_{n}/SignedValue.dat")
    description = _description(rest, when, BOX, "OA", "").encode()
    value = ses.sign_document(office.seal, crypto.sm3(description), office.key, office.certificate, when, "/" + path)
    return {**rest, path: description, f"{FOLDER}/Sign_{n}/SignedValue.dat": value}


def test_every_seal_is_listed_in_order(joint, roots):
    found = check(joint, roots)
    assert found.ok and found.trusted and found.covers_whole_file and found.expected == 3 and found.closed
    assert [(one.n, one.ok, one.organisation, one.signed_at) for one in found.seals] == [
        (n, True, name, NOW) for n, name in enumerate(NAMES, 1)]
    with ofdkit.open(ofd.pack(joint)) as document:
        assert document.warnings == [] and len(document.pages) == 1


def test_each_signature_covers_all_but_what_the_later_ones_add(joint):
    for n in range(3):
        listed = set(re.findall(r'FileRef="/([^"]*)"', joint[f"{FOLDER}/Sign_{n}/Signature.xml"].decode()))
        later = {f"{FOLDER}/Sign_{m}/{name}" for m in range(n, 3) for name in ("Signature.xml", "SignedValue.dat")}
        assert listed == set(joint) - later


def test_any_altered_file_is_named(joint, roots):
    for name, data in joint.items():
        at = data.find(b"</ofd:") - 1 if name.endswith(".xml") else len(data) // 2
        found = check({**joint, name: data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]}, roots)
        assert not found.ok and name.rpartition("/")[2] in "".join(found.reasons), (name, found.reasons)


def test_a_file_added_after_a_seal_is_refused_whoever_seals_after_it(joint, offices, roots):
    more = {**joint, "Doc_0/Annots.xml": b"<a/>"}
    assert "第 1 枚印章（某市人民政府办公室）：有 1 个文件不在签章保护之内" in told(more, roots)
    # the third signs over what it has added: the first two say that it was not there
    found = check(signed_by_hand(more, offices[2], 2), roots)
    assert [one.ok for one in found.seals] == [False, False, True] and "Annots.xml" in found.seals[1].reasons[0]
    changed = {**joint, "Doc_0/Pages/Page_0/Content.xml": b"<ofd:Page/>"}
    found = check(signed_by_hand(changed, offices[2], 2), roots)
    assert [one.ok for one in found.seals] == [False, False, True] and "Page_0/Content.xml" in found.seals[0].reasons[0]


def test_seals_taken_off_the_end_are_missed_by_name(joint, roots):
    values = [f"{FOLDER}/Sign_{n}/{name}" for n in (1, 2) for name in ("Signature.xml", "SignedValue.dat")]
    assert "应有 3 枚印章，现在只有 2 枚，缺“某市应急管理局”" in told(without(joint, *values[2:]), roots)
    assert "应有 3 枚印章，现在只有 1 枚，缺“某市财政局”、“某市应急管理局”" in told(without(joint, *values), roots)
    # with its seal and the register of signatures made shorter, the first signature says that they are others
    listed = joint[f"{FOLDER}/Signatures.xml"].replace(b'<ofd:Signature ID="3" Type="Seal" BaseLoc="Sign_2/Signature.xml"/>', b"")
    shorter = {**without(joint, f"{FOLDER}/Sign_2/"), f"{FOLDER}/Signatures.xml": listed}
    text = told(shorter, roots)
    assert "Signatures.xml" in text and "Sign_2/Seal.esl" in text


def test_a_seal_taken_out_of_the_middle_is_found(joint, roots):
    text = told(without(joint, f"{FOLDER}/Sign_1/"), roots)
    assert "盖章之后被拿掉的文件" in text and "Sign_1/Signature.xml" in text and "现在只有 2 枚" in text


def test_where_the_first_signature_leaves_the_register_open_nothing_is_said_of_how_many_there_must_be(joint, offices, roots):
    """As other programs do, who write the register of signatures anew with each one."""
    listing = f"{FOLDER}/Signatures.xml"
    path = f"{FOLDER}/Sign_0/Signature.xml"
    one = without(joint, f"{FOLDER}/Sign_1/", f"{FOLDER}/Sign_2/")
    one[listing] = re.sub(rb'<ofd:Signature ID="[23]"[^>]*/>', b"", one[listing])
    description = re.sub(r'<ofd:Reference FileRef="/[^"]*Sign(atures.xml|_[12]/[^"]*)">.*?</ofd:Reference>\n', "", one[path].decode())
    value = ses.sign_document(offices[0].seal, crypto.sm3(description.encode()), offices[0].key, offices[0].certificate, NOW,
                              "/" + path)
    first = {**one, path: description.encode(), f"{FOLDER}/Sign_0/SignedValue.dat": value}
    found = check(first, roots)
    assert found.ok and found.expected == 1 and not found.closed
    second = {**first, listing: joint[listing].replace(b'<ofd:Signature ID="3" Type="Seal" BaseLoc="Sign_2/Signature.xml"/>', b""),
              f"{FOLDER}/Sign_1/Seal.esl": offices[1].seal}
    found = check(signed_by_hand(second, offices[1], 1), roots)
    assert found.ok and len(found.seals) == 2 and not found.closed
    # but for the signature itself nothing may be added
    more = {**second, "Doc_0/Annots.xml": b"<a/>"}
    found = check(signed_by_hand(more, offices[1], 1), roots)
    assert [seal.ok for seal in found.seals] == [False, True]


def test_another_order_and_another_seal_in_a_place_are_found(joint, offices, roots):
    swapped = {name.replace("Sign_1", "Sign_x").replace("Sign_2", "Sign_1").replace("Sign_x", "Sign_2"): data
               for name, data in joint.items()}
    assert "Seal.esl" in told(swapped, roots)
    found = check(signed_by_hand(joint, offices[1], 2), roots)  # the second organisation in the third one's place
    assert [one.ok for one in found.seals] == [True, True, False] and "印章不同" in "".join(found.reasons)
    early = check(signed_by_hand(joint, offices[2], 2, NOW - timedelta(hours=1)), roots)
    assert "盖章时间早于前一枚印章" in "".join(early.seals[2].reasons)


def test_nobody_joins_a_row_that_is_closed(joint, office_more, roots):
    place = f"{FOLDER}/Sign_3/Signature.xml"
    listed = joint[f"{FOLDER}/Signatures.xml"].replace(
        b"</ofd:Signatures>", b'<ofd:Signature ID="4" Type="Seal" BaseLoc="Sign_3/Signature.xml"/></ofd:Signatures>')
    more = {**joint, f"{FOLDER}/Signatures.xml": listed, f"{FOLDER}/Sign_3/Seal.esl": office_more.seal}
    found = check(signed_by_hand(more, office_more, 3), [*roots, office_more.root])
    assert len(found.seals) == 4 and not found.ok and "Signatures.xml" in found.seals[0].reasons[0]
    twice = joint[f"{FOLDER}/Signatures.xml"].replace(b"Sign_2/", b"Sign_1/")
    assert "登记了两次" in told({**joint, f"{FOLDER}/Signatures.xml": twice}, roots)
    page = joint[f"{FOLDER}/Signatures.xml"].replace(b"Sign_2/Signature.xml", b"../Pages/Page_0/Content.xml")
    assert "不是签章的描述文件" in told({**joint, f"{FOLDER}/Signatures.xml": page, place: b"<a/>"}, roots)


@pytest.fixture(scope="module")
def office_more():
    return make_office("某市审计局")


def test_when_one_may_not_seal_nobody_has(files, offices):
    expired = make_office(NAMES[2], begin=NOW - timedelta(days=400), days=300)
    before = dict(files)
    with pytest.raises(SealError, match="有效期"):
        ofd.sign_row(files, [Sealer(one.seal, one.key, one.certificate) for one in (*offices[:2], expired)], NOW)
    assert files == before
