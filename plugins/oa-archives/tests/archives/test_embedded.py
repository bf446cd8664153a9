"""A package with its files inside its XML (DA/T 48): whole, checked offline, and every change to it shows."""

import base64

import pytest
from oa_archives import embedded, embedded_read, verify
from oa_archives.models import Check, Item, Part
from oa_archives.services import packages, queries

from oa_kernel import contributions as c
from oa_kernel import files

from .things import pdf

TABLE = "表格，".encode() * 100_000


@pytest.fixture
def made(desk, tmp_path):
    """A record, and its package as the installation that keeps it writes it."""
    item = desk.file(text="正文 <与> “引号”\x01", parts=[
        c.RecordPart("text", "正文.pdf", data=pdf("Notice on fire safety", "YZB 12")),
        c.RecordPart("attachment", "附件：表.txt", data=TABLE), c.RecordPart("attachment", "空.txt", data=b" ")])
    path = tmp_path / "package.eep"
    with packages.build(desk.archivist, item, "embedded") as out:
        path.write_bytes(out.read())
    return item, path


def test_it_is_one_xml_that_its_schema_describes_and_that_verifies(made):
    from lxml import etree
    from oa_archives.services.handing import _SCHEMAS

    item, path = made
    tree = etree.parse(path)
    etree.XMLSchema(etree.parse(_SCHEMAS / "eep.xsd")).assertValid(tree)
    # read by somebody who knows the standard's names and nothing of this program
    inside = {one.findtext("电子属性/计算机文件名"): base64.b64decode(one.findtext("编码数据")) for one in tree.iter("编码")}
    assert list(inside.values()) == [files.read_bytes(files.get(p.file_id)) for p in queries.parts(item)]
    assert max(len(line) for one in tree.iter("编码数据") for line in one.text.split()) == 76
    assert verify.recognises(path, path.read_bytes()[:4096])
    found = verify.verify(path)
    assert found["ok"] and found["archival_number"] == item.archival_number and found["files"] == 3, found["reasons"]
    described = verify.look(path)[1]
    contents = [stream.read() for stream in verify.contents(path, described)]
    assert contents[:3] == list(inside.values()) and contents[3] == item.text.encode()
    assert described.values["title"] == item.title and len(described.checks) == Check.select().count()


def longer(data):
    """The first file's Base64 goes on and on."""
    at = data.index(b">", data.index("<编码数据".encode())) + 1
    return data[:at] + b"QUJD" * 200_000 + data[at:]


def within(data, old, new):
    at = data.index(old.encode())
    return data[:at] + new.encode() + data[at + len(old.encode()):]


WRONG = [
    (lambda d: d.replace(base64.b64encode(TABLE[:57]), base64.b64encode(b"x" + TABLE[1:57]), 1), "附件_表.txt 的摘要与清单不符"),
    (lambda d: d.replace(b"<SM3>", b"<SM3>0", 1), "摘要与清单不符"),
    (lambda d: within(d, "室编件号>1<", "室编件号>2<"), "被签名对象与签名不符"),
    (lambda d: within(d, "files/01-", "../../01-"), "指向包外的路径：../../01-"),
    (lambda d: within(d, "<电子文件封装包", '<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;">]><电子文件封装包'), "实体声明"),
    (longer, "超过清单所记的"),
    (lambda d: within(d, "<编码数据 编码数据ID", "<编码数据><x/></编码数据><编码数据 编码数据ID"), "x 不应在这里"),
    (lambda d: d.replace(b"JVBERi0x", b"JVBE=i0x", 1), "不是 Base64"),
    (lambda d: d.replace("<题名>".encode(), "<题名>".encode() + b"x" * (17 << 20), 1), "著录部分过大"),
    (lambda d: d.replace("<签名结果>30".encode(), "<签名结果>31".encode()), "与签名不符"),
    (lambda d: d.replace("签名结果".encode(), "签名".encode()), "电子签名块缺少"),
    (lambda d: d[: d.index("<电子签名块>".encode())] + "</电子文件封装包>".encode(), "结构不对"),
    (lambda d: d[: len(d) // 2], "封装包损坏"),
    (lambda d: within(d, "<封装包类型>", "<!-- x --><封装包类型>"), "注释"),
]


def test_every_change_shows_and_says_what(made):
    _, path = made
    whole = path.read_bytes()
    for change, word in WRONG:
        changed = change(whole)
        assert changed != whole, word
        path.write_bytes(changed)
        found = verify.verify(path)
        assert not found["ok"] and word in found["reasons"][0], (word, found["reasons"])


def test_what_is_signed_is_signed_by_the_one_named(made):
    """Signed anew with another key it is whole, and says whose it is."""
    from oa_kernel import crypto

    _, path = made
    whole = path.read_bytes()
    right = verify.verify(path)["fingerprint"]
    pair = crypto.generate_keypair()
    signed = whole[whole.index(embedded.OPEN): whole.index(embedded.CLOSE) + len(embedded.CLOSE)]
    signature = crypto.sign(pair.private, pair.public, crypto.sm3(signed))
    for label, value in (("签名结果", signature.hex()), ("公钥", pair.public.hex())):
        start = whole.index(f"<{label}>".encode()) + len(f"<{label}>".encode())
        whole = whole[:start] + value.encode() + whole[whole.index(b"<", start):]
    path.write_bytes(whole)
    assert "公钥不是签名的公钥" in verify.verify(path)["reasons"][0]
    start, end = whole.index("<证书块>".encode()), whole.index("</证书块>".encode()) + len("</证书块>".encode())
    path.write_bytes(whole[:start] + whole[end:])
    found = verify.verify(path)
    assert found["ok"] and found["fingerprint"] != right and "certificate" not in found


def test_a_file_is_read_and_written_piece_by_piece(made, monkeypatch):
    """No piece that passes is larger than what is read at once, whatever the file's size."""
    item, path = made
    monkeypatch.setattr(embedded_read, "_PIECE", 8192)
    sizes = [len(piece) for _, piece in embedded_read.scan(path, embedded_read.Reader())]
    assert sum(sizes) == sum(p.size for p in Part.select()) + len(item.text.encode()) and max(sizes) <= 8192
    written = []
    out = type("Out", (), {"write": lambda self, data: written.append(len(data))})()
    from oa_archives import package

    package.write(Item.get(), queries.parts(item), queries.checks_of(item), out, "embedded")
    assert sum(written) >= path.stat().st_size - 8 and max(written) < 330_000
