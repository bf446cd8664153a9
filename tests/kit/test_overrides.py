"""A plugin's templates can be replaced by a theme and by the organisation; its static files and texts are served."""

import importlib
import json
import re
import shutil
import sys
from types import SimpleNamespace

import pytest

from oa_kernel import db, plugins, scaffold, web
from oa_kernel.testing import installation
from oa_kernel.testing.client import Client
from oa_kernel.testing.factories import Factories


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    """A generated plugin with a script of its own."""
    base = tmp_path_factory.mktemp("over")
    folder = scaffold.write("kitover", base)
    static = folder / "oa_kitover" / "static"
    static.mkdir()
    (static / "page.js").write_text('const t = window.oaText || ((text) => text);\nalert(t("办结期限"));\n')
    sys.path.insert(0, str(folder))
    yield importlib.import_module("oa_kitover.plugin")
    sys.path.remove(str(folder))


@pytest.fixture
def office(tmp_path, plugin):
    """``office()``: a signed-in client of an installation with the plugin on; ``office.folder`` is its own."""
    made = installation.make_template(tmp_path / "office", {"organisation": {"name": "某单位"}, "plugins": {"kitover": {}}},
                                      {"kitover": plugin})

    def client():
        from oa_kernel import identity

        running = made.boot()
        app = web.create_app(running)
        app.testing, app.test_client_class = True, Client
        one = app.test_client()
        person = identity.by_username("clerk") or Factories().person("clerk", "科员")
        _session, secret = identity.open_session(person, ip="127.0.0.1", user_agent="test")
        one.set_cookie("oa_session", secret)
        return one

    client.folder = made.folder
    yield client
    db.close()
    made.drop()


def replace(folder, text):
    (folder / "oa_kitover").mkdir(parents=True)
    (folder / "oa_kitover" / "list.html").write_text('{% extends "oa/base.html" %}{% block content %}' + text + "{% endblock %}")


@pytest.fixture
def themed(tmp_path, monkeypatch):
    """A theme like the default one, that brings the plugin's list in a way of its own."""
    theme, reason = plugins.load_theme("default")
    assert theme is not None, reason
    shutil.copytree(theme.template_folder, tmp_path / "theme")
    own = SimpleNamespace(name="own", title="自己的", version="1", template_folder=str(tmp_path / "theme"),
                          static_folder=theme.static_folder, static_manifest=theme.static_manifest)
    replace(tmp_path / "theme", "主题的列表 {{ items|length }}")
    monkeypatch.setattr(plugins, "load_theme", lambda _name: (own, ""))


def test_the_plugins_own_page(office):
    assert "还没有登记" in office().get("/kitover").text


def test_a_theme_replaces_a_page_of_a_plugin(office, themed):
    assert "主题的列表 0" in office().get("/kitover").text


def test_the_organisation_replaces_it_over_the_theme(office, themed):
    replace(office.folder / "templates", "本单位的列表 {{ items|length }}")
    page = office().get("/kitover").text
    assert "本单位的列表 0" in page and "主题的列表" not in page


def test_a_theme_that_breaks_a_page_is_left_out_and_the_plugins_own_is_shown(office, themed, tmp_path):
    (tmp_path / "theme" / "oa_kitover" / "list.html").write_text("{{ nothing.there.at.all }}")
    answer = office().get("/kitover")
    assert answer.status_code == 200 and "还没有登记" in answer.text


def test_a_static_file_has_an_address_for_good(office):
    client = office()
    with client.application.test_request_context("/"):
        address = web.asset_url("page.js", "kitover")
    answer = client.get(address)
    assert answer.status_code == 200 and "immutable" in answer.headers["Cache-Control"]
    assert re.fullmatch(r"/static/kitover/[0-9a-f]{12}/page\.js", address)


def test_its_texts_are_translated_in_pages_and_in_scripts(office):
    client = office()
    client.set_cookie("oa_lang", "en")
    page = client.get("/kitover").text
    assert "Nothing registered yet" in page
    (texts,) = re.findall(r'src="(/texts/en/[^"]+)"', page)
    told = json.loads(re.search(r"const texts = (.*);", client.get(texts).text).group(1))
    assert told["办结期限"] == "Due"
