"""A package can be checked by anybody, offline, and every change to it shows."""

import io
import json
import zipfile

import pytest
from oa_archives import package, verify
from oa_archives.services import packages, queries

from oa_kernel import contributions as c
from oa_kernel import files
from oa_kernel.errors import Forbidden

from .things import pdf


@pytest.fixture
def made(desk, tmp_path):
    parts = [c.RecordPart("text", "正文.pdf", data=pdf("Notice on fire safety", "YZB 12")),
             c.RecordPart("attachment", "附件 一/表.txt".replace("/", "／"), data="表格".encode())]
    item = desk.file(parts=parts)
    path = tmp_path / "package.zip"
    with packages.build(desk.archivist, item) as out:
        path.write_bytes(out.read())
    return item, path


def rewritten(path, change):
    """The package with ``change(name, data)`` applied to every entry; None leaves it out."""
    out = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = change(name, old.read(name))
            if data is not None:
                new.writestr(name, data)
    path.write_bytes(out.getvalue())
    return path


def test_a_package_holds_all_and_verifies(made):
    item, path = made
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    assert names[:3] == ["说明文件.txt", "eep.xml", "eep.xml.sig"]
    assert names[3:] == ["检索文本.txt", "files/01-正文-正文.pdf", "files/02-附件-附件_一_表.txt"]
    assert verify.recognises(path, path.read_bytes()[:4096])
    found = verify.verify(path)
    assert found["ok"] and found["archival_number"] == item.archival_number and found["files"] == 2
    assert "指纹" in found["summary"] and item.title in found["summary"]
    contents = [stream.read() for stream in verify.contents(path, verify.look(path)[1])]
    assert contents[:2] == [files.read_bytes(files.get(p.file_id)) for p in queries.parts(item)] and contents[2] == item.text.encode()


def test_its_description_says_what_an_archivist_asks(made):
    item, path = made
    from xml.etree import ElementTree as ET

    with zipfile.ZipFile(path) as archive:
        facts = package.as_mapping(ET.fromstring(archive.read("eep.xml")))
    assert facts["档号"] == item.archival_number and facts["题名"] == item.title and facts["保管期限"] == "30年"
    assert facts["全宗名称"] == "云岭市人民政府办公室" and facts["日期"] == "2026-03-02"


@pytest.mark.parametrize(("change", "word"), [
    (lambda n, d: d + b"x" if n.startswith("files/01") else d, "字节数与清单不符"),
    (lambda n, d: d[:-1] + b"x" if n.startswith("files/01") else d, "摘要与清单不符"),
    (lambda n, d: None if n.startswith("files/02") else d, "缺少文件"),
    (lambda n, d: d.replace(b"fire", b"Fire") if n == "eep.xml" else d, "与签名不符"),
    (lambda n, d: None if n == "eep.xml.sig" else d, "缺少 eep.xml.sig"),
    (lambda n, d: b"{}" if n == "eep.xml.sig" else d, "签名文件损坏"),
    (lambda n, d: b"[" * 100_000 if n == "eep.xml.sig" else d, "eep.xml.sig"),
    (lambda n, d: b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>' if n == "eep.xml" else d, "eep.xml"),
])
def test_every_change_shows(made, change, word):
    found = verify.verify(rewritten(made[1], change))
    assert not found["ok"] and any(word in reason for reason in found["reasons"]), found["reasons"]


def test_what_is_not_on_the_list_and_what_leads_outside_is_named(made):
    _, path = made
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("files/99-extra.txt", b"x")
    assert any("清单之外" in r for r in verify.verify(path)["reasons"])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../outside.txt", b"x")
    assert any("指向包外" in r for r in verify.verify(path)["reasons"])


def test_another_key_can_sign_but_its_fingerprint_is_another(made):
    from oa_kernel import crypto

    _, path = made
    pair = crypto.generate_keypair()
    right = verify.verify(path)["fingerprint"]

    def forge(name, data, **more):
        if name != "eep.xml.sig":
            return data
        with zipfile.ZipFile(path) as archive:
            xml = archive.read("eep.xml")
        signature = crypto.sign(pair.private, pair.public, xml)
        return json.dumps({**json.loads(data), "public_key": pair.public.hex(), "signature": signature.hex(), **more}).encode()

    assert "公钥不是签名的公钥" in verify.verify(rewritten(path, forge))["reasons"][0]
    found = verify.verify(rewritten(path, lambda name, data: forge(name, data, certificate="")))
    assert found["ok"] and found["fingerprint"] != right and found["fingerprint"] in found["summary"]


@pytest.mark.parametrize("cut", [10, 100, -30])
def test_half_a_package_is_no_package(made, cut):
    _, path = made
    path.write_bytes(path.read_bytes()[:cut])
    found = verify.verify(path)
    assert not found["ok"] and found["summary"].startswith("归档信息包不可信")


def test_taking_one_out_needs_the_right_and_is_recorded(desk, made):
    with pytest.raises(Forbidden):
        packages.build(desk.reader, made[0])
