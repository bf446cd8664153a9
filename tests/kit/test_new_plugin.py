"""``oa new-plugin``: what it makes installs, passes its own tests, runs and answers, all at once."""

import json
import sqlite3
import urllib.request

import pytest

from oa_kernel import scaffold

from ..client import Rest
from ..service import Service, oa
from .conftest import NAME, Generated, install


def test_it_is_made_installed_and_passes_its_tests(tmp_path, generated):
    oa("new-plugin", "loans", "--dir", str(tmp_path))
    made = type(generated)(tmp_path / "oa-loans", tmp_path / "site")
    install(made.folder, made.site)
    done = made.python("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=made.folder)
    assert "failed" not in done.stdout and " passed" in done.stdout


#: what a plugin has → how to break it, and the test of its own that then fails
PARTS = {
    "a page and its list": ("templates/oa_loans/list.html", "{{ item.title }}", "", "test_the_page_lists_what_one_registered"),
    "a form": ("forms/item.yaml", "required: true, ", "", "test_the_form_registers_and_what_is_wrong_comes_back"),
    "a workflow": ("workflows/approval.yaml", "next: head}", "next: end}", "test_an_item_is_approved"),
    "a card on the workbench": ("templates/oa_loans/card.html", "{{ item.title }}", "", "test_the_card_on_the_workbench"),
    "a scheduled task": ("tasks.py", "return services.remind()", "return 0", "test_owners_are_reminded_once"),
    "a permission": ("rights.py", '{VIEW: "own", ', '{VIEW: "all", ', "test_what_one_may_not_see_is_not_there"),
    "REST": ("api.py", '@api.get("/loans", ', '@api.get("/loans/all", ', "test_rest"),
    "translations": ("translations/en.po", 'msgstr "Registered by"', 'msgstr ""', "test_the_page_in_english"),
}


@pytest.fixture(scope="module")
def loans(tmp_path_factory):
    base = tmp_path_factory.mktemp("loans")
    oa("new-plugin", "loans", "--dir", str(base))
    made = Generated(base / "oa-loans", base / "site")
    install(made.folder, made.site)
    return made


@pytest.mark.parametrize("part", PARTS)
def test_it_has_all_a_plugin_has_and_its_tests_watch_over_each(loans, part):
    """Broken on purpose, each part makes a test of the plugin's own fail."""
    path, old, new, test = PARTS[part]
    file = loans.site / "oa_loans" / path
    whole = file.read_text(encoding="utf-8")
    assert old in whole, f"{path} has no {old!r}"
    file.write_text(whole.replace(old, new), encoding="utf-8")
    try:
        done = loans.python("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", test, check=False, cwd=loans.folder / "tests")
    finally:
        file.write_text(whole, encoding="utf-8")
    assert done.returncode == 1 and "1 failed" in done.stdout, done.stdout


def test_its_tests_pass_from_elsewhere_too(generated, tmp_path):
    done = generated.python("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "rest or list",
                            str(generated.folder / "tests"), cwd=tmp_path)
    assert " passed" in done.stdout


@pytest.fixture(scope="module")
def serving(generated, tmp_path_factory):
    """``oa init`` and ``oa serve`` where the plugin is installed."""
    folder = tmp_path_factory.mktemp("office") / "oa"
    oa("init", str(folder), "--organisation", "某单位", **generated.environ)
    service = Service(folder, environ=generated.environ).start()
    yield service
    service.stop()


def test_it_is_ok_in_the_list_of_plugins(generated, serving):
    listed = json.loads(oa("plugins", "list", "--json", config=serving.config, **generated.environ).stdout)
    found = next(p for p in listed if p["name"] == NAME)
    assert (found["distribution"], found["state"], found["version"]) == ("oa-visitors", "ok", "0.1.0")


def test_its_rest_routes_answer_and_are_described(generated, serving):
    token = oa("token", "create", "--user", "admin", config=serving.config, **generated.environ).stdout.strip()
    rest = Rest(serving.url, token)
    made = rest.post("/visitors", {"title": "张工来访", "due": "2026-12-01"})
    assert (made.status, made.json["state"]) == (201, "draft")
    assert [i["title"] for i in rest.get("/visitors").json["items"]] == ["张工来访"]
    assert any(path.endswith("/visitors/{item_id}/submit") for path in rest.get("/openapi.json").json["paths"])
    assert Rest(serving.url).get("/visitors").status == 401
    with sqlite3.connect(serving.folder / "oa.db") as database:
        actions = [a for (a,) in database.execute("SELECT action FROM audit_event WHERE kind = 'visitors.item'")]
    assert actions == ["visitors.create"]


SESSION = """
import sys
from oa_kernel import db, identity, runtime
from oa_kernel.identity.models import Person
runtime.boot(sys.argv[1])
Person.update(completed=True, password_expired=False).execute()
print(identity.open_session(identity.by_username("admin"), ip="127.0.0.1", user_agent="test")[1])
db.close()
"""


def test_its_page_is_there_for_who_is_signed_in(generated, serving):
    secret = generated.python("-c", SESSION, str(serving.config)).stdout.strip()
    request = urllib.request.Request(serving.url + "/visitors", headers={"Cookie": f"oa_session={secret}"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        page = answer.read().decode()
    assert "访客登记" in page and 'href="/visitors/new"' in page
    with urllib.request.urlopen(serving.url + "/visitors", timeout=20) as answer:
        assert "/sign-in" in answer.url


@pytest.mark.parametrize(
    ("name", "word"),
    [("Visitors", "visitors"), ("oa-visitors", "visitors"), ("visitor book", "visitor_book"), ("访客", "visitors"),
     ("../x", "x"), ("1st", "st"), ("a", "2 到"), ("x" * 31, "30"), ("class", "class_book"), ("workflow", "workflow_book"),
     ("admin", "admin_book"), ("visitors_", "visitors")],
)
def test_a_name_that_will_not_do_is_refused_with_one_that_would(tmp_path, name, word):
    done = oa("new-plugin", name, "--dir", str(tmp_path), check=False)
    assert done.returncode == 2
    assert word in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_use_is_refused_and_left_as_it_is(tmp_path):
    (tmp_path / "oa-loans").mkdir()
    (tmp_path / "oa-loans" / "mine.txt").write_text("kept")
    done = oa("new-plugin", "loans", "--dir", str(tmp_path), check=False)
    assert done.returncode == 2 and "已有内容" in done.stderr
    assert [p.name for p in (tmp_path / "oa-loans").iterdir()] == ["mine.txt"]
    assert [p.name for p in tmp_path.iterdir()] == ["oa-loans"]


def test_it_needs_no_configuration(tmp_path):
    done = oa("new-plugin", "loans", "--dir", str(tmp_path), "--json", OA_CONFIG=str(tmp_path / "nowhere.yaml"))
    assert json.loads(done.stdout)["package"] == "oa_loans"


def test_no_address_or_table_of_the_kernel_can_be_taken(oa_app):
    """First parts of the kernel's addresses and tables are names no plugin may have."""
    from oa_kernel.scaffold.names import reserved
    from oa_kernel.schema import models

    paths = {r.rule.removeprefix("/api/v1").split("/")[1].split("<")[0] for r in oa_app.url_map.iter_rules()}
    tables = {m._meta.table_name.split("_")[0] for m in models()}
    taken = {p.replace("-", "_").split(".")[0] for p in paths | tables} - {""}
    assert {t for t in taken if t.split("_")[0] not in reserved() and t not in reserved()} == set()


@pytest.mark.parametrize("title", ['a"b', "{{ x }}", "a\\b", "x" * 41])
def test_a_title_that_would_break_the_files_is_refused(tmp_path, title):
    from oa_kernel.errors import UsageError

    with pytest.raises(UsageError):
        scaffold.write("loans", tmp_path, title=title)
