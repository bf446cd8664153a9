"""The conformance suite: green on what ``oa new-plugin`` makes, red on each rule broken on purpose."""

import importlib
import itertools
import sys
import weakref

import pytest

from oa_kernel import scaffold, signals
from oa_kernel.testing import installation
from oa_kernel.testing.conformance import RULES, Subject

RULE = {rule.__name__: rule for rule in RULES}
_numbers = itertools.count(1)


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """``plugin({"services.py": [(old, new)]})`` → a generated plugin with those changes, as the suite sees it."""
    made = []

    def build(changes=None, added=None):
        name = f"kit{next(_numbers)}"
        folder = scaffold.write(name, tmp_path / name)
        package = folder / f"oa_{name}"
        for path, pairs in (changes or {}).items():
            file = package / path.replace("NAME", name)
            text = file.read_text()
            for old, new in pairs:
                old, new = old.replace("NAME", name), new.replace("NAME", name)
                assert old in text, f"{path} has no {old!r}"
                text = text.replace(old, new)
            file.write_text(text)
        for path, text in (added or {}).items():
            (package / path).parent.mkdir(exist_ok=True)
            (package / path).write_text(text.replace("NAME", name))
        monkeypatch.syspath_prepend(str(folder))
        module = importlib.import_module(f"oa_{name}.plugin")
        subject = Subject(name, tmp_path / f"offices_{name}", {name: module})
        made.append(subject)
        return subject

    yield build
    for subject in made:
        subject.close()
        _silence(f"oa_{subject.name}")
        for module in [m for m in sys.modules if m.split(".")[0] == f"oa_{subject.name}"]:
            del sys.modules[module]


def _silence(package):
    """What it listens to it hears no more: its modules go, and tests after this one would meet them without."""
    for heard, _ in signals._documents.values():
        for one in list(heard.receivers.values()):
            receiver = one() if isinstance(one, weakref.ref) else one
            if receiver is not None and receiver.__module__.split(".")[0] == package:
                heard.disconnect(receiver)


