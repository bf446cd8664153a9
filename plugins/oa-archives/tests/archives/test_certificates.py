"""Whose the key that signs packages is: its own certificate, an authority's, and what is said of each offline."""

import base64
import datetime as dt
import json
import shutil
import subprocess
import sys
import zipfile

import pytest
from oa_archives import embedded, signed_by, verify
from oa_archives.models_keeping import Certificate
from oa_archives.package import PURPOSE
from oa_archives.services import certificates, packages

from oa_kernel import clock, runtime
from oa_kernel.crypto import certificate, generate_keypair
from oa_kernel.crypto import verify as sm2_verify
from oa_kernel.errors import Invalid

AUTHORITY = generate_keypair()
ROOT = certificate.issue("某省数字证书认证中心", "某省数字证书认证中心", AUTHORITY.public, private=AUTHORITY.private)


@pytest.fixture
def key(oa):
    return runtime.current().keys.signing(PURPOSE)


def issued(key, **more):
    return certificate.issue("电子档案签名", "云岭市人民政府办公室", key.public, issuer=ROOT, issuer_private=AUTHORITY.private, **more)


def built(desk, form, path):
    with packages.build(desk.archivist, desk.file(title=f"Item {path.name}"), form) as out:
        path.write_bytes(out.read())
    return path


@pytest.mark.parametrize("form", ["files", "embedded"])
def test_a_package_says_whose_key_signed_it_and_that_nobody_else_says_so(desk, key, tmp_path, form):
    path = built(desk, form, tmp_path / f"a.{form}")
    found = verify.verify(path)
    assert found["ok"], found["reasons"]
    assert found["certificate"]["self_signed"] and found["certificate"]["fingerprint"] == certificates.current().fingerprint
    assert "是它自己签发的" in found["summary"]
    built(desk, form, tmp_path / f"b.{form}")
    assert Certificate.select().count() == 1  # the next package has the same


@pytest.mark.parametrize("form", ["files", "embedded"])
def test_an_authoritys_certificate_goes_with_what_is_signed_from_then_on(desk, key, tmp_path, form):
    before = built(desk, form, tmp_path / f"a.{form}")
    certificates.give(certificate.pem(issued(key)).encode())
    found = verify.verify(built(desk, form, tmp_path / f"b.{form}"))
    assert found["ok"] and found["certificate"]["issuer"] == "某省数字证书认证中心" and not found["certificate"]["self_signed"]
    assert "请看签发者" in found["summary"]
    assert verify.verify(before)["certificate"]["self_signed"]


def test_when_an_authoritys_has_run_out_the_installations_own_takes_its_place(desk, key):
    certificates.give(issued(key, days=30))
    assert certificates.current().issuer == "某省数字证书认证中心"
    with clock.freeze(clock.now() + dt.timedelta(days=31)):
        assert certificates.current().issuer == "电子档案签名"


def test_what_does_not_belong_to_the_key_is_refused_and_nothing_changes(desk, key):
    other = generate_keypair()
    wrong = {
        "另一把": certificate.issue("a", "b", other.public, private=other.private),
        "不在有效期": issued(key, not_before=clock.now() - dt.timedelta(days=3000)),
        "不是证书": b"hello",
        "证书": b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
    }
    for says, data in wrong.items():
        with pytest.raises(Invalid, match=says):
            certificates.give(data)
    assert not Certificate.select().exists()


def test_a_request_names_the_organisation_and_proves_that_the_key_is_there(desk, key):
    from asn1crypto import csr

    read = csr.CertificationRequest.load(certificates.request(), strict=True)
    info = read["certification_request_info"]
    assert info["subject"].native["common_name"] == "电子档案签名"
    assert info["subject_pk_info"]["public_key"].native == b"\x04" + key.public
    assert sm2_verify(key.public, info.dump(), read["signature"].native)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl on this machine")
def test_openssl_believes_the_request_and_the_certificate(desk, key, tmp_path):
    asked, own = tmp_path / "request.pem", tmp_path / "own.pem"
    asked.write_text(certificate.pem(certificates.request(), "CERTIFICATE REQUEST"))
    own.write_text(certificate.pem(certificates.current().raw))
    identity = ["-vfyopt", "distid:1234567812345678"]  # GB/T 35276-2017, 10: the default one
    for command in (["req", "-in", str(asked), "-noout", "-verify"], ["verify", "-CAfile", str(own), str(own)]):
        done = subprocess.run(["openssl", command[0], *identity, *command[1:]], capture_output=True, text=True)
        assert done.returncode == 0 and "OK" in done.stdout + done.stderr, done


@pytest.mark.parametrize("form", ["files", "embedded"])
@pytest.mark.parametrize("which", ["another key", "altered", "not valid then", "nonsense"])
def test_a_certificate_that_was_exchanged_shows(desk, key, tmp_path, form, which):
    path = built(desk, form, tmp_path / f"a.{form}")
    own, other = certificates.current().raw, generate_keypair()
    der = {
        "another key": certificate.issue("他人", "他单位", other.public, private=other.private),
        "altered": own.replace("电子档案签名".encode(), "电子档案签收".encode()),
        "not valid then": issued(key, not_before=clock.now() + dt.timedelta(days=2)),
        "nonsense": b"0123",
    }[which]
    assert der != own
    old, new = base64.b64encode(own), base64.b64encode(der)
    if form == "embedded":
        data = path.read_bytes()
        assert data.count(old) == 1
        path.write_bytes(data.replace(old, new))
    else:
        changed = tmp_path / "changed.zip"
        with zipfile.ZipFile(path) as source, zipfile.ZipFile(changed, "w") as target:
            for name in source.namelist():
                target.writestr(name, source.read(name).replace(old, new))
        path = changed
    found = verify.verify(path)
    assert not found["ok"] and "证书" in found["reasons"][0], found


def test_a_package_without_one_is_still_a_package(desk, key, tmp_path):
    path = built(desk, "embedded", tmp_path / "a.eep")
    data = path.read_bytes()
    start, end = data.index("<证书块>".encode()), data.index("</证书块>".encode()) + len("</证书块>".encode())
    assert start > data.index(embedded.CLOSE)
    path.write_bytes(data[:start] + data[end:])
    assert verify.verify(path)["ok"] and signed_by.told("", key.public, "") == {}


def test_the_command_shows_asks_and_takes_in(oa, desk, key, tmp_path):
    def run(*arguments):
        command = [sys.executable, "-m", "oa_kernel.cli", "--config", str(oa.config.path), "archives", "certificate"]
        done = subprocess.run([*command, *arguments], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    shown = json.loads(run("--json"))
    assert shown["issuer"] == shown["subject"] and certificate.from_pem(shown["pem"].encode()) == certificates.current().raw
    assert run("--request").startswith("-----BEGIN CERTIFICATE REQUEST-----\n")
    (tmp_path / "given.pem").write_text(certificate.pem(issued(key)))
    assert "某省数字证书认证中心" in run("--import", str(tmp_path / "given.pem"))
    assert certificates.current().issuer == "某省数字证书认证中心"
