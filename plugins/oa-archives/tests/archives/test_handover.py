"""A year's package: written once and whole, taken up again after a kill, checked by anybody, taken over without loss."""

import datetime as dt
import json
import shutil
import signal
import subprocess
import sys

import pytest
from oa_archives import verify, yearly
from oa_archives.models import Check, Item, Part
from oa_archives.models_keeping import HandedOver, Origin
from oa_archives.services import handovers, pending, queries, taking

from oa_kernel import contributions as c
from oa_kernel import files, runtime
from oa_kernel.errors import Invalid, NotFound

from .things import pdf

CLI = [sys.executable, "-m", "oa_kernel.cli"]
KILLED = """
import os, signal, sys
from oa_kernel import runtime
from oa_archives.services import handing, handovers
runtime.boot(sys.argv[1])
handing.BATCH = 2
def progress(done, total):
    if done >= 4:
        os.kill(os.getpid(), signal.SIGKILL)
handovers.run(int(sys.argv[2]), progress)
"""


@pytest.fixture
def year(desk):
    """Five records of 2026 with attachments, drafts' words and people, and one of the year before."""
    for n in range(5):
        parts = [c.RecordPart("text", "正文.pdf", data=pdf(f"Notice {n}", "YZB 12")),
                 c.RecordPart("attachment", f"附件 {n}：表.txt", data=f"表格{n}".encode())]
        desk.file(title=f"Notice {n}", text=f"第{n}件的正文 <与> “引号”", parts=parts, level=n % 3,
                  facts={"主送": "各处室"}, choice={"retention": ("Y", "D10")[n % 2]})
    desk.file(title="Another", date=dt.date(2025, 12, 30))
    return desk


@pytest.fixture
def made(year, tmp_path):
    row = handovers.run(handovers.ask(None, 2026, str(tmp_path / "out")).id)
    return row, tmp_path / "out"


def contents():
    """All that a record is, but for row numbers and what only its first home can know."""
    left_out = {"id", "source_kind", "source_id", "department_id", "filed_by_id", "appraisal_id", "transfer_id", "ended_at"}
    found = {}
    for item in Item.select().where(Item.year == 2026):
        values = {k: v for k, v in item.__data__.items() if k not in left_out}
        parts = [({k: v for k, v in p.__data__.items() if k not in ("id", "item", "file_id")}, files.read_bytes(files.get(p.file_id)))
                 for p in queries.parts(item)]
        checks = [{k: v for k, v in one.__data__.items() if k not in ("id", "item")} for one in queries.checks_of(item)]
        found[item.archival_number] = (values, parts, checks)
    return found