BEGIN = "    with db.transaction():\n        item = Item.create("
BROKEN = {
    "an object of the wrong type": (
        "hooks_answer_with_the_declared_types", "oa_notification_kinds() 给出了 dict",
        {"plugin.py": [('return [c.NotificationKind("NAME.due", "NAME：即将到期")]', 'return [{"name": "NAME.due"}]')]}),
    "a name of somebody else's": (
        "hooks_answer_with_the_declared_types", "应以",
        {"plugin.py": [('c.Widget("NAME.mine"', 'c.Widget("documents.mine"')]}),
    "navigation to nowhere": (
        "hooks_answer_with_the_declared_types", "没有页面",
        {"plugin.py": [('"NAME.index"', '"NAME.nowhere"')]}),
    "a cron line that is none": (
        "hooks_answer_with_the_declared_types", "五个字段|cron|five",
        {"tasks.py": [('"0 8 * * *"', '"every day"')]}),
    "a module deep in the kernel": (
        "nothing_private_is_imported", "oa_kernel.identity.models",
        {"services.py": [("from .models import STATES, Item", "from oa_kernel.identity.models import Person\n"
                          "from .models import STATES, Item")]}),
    "a private name": (
        "nothing_private_is_imported", "下划线",
        {"tasks.py": [("from oa_kernel.contributions", "from oa_kernel.builtin import _rooms\nfrom oa_kernel.contributions")]}),
    "another plugin that is not declared": (
        "nothing_private_is_imported", "没有声明依赖",
        {"services.py": [("from .models import STATES, Item", "try:\n    import oa_documents\nexcept ImportError:\n    pass\n"
                          "from .models import STATES, Item")]}),
    "a text that is not marked": (
        "texts_are_translated", "没有经过 _()",
        {"templates/oa_NAME/list.html": [("{{ _('登记人') }}", "登记人")]}),
    "a text without an English one": (
        "texts_are_translated", "“登记者”没有英文",
        {"templates/oa_NAME/list.html": [("_('登记人')", "_('登记者')")]}),
    "a message in Python without an English one": (
        "texts_are_translated", "“已经登记”没有英文",
        {"views.py": [('gettext("已登记")', 'gettext("已经登记")')]}),
    "a workflow that leads nowhere": (
        "forms_and_workflows_are_valid", "没有环节",
        {"workflows/approval.yaml": [("next: end", "next: nowhere")]}),
    "a form with an unknown widget": (
        "forms_and_workflows_are_valid", "widget",
        {"forms/item.yaml": [("label: 说明,", "label: 说明, widget: hologram,")],
         "api.py": [('_FORM = forms.load(Path(__file__).parent / "forms" / "item.yaml")', "_FORM = {'title': {'type': 'string'}}"),
                    ("from pathlib import Path\n", ""), ("forms, web", "web")]}),
    "a form of another's name": (
        "forms_and_workflows_are_valid", "应以",
        {"forms/item.yaml": [("name: NAME.item", "name: item")]}),
    "a route that says nothing": (
        "every_route_asks_for_a_permission", "say who may call it",
        {"views.py": [('"/NAME/<int:item_id>", permission=VIEW', '"/NAME/<int:item_id>"')]}),
    "a permission nobody registered": (
        "every_route_asks_for_a_permission", "没有登记",
        {"views.py": [('"/NAME/new", permission=WRITE', '"/NAME/new", permission="NAME.item.invent"')]}),
    "a public page that can be counted through": (
        "every_route_asks_for_a_permission", "数出来",
        {"api.py": [('api.get("/NAME/<int:item_id>", permission=VIEW', 'api.get("/NAME/<int:item_id>", public=True')]}),
    "a service that asks for nothing": (
        "every_route_asks_for_a_permission", "旁人改了别人的东西",
        {"views.py": [('delete", permission=WRITE', 'delete", signed_in=True')],
         "services.py": [("    get(item_id, by)\n", ""), ("if item.owner_id != by.id:", "if by is None:")]}),
    "a thing shown to who may not see it": (
        "every_route_asks_for_a_permission", "应是 404",
        {"services.py": [("visible(Item.select(), person).where(Item.id == item_id)", "Item.select().where(Item.id == item_id)")]}),
    "a list without pages": (
        "every_list_is_paged", "没有分页",
        {"services.py": [("return db.page(query, [Item.updated_at.desc(), Item.id.desc()], limit=limit, cursor=cursor)",
                          "return db.Page(list(query), None)")]}),
    "a REST list that takes no limit": (
        "every_list_is_paged", "没有参数 limit",
        {"api.py": [("{**web.LIST_QUERY, ", "{")]}),
    "a query in a loop": (
        "lists_are_constant_in_queries", "40 行时",
        {"api.py": [('"owner": item.owner_name', '"owner": Item.get_by_id(item.id).owner_name')]}),
    "a query in a template's loop": (
        "lists_are_constant_in_queries", "40 行时",
        {"views.py": [("items=page.items, more=more", "items=[services.get(i.id, web.person()) for i in page.items], more=more")]}),
    "a write nobody can prove": (
        "every_write_is_audited_in_one_transaction", "没有在同一事务里记审计",
        {"services.py": [('        audit.record("NAME.create", SUBJECT, item.id, item.title, after=db.snapshot(item), by=by)\n',
                          "")]}),
    "a write in two transactions": (
        "every_write_is_audited_in_one_transaction", "2 个事务",
        {"services.py": [(BEGIN, "    with db.transaction():\n        Item.update(note='').where(Item.id == 0).execute()\n"
                          '        audit.record("NAME.tidy", SUBJECT, 0)\n' + BEGIN)]}),
    "a write outside any transaction": (
        "every_write_is_audited_in_one_transaction", "不在事务里",
        {"services.py": [(BEGIN, "    Item.update(note='').where(Item.id == 0).execute()\n" + BEGIN)]}),
    "a scheduled task that leaves no trace": (
        "every_write_is_audited_in_one_transaction", "定时任务",
        {"tasks.py": [("    return services.remind()", "    from .models import Item\n\n"
                       "    Item.update(note='').execute()\n    return services.remind()")]}),
    "a column no migration makes": (
        "migrations_go_up_on_an_empty_database", "缺列 place",
        {"models.py": [("    note = db.TextField", "    place = db.CharField(max_length=80, default='')\n    note = db.TextField")]}),
    "a column the model does not know": (
        "migrations_go_up_on_an_empty_database", "多列 place",
        {"migrations/001_initial.py": [
            ("    due = db.DateField", "    place = db.CharField(max_length=80, null=True)\n    due = db.DateField")]}),
    "data that is lost when it is disabled": (
        "disabling_and_enabling_loses_nothing", "内容变了",
        {"plugin.py": [("    from .views import pages\n", "    from .models import Item\n    from .views import pages\n\n"
                        "    if Item.table_exists():\n        Item.delete().execute()\n")]}),
}


@pytest.mark.parametrize("case", BROKEN)
def test_the_suite_finds(plugin, case):
    rule, word, changes = BROKEN[case]
    found = RULE[rule](plugin(changes))
    assert found, f"{rule} finds nothing"
    assert any(w in line for line in found for w in word.split("|")), found


LOSING = '''"""Makes the table anew."""

from oa_NAME.models import Item


def migrate(migrator, database, *, fake=False):
    if not fake:
        database.drop_tables([Item])
        database.create_tables([Item])


def rollback(migrator, database, *, fake=False):
    pass
'''
FAILING = '''"""Trusts that no two titles are alike and no note is empty."""


def migrate(migrator, database, *, fake=False):
    if not fake:
        database.execute_sql("CREATE UNIQUE INDEX NAME_state ON NAME_item (owner_name)")


def rollback(migrator, database, *, fake=False):
    pass
'''


