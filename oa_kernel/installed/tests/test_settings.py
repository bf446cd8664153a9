"""A plugin's settings by a form: into the YAML file, comments kept, secrets never shown."""

import pytest
from werkzeug.datastructures import MultiDict

from oa_kernel import audit, config, installed
from oa_kernel.errors import Conflict, Invalid

FILE = """\
organisation: {name: 测试单位}
plugins:
  shelf:
    days: 21        # three weeks
    api_key: old-Secret-1
  lender: {enabled: false}
"""


@pytest.fixture
def file(oa_installation, restart):
    database = "".join(f"database: {{url: '{s['url']}'}}\n" for s in [oa_installation.settings.get("database")] if s)
    oa_installation.config_path.write_text(FILE + database)
    restart()
    return oa_installation.config_path


def typed(**values):
    """What the page sends: all fields, as they stand."""
    whole = {"days": "21", "greeting": "您好", "branches": "", "closed": "0", "api_key": "", "server.host": "",
             "server.port": "80", "shelves": "", "_csrf": "x"}
    return MultiDict({**whole, **values})


def kept(file):
    return config.read(file).data["plugins"]["shelf"]


def test_the_form_has_every_setting_with_its_words(oa, file):
    made = installed.settings_form("shelf")
    assert list(made.form.schema) == ["days", "greeting", "branches", "closed", "api_key", "server.host", "server.port", "shelves"]
    assert made.form.label("days") == "借期" and made.form.label("greeting") == "greeting"
    assert made.values["days"] == 21


def test_a_secret_is_never_shown(oa, file):
    made = installed.settings_form("shelf")
    assert "old-Secret-1" not in repr(made) and made.kept == ("api_key",)
    assert made.form.fields(made.values)[4].widget == "password"


def test_what_was_typed_is_written_and_comments_stay(oa, file):
    before = file.read_text()
    changed = installed.change_settings("shelf", typed(days="30", branches="一分馆\n二分馆", **{"server.port": "8080"}))
    assert changed == {"days": 30, "branches": ["一分馆", "二分馆"], "server.port": 8080}
    assert kept(file) == {"days": 30, "api_key": "old-Secret-1", "branches": ["一分馆", "二分馆"], "server": {"port": 8080}}
    assert "# three weeks" in file.read_text() and before.splitlines()[0] in file.read_text()


def test_sent_as_it_stands_nothing_is_written(oa, file):
    before = file.read_bytes()
    assert installed.change_settings("shelf", typed()) == {}
    assert file.read_bytes() == before


def test_a_secret_left_empty_stays_a_new_one_replaces_it_and_it_can_be_taken_away(oa, file):
    installed.change_settings("shelf", typed(days="22"))
    assert kept(file)["api_key"] == "old-Secret-1"
    installed.change_settings("shelf", typed(api_key="new-Secret-2"))
    assert kept(file)["api_key"] == "new-Secret-2"
    installed.change_settings("shelf", typed(**{"days": "22", "api_key.clear": "1"}))
    assert "api_key" not in kept(file)


def test_the_record_has_before_and_after_and_no_secret(oa, file):
    installed.change_settings("shelf", typed(days="30", api_key="new-Secret-2"))
    (event,) = audit.events(action="plugin.settings").items
    assert "21" in str(event.before) and "30" in str(event.after)
    assert "Secret" not in f"{event.before}{event.after}" and "api_key" in str(event.after)


@pytest.mark.parametrize(("given", "field", "word"), [
    ({"days": "0"}, "days", "1"), ({"days": "many"}, "days", "整数"), ({"server.port": "70000"}, "server.port", "65535"),
    ({"shelves": "- name: 1\n  size: 3"}, "shelves", "size"), ({"shelves": "[oops"}, "shelves", "YAML"),
])
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_written(oa, file, given, field, word):
    before = file.read_bytes()
    with pytest.raises(Invalid) as caught:
        installed.change_settings("shelf", typed(**given))
    assert list(caught.value.errors) == [field] and word in str(caught.value.errors[field])
    assert file.read_bytes() == before


def test_structured_settings_are_typed_as_yaml(oa, file):
    installed.change_settings("shelf", typed(shelves="- name: 甲\n- name: 乙"))
    assert kept(file)["shelves"] == [{"name": "甲"}, {"name": "乙"}]
    assert installed.settings_form("shelf").values["shelves"] == "- name: 甲\n- name: 乙"


def test_what_an_environment_variable_overrides_is_shown_and_not_changed(oa, file, monkeypatch):
    monkeypatch.setenv("OA_PLUGINS_SHELF_DAYS", "5")
    made = installed.settings_form("shelf")
    assert made.values["days"] == "5" and made.modes == {"days": "read"}
    installed.change_settings("shelf", typed(days="40", greeting="早"))
    assert kept(file)["days"] == 21 and kept(file)["greeting"] == "早"


def test_a_file_changed_meanwhile_is_not_overwritten(oa, file):
    seen = installed.settings_form("shelf").digest
    file.write_text(file.read_text() + "# by hand\n")
    with pytest.raises(Conflict, match="刚被别人改过"):
        installed.change_settings("shelf", typed(days="30"), expected=seen)
    assert kept(file)["days"] == 21


def test_what_was_written_starts(oa, file, restart):
    installed.change_settings("shelf", typed(days="30", closed="1"))
    assert installed.differs() == ["plugins.shelf"]
    running = restart()
    assert running.config.plugin("shelf")["days"] == 30 and running.config.plugin("shelf")["closed"] is True
    assert installed.differs() == []


def test_one_without_settings_has_no_form(oa, file):
    assert installed.settings_form("lender") is None
