"""What was handed over can be checked offline, by who received it."""

import datetime as dt
import json
import zipfile

import pytest
from oa_archives import verify_transfer
from oa_archives.services import transfer, transfer_checks, transfer_files

from oa_kernel import clock


@pytest.fixture
def handed(desk, tmp_path):
    """A whole transfer of two records, as a file."""
    for n in (1, 2):
        desk.file(choice={"retention": "Y"}, title=f"Record {n}", date=dt.date(2026, 3, n))
    years = {"first_year": "2026", "last_year": str(clock.today().year)}
    row = transfer.create(desk.archivist, {**years, "retentions": ["Y"], "receiver": "国家综合档案馆"})
    transfer_checks.start(desk.archivist, row.id)
    transfer_checks.run(row.id)
    path = tmp_path / "移交.zip"
    with transfer_files.bundle(desk.archivist, transfer.get(desk.archivist, row.id)) as out:
        path.write_bytes(out.read())
    return path


def changed(path, name, new, *, extra=None):
    """A copy in which one file has other content (None: it is left out)."""
    copy = path.with_name("改过.zip")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as made:
        for one in old.namelist():
            if one != name or new is not None:
                made.writestr(one, new(old.read(one)) if one == name else old.read(one))
        if extra:
            made.writestr(extra, b"x")
    return copy


def test_a_whole_transfer_is_recognised_and_every_record_checked(handed):
    assert verify_transfer.recognises(handed, handed.read_bytes()[:4096])
    found = verify_transfer.check(handed)
    assert found["ok"] and found["count"] == 2 and "2 件与清单一致" in found["summary"] and found["fingerprint"] in found["summary"]


def test_what_was_changed_left_out_or_added_is_named(handed):
    with zipfile.ZipFile(handed) as archive:
        record = next(n for n in archive.namelist() if n.startswith("记录/"))
    flipped = changed(handed, record, lambda data: data[:-1] + bytes([data[-1] ^ 1]))
    assert verify_transfer.check(flipped)["reasons"] == [f"{record} 的摘要与清单不符：内容被改动过"]
    assert verify_transfer.check(changed(handed, record, None))["reasons"] == [f"缺少文件：{record}"]
    assert verify_transfer.check(changed(handed, "", None, extra="多.txt"))["reasons"] == ["多出清单之外的文件：多.txt"]


def test_a_list_that_was_changed_is_not_believed(handed):
    def other(data):
        return json.dumps({**json.loads(data), "receiver": "别处"}).encode()

    (reason,) = verify_transfer.check(changed(handed, "manifest.json", other))["reasons"]
    assert "与签名不符" in reason
    for broken in (b"not json", b"{}"):
        assert not verify_transfer.check(changed(handed, "manifest.json.sig", lambda _d, to=broken: to))["ok"]
    cut = handed.with_name("断.zip")
    cut.write_bytes(handed.read_bytes()[:2000])
    assert "压缩包损坏" in verify_transfer.check(cut)["summary"]