@pytest.mark.parametrize(("text", "word"), [(LOSING, "丢了"), (FAILING.replace("owner_name", "(version > 0)"), "失败")])
def test_the_suite_finds_a_migration_that_only_suits_an_empty_database(plugin, text, word):
    subject = plugin(added={"migrations/002_more.py": text})
    assert RULE["migrations_go_up_on_an_empty_database"](subject) == []
    found = RULE["migrations_go_up_on_a_filled_database"](subject)
    assert found and word in found[0], found


@pytest.mark.parametrize(("script", "word"), [
    ('alert("没有保存");', "没有经过 t()"), ('const t = window.oaText;\nalert(t("没有存好"));', "“没有存好”没有英文"),
])
def test_the_suite_finds_a_script_that_speaks_one_language(plugin, script, word):
    found = RULE["texts_are_translated"](plugin(added={"static/page.js": script}))
    assert found and word in found[0] and "static/page.js" in found[0], found


def test_every_rule_is_broken_by_some_case():
    broken = {rule for rule, _, _ in BROKEN.values()} | {"migrations_go_up_on_a_filled_database"}
    assert broken == set(RULE)


#: rule → a plugin that breaks it and nothing else, and where the message says that it is
ALONE = {
    "hooks_answer_with_the_declared_types": ("a name of somebody else's", "oa_widgets()"),
    "nothing_private_is_imported": ("a module deep in the kernel", "services.py 第 "),
    "texts_are_translated": ("a text that is not marked", "templates/oa_NAME/list.html 第 "),
    "forms_and_workflows_are_valid": ("a workflow that leads nowhere", "approval.yaml 第 "),
    "every_route_asks_for_a_permission": ("a thing shown to who may not see it", "GET /NAME/<int:item_id>"),
    "every_list_is_paged": ("a list without pages", "GET /NAME"),
    "lists_are_constant_in_queries": ("a query in a loop", "GET /api/v1/NAME"),
    "every_write_is_audited_in_one_transaction": ("a write nobody can prove", "POST /NAME/new"),
    "migrations_go_up_on_an_empty_database": ("a column the model does not know", "表 NAME_item"),
    "migrations_go_up_on_a_filled_database": (LOSING, "迁移 002_more"),
    "disabling_and_enabling_loses_nothing": ("data that is lost when it is disabled", "表 NAME_item"),
}


@pytest.mark.parametrize("rule", RULE)
def test_a_plugin_bad_in_one_way_is_red_for_that_rule_alone(plugin, rule):
    case, where = ALONE[rule]
    subject = plugin(BROKEN[case][2]) if case in BROKEN else plugin(added={"migrations/002_more.py": case})
    found = {name: check(subject) for name, check in RULE.items()}
    assert {name for name, problems in found.items() if problems} == {rule}, found
    assert any(where.replace("NAME", subject.name) in problem for problem in found[rule]), found[rule]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A generated plugin as it is."""
    base = tmp_path_factory.mktemp("whole")
    folder = scaffold.write("kitwhole", base)
    sys.path.insert(0, str(folder))
    subject = Subject("kitwhole", base / "offices", {"kitwhole": importlib.import_module("oa_kitwhole.plugin")})
    yield subject
    subject.close()
    _silence("oa_kitwhole")
    sys.path.remove(str(folder))


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.__name__)
def test_what_new_plugin_makes_conforms(whole, rule):
    assert rule(whole) == []


def test_it_conforms_on_postgresql_too(tmp_path, generated):
    if reason := installation.postgresql_problem():
        pytest.skip(reason)
    done = generated.python("-c", "import os, sys, pytest; os.environ['OA_TEST_DATABASE'] = sys.argv[1]; "
                            "sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', '--oa-conformance', 'visitors']))",
                            installation.postgresql_server(), cwd=tmp_path)
    assert f"{len(RULES)} passed" in done.stdout


def test_the_command_line_is_green_and_red(tmp_path, generated):
    arguments = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--oa-conformance")
    done = generated.python(*arguments, "visitors", cwd=tmp_path)
    assert f"{len(RULES)} passed" in done.stdout
    page = generated.site / "oa_visitors" / "templates" / "oa_visitors" / "list.html"
    whole = page.read_text()
    page.write_text(whole.replace("{{ _('登记人') }}", "登记人"))
    try:
        done = generated.python(*arguments, "visitors", cwd=tmp_path, check=False)
    finally:
        page.write_text(whole)
    assert done.returncode == 1 and f"1 failed, {len(RULES) - 1} passed" in done.stdout
    assert "list.html" in done.stdout and "登记人" in done.stdout


def test_a_plugin_that_is_not_installed_is_named(tmp_path, generated):
    done = generated.python("-m", "pytest", "-q", "-p", "no:cacheprovider", "--oa-conformance", "ghost", cwd=tmp_path, check=False)
    assert done.returncode == 1 and "没有安装插件 ghost" in done.stdout
