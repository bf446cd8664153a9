"""Kept records are checked again, and a damaged file is found and named."""

import pytest
from oa_archives.services import keeping, queries

from oa_kernel import files

pytestmark = pytest.mark.oa_databases


def test_filing_leaves_the_four_checks_with_their_evidence(desk):
    found = queries.checks_of(desk.file())
    assert {c.quality for c in found} == {"authenticity", "integrity", "usability", "security"}
    assert all(c.result != "failed" and c.evidence for c in found)
    number = next(c for c in found if c.code == "A2")
    assert number.result == "passed" and "Z109-WS·2026-D30-BGS-0001" in number.evidence


def test_a_sound_record_stays_sound(desk):
    item = desk.file()
    assert keeping.check(item, desk.archivist) and desk.again(item).sound
    assert {c.stage for c in queries.checks_of(item)} == {"keeping"}


def test_a_damaged_file_is_named_and_told_to_the_archivist(desk, oa_outbox):
    item, other = desk.file(), desk.file()
    path = files.blob_path(item.parts.get().sm3)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert keeping.nightly() == 2
    assert not desk.again(item).sound and desk.again(other).sound
    wrong = [c for c in queries.checks_of(item) if c.result == "failed"]
    assert any("正文.pdf" in c.evidence for c in wrong)
    assert any(item.archival_number in n.title for n in oa_outbox.inbox(desk.archivist))


def test_the_longest_unchecked_come_first(desk, monkeypatch):
    monkeypatch.setattr(keeping, "EACH_NIGHT", 1)
    first, second = desk.file(), desk.file()
    keeping.nightly()
    keeping.nightly()
    assert [queries.checks_of(i)[0].stage for i in (first, second)] == ["keeping", "keeping"]
