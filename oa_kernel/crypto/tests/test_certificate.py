"""SM2 certificates: chains that hold, and those that must not."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest

from oa_kernel.crypto import CertificateError, certificate, generate_keypair

ROOT_KEY, SEAL_KEY, OTHER_KEY = generate_keypair(), generate_keypair(), generate_keypair()
ROOT = certificate.issue("某市人民政府 根证书", "某市人民政府", ROOT_KEY.public, private=ROOT_KEY.private, days=3650)
LEAF = certificate.issue(
    "某市人民政府办公室", "某市人民政府", SEAL_KEY.public, issuer=ROOT, issuer_private=ROOT_KEY.private, days=365
)
NOW = datetime.now(UTC)


def test_what_was_issued_is_read_back():
    read = certificate.parse(LEAF)
    assert (read.subject, read.organisation) == ("某市人民政府办公室", "某市人民政府")
    assert read.issuer == "某市人民政府 根证书"
    assert read.public == SEAL_KEY.public and read.raw == LEAF and not read.is_authority
    assert read.not_after - read.not_before == timedelta(days=365)
    assert certificate.parse(ROOT).is_authority
    assert read.serial != certificate.parse(ROOT).serial


def test_openssl_reads_and_verifies_them(tmp_path):
    if not shutil.which("openssl"):
        pytest.skip("the openssl command is not installed")
    if b"SM2" not in subprocess.run(["openssl", "ecparam", "-list_curves"], capture_output=True).stdout:
        pytest.skip("this openssl was built without SM2")
    for name, der in (("root", ROOT), ("leaf", LEAF)):
        (tmp_path / f"{name}.der").write_bytes(der)
        convert = ["openssl", "x509", "-inform", "der", "-in", f"{name}.der", "-out", f"{name}.pem"]
        subprocess.run(convert, cwd=tmp_path, check=True)
    verify = ["openssl", "verify", "-vfyopt", "distid:1234567812345678", "-CAfile", "root.pem", "leaf.pem"]
    done = subprocess.run(verify, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == "leaf.pem: OK\n", done.stderr


def test_a_chain_leads_to_its_root():
    assert certificate.verify_chain(LEAF, [ROOT]).subject == "某市人民政府 根证书"
    assert certificate.verify_chain(ROOT, [ROOT]).raw == ROOT
    assert certificate.verify_chain(LEAF, [LEAF]).raw == LEAF


def test_a_chain_may_pass_an_intermediate():
    middle_key = generate_keypair()
    middle = certificate.issue(
        "中间证书", "某市人民政府", middle_key.public, issuer=ROOT, issuer_private=ROOT_KEY.private, authority=True
    )
    leaf = certificate.issue("印章", "某局", SEAL_KEY.public, issuer=middle, issuer_private=middle_key.private)
    assert certificate.verify_chain(leaf, [ROOT], intermediates=[middle]).raw == ROOT
    with pytest.raises(CertificateError, match="中间证书"):
        certificate.verify_chain(leaf, [ROOT])


def test_a_stranger_of_the_same_name_is_not_trusted():
    forged_root = certificate.issue("某市人民政府 根证书", "某市人民政府", OTHER_KEY.public, private=OTHER_KEY.private)
    forged = certificate.issue(
        "某市人民政府办公室", "某市人民政府", SEAL_KEY.public, issuer=forged_root, issuer_private=OTHER_KEY.private
    )
    for der, roots in ((forged, [ROOT]), (LEAF, [forged_root]), (LEAF, [])):
        with pytest.raises(CertificateError, match="不在受信任"):
            certificate.verify_chain(der, roots)


def test_a_leaf_cannot_issue():
    child = certificate.issue("假", "假", OTHER_KEY.public, issuer=LEAF, issuer_private=SEAL_KEY.private)
    with pytest.raises(CertificateError):
        certificate.verify_chain(child, [ROOT], intermediates=[LEAF])


@pytest.mark.parametrize("at", [NOW - timedelta(days=1), NOW + timedelta(days=366)])
def test_outside_its_time_a_certificate_is_not_valid(at):
    with pytest.raises(CertificateError, match="不在有效期"):
        certificate.verify_chain(LEAF, [ROOT], at)


def test_any_flipped_byte_is_found():
    for index in range(len(LEAF)):
        broken = bytearray(LEAF)
        broken[index] ^= 0x01
        with pytest.raises(CertificateError):
            certificate.verify_chain(bytes(broken), [ROOT])


def test_what_is_no_certificate_is_refused():
    for data in (b"", b"\x30\x00", b"%PDF", LEAF[:100], LEAF + b"\x00", bytes(100_000)):
        with pytest.raises(CertificateError):
            certificate.parse(data)


def test_a_wrong_issuer_key_is_a_callers_mistake():
    with pytest.raises(ValueError):
        certificate.issue("x", "x", SEAL_KEY.public, issuer=ROOT, issuer_private=OTHER_KEY.private)
    with pytest.raises(ValueError):
        certificate.issue("x", "x", SEAL_KEY.public)


def test_after_2049_times_are_generalized():
    der = certificate.issue("x", "x", ROOT_KEY.public, private=ROOT_KEY.private, days=36500)
    assert certificate.parse(der).not_after.year > 2049