def test_what_a_kill_left_is_taken_up_and_nothing_whole_is_written_again(oa, year, tmp_path):
    folder = tmp_path / "out"
    row = handovers.ask(None, 2026, str(folder))
    killed = subprocess.run([sys.executable, "-c", KILLED, str(oa.config.path), str(row.id)], capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert not yearly.verify(folder)["ok"]
    written = {p: p.stat().st_ino for p in folder.rglob("*.zip")}
    assert len(written) == 4 == HandedOver.select().count()
    damaged = folder / HandedOver.select().order_by(HandedOver.id).first().name
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")
    handovers.run(handovers.ask(None, 2026, str(folder)).id)
    assert {p for p, inode in written.items() if p.stat().st_ino != inode} == {damaged}
    found = yearly.verify(folder)
    assert found["ok"] and found["count"] == 5, found["reasons"]


def test_the_whole_folder_is_checked_by_the_command_and_described_by_its_schemas(made):
    from lxml import etree

    _, folder = made
    done = subprocess.run([*CLI, "verify", "--json", str(folder)], capture_output=True, cwd=folder.parent)
    assert done.returncode == 0 and json.loads(done.stdout)["count"] == 5
    schemas = {name: etree.XMLSchema(etree.parse(folder / "结构说明" / f"{name}.xsd")) for name in ("eep", "目录")}
    catalogue = etree.parse(folder / "目录.xml")
    schemas["目录"].assertValid(catalogue)
    assert len(catalogue.getroot()) == 5 == len((folder / "目录.csv").read_text("utf-8-sig").splitlines()) - 1
    import zipfile

    for path in folder.rglob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            schemas["eep"].assertValid(etree.fromstring(archive.read("eep.xml")))


def test_another_installation_takes_it_over_without_loss_and_once(made, tmp_path):
    """The form with the files inside first; the other one is then known as the same records."""
    _, zipped = made
    folder = tmp_path / "embedded"
    with pytest.raises(Invalid):
        handovers.ask(None, 2026, str(folder), "tar")
    handovers.run(handovers.ask(None, 2026, str(folder), "embedded").id)
    assert len(list(folder.rglob("*.eep"))) == 5 == yearly.verify(folder)["count"]
    before = contents()
    assert taking.take(None, folder)["known"] == 5
    other = tmp_path / "other"
    subprocess.run([*CLI, "init", str(other), "--organisation", "市档案馆"], check=True, capture_output=True)
    home = runtime.current().config.path
    with (other / "oa.yaml").open("a", encoding="utf-8") as settings:
        settings.write("\nsecurity: {highest_secrecy: 机密}\n")
    try:
        runtime.boot(other / "oa.yaml")
        first, second = taking.take(None, folder), taking.take(None, folder)
        assert (first["taken"], second["taken"], second["known"]) == (5, 0, 5)
        assert contents() == before
        assert taking.take(None, zipped)["known"] == 5
        assert Origin.select().count() == 5
        origin = taking.origin_of(Item.select().first())
        assert origin.source_kind == "things.thing" and origin.fingerprint == first["fingerprint"]
        from oa_kernel import numbering

        assert numbering.next_number("archives:Z109-WS·2026-D10-BGS") == 3
    finally:
        runtime.boot(home)


WRONG = [
    (lambda f: next(f.rglob("*D10*.zip")).write_bytes(b"PK\3\4"), "D10"),
    (lambda f: next(f.rglob("*D10*.zip")).unlink(), "缺少 packages/D10"),
    (lambda f: (f / "manifest.jsonl").write_bytes((f / "manifest.jsonl").read_bytes().replace(b"D10", b"D30")), "清单被改动过"),
    (lambda f: (f / "manifest.jsonl.sig").write_bytes(b"[" * 60_000), "manifest.jsonl.sig 损坏"),
    (lambda f: (f / "目录.csv").write_bytes(b"x"), "目录.csv 的摘要与清单不符"),
]


def test_one_thing_wrong_and_nothing_is_taken(made, tmp_path):
    def rows():
        return Item.select().count(), Part.select().count(), Check.select().count(), files.File.select().count()

    count = rows()
    for n, (change, word) in enumerate(WRONG):
        folder = shutil.copytree(made[1], tmp_path / str(n))
        change(folder)
        with pytest.raises(Invalid) as refused:
            taking.take(None, folder)
        assert word in refused.value.message
        assert any(word in reason for reason in yearly.verify(folder)["reasons"])
    # a record of ours that has the number of another
    item = Item.get(Item.archival_number == "Z109-WS·2026-Y-BGS-0001")
    Item.update(digest="0" * 64).where(Item.id == item.id).execute()
    with pytest.raises(Invalid) as refused:
        taking.take(None, made[1])
    assert item.archival_number in refused.value.message and "另一件" in refused.value.message
    assert rows() == count


@pytest.mark.parametrize("form", ["files", "embedded"])
def test_what_changes_between_its_check_and_its_taking_is_not_taken(year, tmp_path, monkeypatch, form):
    folder = tmp_path / "out"
    handovers.run(handovers.ask(None, 2026, str(folder), form).id)
    one = next(line for line in yearly.folder.files_of(folder) if line.archival_number)
    path = folder / one.path
    assert verify.read(path, one.sm3).values["archival_number"] == one.archival_number
    whole = path.read_bytes()
    for changed in (whole[:99] + bytes([whole[99] ^ 1]) + whole[100:], whole[:-9], b""):
        path.write_bytes(changed)
        with pytest.raises(verify.Changed):
            verify.read(path, one.sm3)
    path.write_bytes(whole)
    check = taking._check

    def changed_afterwards(*given):
        found = check(*given)
        path.write_bytes(whole[:-9] + b" " * 9)
        return found[0], set(), found[2]  # as if none were here

    monkeypatch.setattr(taking, "_check", changed_afterwards)
    count = Item.select().count(), files.File.select().count()
    with pytest.raises(Invalid):
        taking.take(None, folder)
    assert count == (Item.select().count(), files.File.select().count())


@pytest.mark.parametrize(("form", "passes"), [("files", 2), ("embedded", 4)])
def test_a_package_is_opened_no_oftener_than_its_check_needs(year, tmp_path, monkeypatch, form, passes):
    folder = tmp_path / "out"
    handovers.run(handovers.ask(None, 2026, str(folder), form).id)
    opened = []
    path_open = type(folder).open

    def noted(self, *given, **more):
        if self.suffix in (".zip", ".eep"):
            opened.append(self.name)
        return path_open(self, *given, **more)

    monkeypatch.setattr(type(folder), "open", noted)
    assert taking.take(None, folder)["known"] == 5
    assert max(map(opened.count, opened)) <= passes


def test_a_person_hands_on_what_they_may_see_to_places_that_are_set_up(year, tmp_path):
    with pytest.raises(NotFound):
        handovers.ask(year.archivist, 2026, str(tmp_path))
    with pytest.raises(Invalid):
        handovers.ask(year.archivist, 2001, "本机")
    row = handovers.ask(year.archivist, 2026, "本机")
    assert (row.total, handovers.run(row.id).done) == (5, 5)
    handovers.run(handovers.ask(year.archivist, 2025, "本机", "embedded").id)
    for name, count in (("2026", 5), ("2025-embedded", 1)):  # each year by itself
        assert yearly.verify(runtime.current().config.folder / "handover" / name)["count"] == count
    assert pending.count() == 0
    shutil.rmtree(runtime.current().config.folder / "handover")
