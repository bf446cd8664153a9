"""Erased content cannot be read again: not by a copy of the blob, not with the keys."""

import pytest

from oa_kernel import db, files
from oa_kernel.errors import Invalid, NotFound
from oa_kernel.files.sweep import sweep

pytestmark = pytest.mark.oa_databases
TEXT = b"minutes of the meeting " * 100


def test_a_copy_of_the_blob_and_the_keys_do_not_bring_it_back(oa, make):
    person = make.person("archivist", "曹兰英")
    file, other = files.store_bytes(TEXT, "纪要.txt", person), files.store_bytes(b"something else", "甲.txt", person)
    files.attach(file, "record", 7)
    path = files.blob_path(file.sm3)
    copy = path.read_bytes()
    with pytest.raises(Invalid):
        files.erase([file], " ", person, of=[("record", 7)])
    assert files.erase([file], "销毁清册 1", person, of=[("record", 7)]).erased == [file] and not path.exists()
    path.write_bytes(copy)  # from a backup; the key ring is still whole
    with pytest.raises(NotFound, match="销毁") as caught:
        files.read_bytes(files.get(file.id))
    assert caught.value.code == "file_erased"
    db.database.execute_sql("UPDATE files_blob SET erased_at = NULL")
    db.database.execute_sql("UPDATE files_file SET erased_at = NULL")
    with pytest.raises(Exception, match="校验失败"):
        files.read_bytes(files.get(file.id))
    assert files.read_bytes(other) == b"something else"
    told = db.database.execute_sql("SELECT object_id FROM audit_event WHERE action = 'file.erased'").fetchall()
    assert [tuple(row) for row in told] == [(file.sm3,)]


def test_what_something_else_has_is_kept_and_the_same_content_can_come_anew(oa, make):
    person = make.person("archivist", "曹兰英")
    one, two = files.store_bytes(TEXT, "一.txt", person), files.store_bytes(TEXT, "二.txt", person)
    files.attach(one, "record", 1)
    files.attach(two, "letter", 2)
    assert files.erase([one], "清册", person, of=[("record", 1)]).kept == [one]
    assert files.read_bytes(one) == TEXT
    files.erase([one], "清册", person, of=[("record", 1), ("letter", 2)])
    new = files.store_bytes(TEXT, "三.txt", person)
    sweep()
    assert files.read_bytes(new) == TEXT
    with pytest.raises(NotFound):
        files.read_bytes(files.get(two.id))


def test_a_lost_blob_comes_back_under_the_key_its_row_has(oa):
    first = files.store_bytes(TEXT, "一.txt")
    path = files.blob_path(first.sm3)
    path.unlink()
    try:
        with db.transaction():
            files.store_bytes(TEXT, "二.txt")
            raise RuntimeError
    except RuntimeError:
        pass
    assert files.read_bytes(first) == TEXT
