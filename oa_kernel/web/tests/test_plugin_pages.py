"""The administration page of plugins does what the commands do, for the system administrator alone."""

import pytest

from oa_kernel import audit, config, installed
from oa_kernel.installed.models import SeenVersion
from oa_kernel.installed.tests.conftest import oa_extra_plugins, oa_settings, restart, tables  # noqa: F401  (fixtures)
from oa_kernel.web.tests.pages import Browser


@pytest.fixture
def admin(make, oa_client):
    person = make.person("admin", "管理员", roles=["system_admin"])
    return Browser(oa_client(person), person)


@pytest.fixture
def file(oa_installation):
    return oa_installation.config_path


def test_cards_say_name_version_state_and_what_each_adds(admin):
    page = admin.get("/admin/plugins")
    assert "书架" in page and "shelf 1.2" in page and "权限 1" in page and "角色 1" in page
    assert "lender" in page and "未启用" in page


def test_nobody_else_sees_or_does_it(make, oa_client, admin, file):
    clerk = make.person("clerk", "科员")
    other = Browser(oa_client(clerk), clerk)
    before = file.read_bytes()
    for path in ("/admin/plugins", "/admin/plugins/shelf", "/admin/plugins/shelf/purge"):
        assert other.status(path) in (403, 404)
    for path in ("shelf", "shelf/disable", "shelf/notes", "lender/enable", "shelf/purge"):
        assert other.client.post(f"/admin/plugins/{path}", data={"_csrf": other.csrf, "typed": "shelf"}).status_code in (403, 404)
    assert file.read_bytes() == before


def test_settings_are_written_and_a_restart_is_asked_for(admin, file):
    assert "配置文件改过" not in admin.get("/admin/plugins/shelf")
    page = admin.post("/admin/plugins/shelf", days="30", greeting="您好", branches="", closed="0", shelves="",
                      **{"server.host": "", "server.port": "80", "api_key": "Top-Secret-9"})
    assert "已写入配置文件" in page and "配置文件改过" in page and "plugins.shelf" in page
    assert config.read(file).data["plugins"]["shelf"] == {"days": 30, "api_key": "Top-Secret-9"}
    page = admin.get("/admin/plugins/shelf")
    assert 'value="30"' in page and "Top-Secret-9" not in page and "已设置，留空则不改" in page
    (event,) = audit.events(action="plugin.settings").items
    assert event.username == "admin" and "Top-Secret-9" not in f"{event.before}{event.after}"


def test_what_is_wrong_comes_back_at_its_field_with_what_was_typed(admin, file):
    before = file.read_bytes()
    page = admin.post("/admin/plugins/shelf", 422, days="99", greeting="早上好", api_key="Top-Secret-9")
    assert 'id="field-days-error"' in page and "借期：不能大于 60" in page
    assert "早上好" in page and "Top-Secret-9" not in page
    assert file.read_bytes() == before


def test_a_ticked_box_comes_back_ticked(admin):
    """The page sends a hidden 0 before each box: what comes back with an error is what was ticked."""
    sent = {"_csrf": admin.csrf, "days": "99", "closed": ["0", "1"]}
    page = admin.client.post("/admin/plugins/shelf", data=sent).text
    assert 'name="closed" type="checkbox" value="1" checked' in page
    page = admin.client.post("/admin/plugins/shelf", data={**sent, "closed": ["0"]}).text
    assert 'name="closed" type="checkbox" value="1" checked' not in page


def test_a_file_changed_meanwhile_is_a_conflict(admin, file):
    from oa_kernel.config import editing

    seen = editing.digest(file)
    file.write_text(file.read_text() + "# by hand\n")
    page = admin.post("/admin/plugins/shelf", 409, days="30", _file=seen)
    assert "刚被别人改过" in page and "# by hand" in file.read_text()


def test_switching_on_and_off(admin, file):
    assert "重启后启用" in admin.post("/admin/plugins/lender/enable")
    assert config.read(file).enabled_plugins()["lender"]
    assert "这些插件需要它：lender" in admin.post("/admin/plugins/shelf/disable")
    assert "已停用" in admin.post("/admin/plugins/lender/disable")
    assert not config.read(file).enabled_plugins()["lender"]


def test_upgrade_notes_are_shown_until_read(admin):
    installed.arrived()
    SeenVersion.update(read="1.0").where(SeenVersion.plugin == "shelf").execute()
    assert "升级说明 2 条" in admin.get("/admin/plugins")
    assert "运行前先备份" in admin.get("/admin/plugins/shelf")
    assert "运行前先备份" not in admin.post("/admin/plugins/shelf/notes")


def test_purging_asks_for_the_name_and_says_what_stands_in_the_way(admin, tables, restart, file):  # noqa: F811
    assert "先停用" in admin.get("/admin/plugins/shelf/purge")
    assert "先停用" in admin.post("/admin/plugins/shelf/purge", 409, typed="shelf")
    installed.disable("shelf")
    restart()
    page = admin.get("/admin/plugins/shelf/purge")
    assert "shelf_book" in page and "不能撤销" in page
    assert "请写出插件名" in admin.post("/admin/plugins/shelf/purge", 422, typed="shelff")
    page = admin.post("/admin/plugins/shelf/purge", typed="shelf")
    (archive,) = (file.parent / "exports").iterdir()
    assert str(archive) in page


def test_an_unknown_plugin_is_not_there(admin):
    assert admin.status("/admin/plugins/ghost") == 404
    assert admin.status("/admin/plugins/ghost/purge") == 404


def test_the_cards_are_the_same_number_of_queries_however_many_plugins(admin, count_queries):
    admin.get("/admin/plugins")
    with count_queries() as statements:
        admin.get("/admin/plugins")
    assert sum("installed_version" in s for s in statements) == 1
