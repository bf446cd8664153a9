"""Plugins are switched in the file, with a record of it, and the file keeps what people wrote into it."""

import pytest

from oa_kernel import audit, config, installed
from oa_kernel.config import editing
from oa_kernel.errors import ConfigError, Conflict, Forbidden, NotFound

FILE = """\
# ours: do not touch
organisation: {name: "测试单位"}   # the name
plugins:
  shelf:   # books
    days: 21        # three weeks
  lender: false
  shelf_extra:
"""


@pytest.fixture
def file(oa_installation, restart):
    before = oa_installation.config_path.read_text()
    database = next((line + "\n" + before.splitlines()[n + 1] + "\n" for n, line in enumerate(before.splitlines())
                     if line.startswith("database:")), "")
    oa_installation.config_path.write_text(FILE + database)
    restart()
    return oa_installation.config_path


def events(action):
    return [e for e in audit.events(action=action).items]


def test_comments_and_order_are_kept(oa, file):
    before = file.read_text()
    installed.enable("lender")
    assert file.read_text() == before.replace("  lender: false\n", "  lender:\n    enabled: true\n")


def test_it_is_in_force_after_a_restart_and_told_until_then(oa, file, restart):
    assert installed.differs() == []
    installed.enable("lender")
    assert installed.differs() == ["plugins.lender"]
    running = restart()
    assert installed.differs() == [] and running.plugins.states["lender"].state == "ok"
    text = file.read_text()
    file.write_text(text.replace("days: 21", "days: 22"))
    assert installed.differs() == ["plugins.shelf"]
    file.write_text(text.replace("测试单位", "别的单位"))
    assert installed.differs() == ["organisation"]
    file.write_text("a: [")
    assert installed.differs() == [str(file)]


def test_a_switch_is_in_the_record_with_before_and_after(oa, file):
    installed.enable("lender")
    (event,) = events("plugin.enabled")
    assert "lender" in str(event.title)
    installed.enable("lender")
    assert len(events("plugin.enabled")) == 1, "nothing changed the second time"


def test_one_that_others_need_stays_on(oa, file):
    installed.enable("lender")
    with pytest.raises(Conflict, match="lender"):
        installed.disable("shelf")
    installed.disable("lender")
    installed.disable("shelf")
    with pytest.raises(Conflict, match="shelf"):
        installed.enable("lender")


def test_an_unknown_one_is_answered_with_the_nearest(oa, file):
    with pytest.raises(NotFound, match="lender"):
        installed.enable("lendre")


def test_who_may_not_manage_plugins_may_not(oa, file, make):
    clerk = make.person("clerk", "科员")
    before = file.read_text()
    for call in (installed.enable, installed.disable, installed.purge, installed.read_notes):
        with pytest.raises(Forbidden):
            call("lender", by=clerk)
    with pytest.raises(Forbidden):
        installed.change_settings("shelf", {}, by=clerk)
    assert file.read_text() == before


def test_when_the_record_cannot_be_written_the_file_stays(oa, file, monkeypatch):
    before = file.read_bytes()
    monkeypatch.setattr(audit, "record", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        installed.enable("lender")
    assert file.read_bytes() == before


def test_when_the_commit_fails_the_file_is_put_back(oa, file, monkeypatch):
    from oa_kernel import db

    before, seen = file.read_bytes(), []
    whole = db.transaction

    class Failing:
        def __enter__(self):
            self.inner = whole()
            self.inner.__enter__()

        def __exit__(self, *error):
            seen.append(file.read_bytes() != before)
            self.inner.__exit__(RuntimeError, RuntimeError("disk full"), None)
            raise RuntimeError("disk full")

    monkeypatch.setattr("oa_kernel.installed.switching.db.transaction", Failing)
    with pytest.raises(RuntimeError, match="disk full"):
        installed.enable("lender")
    assert seen == [True] and file.read_bytes() == before


def test_a_file_nobody_may_write_is_said(oa, file, monkeypatch):
    def refused(*_):
        raise PermissionError(13, "Permission denied")

    before = file.read_bytes()
    monkeypatch.setattr("oa_kernel.config.editing.os.replace", refused)
    with pytest.raises(Conflict, match=r"oa\.yaml.*Permission denied"):
        installed.enable("lender")
    assert file.read_bytes() == before
    assert [p.name for p in file.parent.iterdir() if p.name.startswith(".oa.yaml.") and not p.name.endswith(".lock")] == []


def test_the_mode_of_the_file_is_kept_and_a_link_stays_a_link(oa, file):
    file.chmod(0o640)
    link = file.parent / "link.yaml"
    link.symlink_to(file)
    with editing.open_file(link) as changing:
        changing.section("shelf")["days"] = 7
        changing.write()
    assert link.is_symlink() and file.stat().st_mode & 0o777 == 0o640
    assert config.read(file).data["plugins"]["shelf"]["days"] == 7


def test_a_file_with_a_mistake_is_not_touched(oa, file):
    file.write_text("plugins: [\n")
    with pytest.raises(ConfigError, match="第 2 行|第 1 行"), editing.open_file(file):
        pass
    assert file.read_text() == "plugins: [\n"


def test_an_empty_section_and_a_file_of_comments_become_what_they_must(tmp_path):
    path = tmp_path / "oa.yaml"
    path.write_text("# nothing yet\n")
    with editing.open_file(path) as changing:
        changing.section("shelf")["enabled"] = True
        changing.write()
    assert config.read(path).enabled_plugins() == {"shelf": True}
    assert "# nothing yet" in path.read_text()
