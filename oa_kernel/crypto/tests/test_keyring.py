"""The key folder: rotation, protection, other processes, crashes."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from oa_kernel.crypto import CryptoError, KeyRing, KeyRingError, UnknownKey, new_key, verify


@pytest.fixture
def ring(tmp_path):
    return KeyRing.create(tmp_path / "keys")


def test_old_data_stays_readable_after_rotation(ring):
    key = new_key()
    old = ring.wrap(key)
    before = ring.current_data_key
    after = ring.rotate()
    assert before != after == ring.current_data_key
    assert ring.key_id_of(old) == before and ring.key_id_of(ring.wrap(key)) == after
    assert ring.unwrap(old) == KeyRing.open(ring.folder).unwrap(old) == key


def test_a_secret_is_bound_to_its_place(ring):
    blob = ring.encrypt(b"totp", b"user:17")
    assert ring.decrypt(blob, b"user:17") == b"totp"
    with pytest.raises(CryptoError):
        ring.decrypt(blob, b"user:18")
    with pytest.raises(CryptoError):
        ring.unwrap(blob)


def test_any_flipped_byte_of_an_envelope_is_found(ring):
    blob = ring.wrap(new_key())
    for index in range(len(blob)):
        broken = bytearray(blob)
        broken[index] ^= 0x80
        with pytest.raises(CryptoError):
            ring.unwrap(bytes(broken))
    for torso in (b"", b"\x01", blob[:5], blob[:25]):
        with pytest.raises(CryptoError):
            ring.unwrap(torso)


def test_derived_secrets_are_stable_and_differ_by_purpose(ring):
    assert ring.secret("session") == KeyRing.open(ring.folder).secret("session") != ring.secret("csrf")
    assert len(ring.secret("session")) == 32


def test_signing_keys_are_made_once_and_kept(ring):
    first = ring.signing("audit")
    assert ring.signing("audit") == first == KeyRing.open(ring.folder).signing("audit")
    signature = first.sign(b"head")
    second = ring.rotate_signing("audit")
    assert ring.signing("audit").id == second.id != first.id
    assert [key.id for key in ring.signing_keys("audit")] == [first.id, second.id]
    assert verify(ring.signing_key(first.id).public, b"head", signature)
    assert ring.signing("seal").public != first.public
    with pytest.raises(UnknownKey):
        ring.signing_key(ring.current_data_key)


def test_another_process_sees_a_new_key_at_once(ring):
    other = KeyRing.open(ring.folder)
    new = other.rotate()
    assert ring.unwrap(other.wrap(b"k" * 16)) == b"k" * 16
    assert ring.current_data_key == new


def test_processes_that_race_make_one_signing_key(ring):
    code = "import sys; from oa_kernel.crypto import KeyRing; print(KeyRing.open(sys.argv[1]).signing('audit').id)"
    with ThreadPoolExecutor(4) as pool:
        run = [
            pool.submit(subprocess.run, [sys.executable, "-c", code, ring.folder], capture_output=True, text=True)
            for _ in range(4)
        ]
    ids = {future.result().stdout for future in run}
    assert len(ids) == 1 and len(list(ring.folder.glob("sm2-audit-*.key"))) == 1


def test_files_are_for_their_owner_alone(ring):
    assert ring.folder.stat().st_mode & 0o777 == 0o700
    ring.signing("audit")
    assert {path.stat().st_mode & 0o777 for path in ring.folder.iterdir()} == {0o600}


@pytest.mark.parametrize("mode, name", [(0o640, "ring.json"), (0o604, "root-*.key"), (0o755, ".")])
def test_looser_modes_are_refused_with_the_command_that_helps(ring, mode, name):
    path = ring.folder if name == "." else next(ring.folder.glob(name))
    path.chmod(mode)
    with pytest.raises(KeyRingError, match=f"chmod {'700' if name == '.' else '600'} {path}"):
        KeyRing.open(ring.folder)


def test_a_passphrase_protects_every_key(tmp_path):
    ring = KeyRing.create(tmp_path / "keys", "正确 horse")
    blob = ring.wrap(b"k" * 16)
    for wrong in (None, "", "wrong"):
        with pytest.raises(KeyRingError, match="口令"):
            KeyRing.open(ring.folder, wrong)
    assert KeyRing.open(ring.folder, "正确 horse").unwrap(blob) == b"k" * 16
    ring.change_passphrase("another")
    with pytest.raises(KeyRingError):
        KeyRing.open(ring.folder, "正确 horse")
    assert KeyRing.open(ring.folder, "another").unwrap(blob) == b"k" * 16
    assert b"k" * 16 not in b"".join(path.read_bytes() for path in ring.folder.iterdir())


def test_an_existing_folder_is_never_overwritten(ring):
    with pytest.raises(KeyRingError, match="不会覆盖"):
        KeyRing.create(ring.folder)
    assert KeyRing.exists(ring.folder)


def test_an_interrupted_creation_leaves_no_half_ring(tmp_path, monkeypatch):
    from oa_kernel.crypto import _keyfiles

    monkeypatch.setattr(_keyfiles, "sync_folder", lambda folder: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError):
        KeyRing.create(tmp_path / "keys")
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []
    assert KeyRing.create(tmp_path / "keys").secret("session")


def test_what_is_missing_or_damaged_is_named(ring, tmp_path):
    with pytest.raises(KeyRingError, match="nowhere"):
        KeyRing.open(tmp_path / "nowhere")
    path = next(ring.folder.glob("data-*.key"))
    document = json.loads(path.read_text())
    for damaged in ("{", "[]", json.dumps({**document, "number": 9}), json.dumps({**document, "key": "AAAA"})):
        path.write_text(damaged)
        with pytest.raises(KeyRingError, match=path.name):
            KeyRing.open(ring.folder)
    path.write_text(json.dumps(document))
    renamed = path.with_name("data-0009-00000000.key")
    os.rename(path, renamed)
    with pytest.raises(KeyRingError, match="改了名"):
        KeyRing.open(ring.folder)
    os.remove(renamed)
    with pytest.raises(KeyRingError, match="不完整"):
        KeyRing.open(ring.folder)


def test_a_key_that_is_not_there_is_named(ring, tmp_path):
    with pytest.raises(UnknownKey, match=ring.current_data_key):
        KeyRing.create(tmp_path / "other").unwrap(ring.wrap(b"k" * 16))


def test_no_secret_in_what_describes_the_ring(ring):
    shown = json.dumps(ring.describe()) + repr(ring.signing("audit"))
    assert {entry["kind"] for entry in ring.describe()} == {"root", "data", "sm2-audit"}
    assert ring.signing("audit").private.hex() not in shown and repr(ring.signing("audit").private) not in shown
