"""A plugin of one YAML and one model, exactly as ``docs/ledgers.md`` prints it: installed, run, imported into, held to the suite."""

import json
import os
import re
from pathlib import Path

import openpyxl
import pytest

from ..client import Rest
from ..service import Service, oa
from .conftest import Generated, install

DOCS = Path(__file__).parents[2] / "docs" / "ledgers.md"
_FILE = re.compile(r"^`(oa-tools/[^`]+)`\n\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    """The files of the page, written and installed by pip."""
    base = tmp_path_factory.mktemp("tools")
    files = dict(_FILE.findall(DOCS.read_text(encoding="utf-8")))
    assert len(files) == 5
    for name, content in files.items():
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    (base / "oa-tools" / "oa_tools" / "__init__.py").touch()
    made = Generated(base / "oa-tools", base / "site")
    install(made.folder, made.site)
    return made


@pytest.fixture(scope="module")
def office(plugin, tmp_path_factory):
    """``oa init`` where it is installed, and an administrator who may keep the ledger."""
    folder = tmp_path_factory.mktemp("office") / "oa"
    oa("init", str(folder), "--organisation", "某单位", **plugin.environ)
    config = folder / "oa.yaml"
    listed = json.loads(oa("plugins", "list", "--json", config=config, **plugin.environ).stdout)
    if not next(p for p in listed if p["name"] == "tools")["enabled"]:
        oa("plugins", "enable", "tools", config=config, **plugin.environ)
    oa("migrate", config=config, **plugin.environ)
    oa("user", "create", "keeper", "--name", "钱保管", config=config, **plugin.environ)
    oa("role", "grant", "keeper", "tools.tools.keeper", config=config, **plugin.environ)
    service = Service(folder, environ=plugin.environ).start()
    yield service
    service.stop()


@pytest.fixture(scope="module")
def rest(plugin, office):
    token = oa("token", "create", "--user", "keeper", config=office.config, **plugin.environ).stdout.strip()
    return Rest(office.url, token)


def test_lists_and_forms_by_rest(rest, office):
    made = rest.post("/ledgers/tools", {"name": "电钻", "kind": "电动工具", "price": 399.5, "keeper": "keeper"})
    assert made.status == 201 and made.json["code"].startswith("GJ-") and made.json["keeper"]["name"] == "钱保管"
    one = f"/ledgers/tools/{made.json['id']}"
    change = json.dumps({"price": 380, "version": 1}).encode()
    assert rest.call("PUT", one, change, **{"Content-Type": "application/json"}).status == 200
    assert rest.get(f"{one}/history").json["items"][0]["changes"][0]["after"] == "380.00"
    assert [i["name"] for i in rest.get("/ledgers/tools?q=%E7%94%B5%E9%92%BB").json["items"]] == ["电钻"]
    assert "/ledgers/tools/{id}" in rest.get("/openapi.json").json["paths"]
    assert Rest(office.url).get("/ledgers/tools").status == 401


def test_import_and_export_by_command(plugin, office, rest, tmp_path):
    file = tmp_path / "tools.xlsx"
    oa("export", "tools", str(file), "--template", config=office.config, **plugin.environ)
    book = openpyxl.load_workbook(file)
    heads = [str(c.value).rstrip("*") for c in book.active[1]]

    def fill(*rows):
        for number, row in enumerate(rows, 2):
            for column, head in enumerate(heads, 1):
                book.active.cell(number, column).value = row.get(head)
        book.save(file)

    fill({"名称": "卷尺", "类别": "量具"}, {"名称": "游标卡尺", "类别": "量具", "购置日期": "不知道"})
    refused = oa("import", "tools", str(file), "--json", config=office.config, check=False, **plugin.environ)
    found = json.loads(refused.stdout)
    assert refused.returncode == 1 and found["written"] == 0
    assert [(e["row"], e["column"]) for e in found["errors"]] == [(3, "购置日期")] and found["errors"][0]["message"]
    fill({"名称": "卷尺", "类别": "量具"}, {"名称": "游标卡尺", "类别": "量具", "购置日期": "2026-01-05"})
    dry = oa("import", "tools", str(file), "--dry-run", "--json", config=office.config, **plugin.environ)
    assert json.loads(dry.stdout)["written"] == 0
    done = oa("import", "tools", str(file), "--json", config=office.config, **plugin.environ)
    assert json.loads(done.stdout)["written"] == 2
    assert len(rest.get("/ledgers/tools?kind=%E9%87%8F%E5%85%B7").json["items"]) == 2
    oa("export", "tools", str(tmp_path / "out.xlsx"), config=office.config, **plugin.environ)
    lines = list(openpyxl.load_workbook(tmp_path / "out.xlsx").active.iter_rows(values_only=True))
    assert {"卷尺", "游标卡尺"} <= {line[1] for line in lines}


def test_it_holds_to_the_conformance_suite(plugin, tmp_path):
    done = plugin.python("-m", "pytest", "-q", "-p", "no:cacheprovider", "--oa-conformance", "tools", cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout[-6000:]
    assert " passed" in done.stdout and "failed" not in done.stdout


def test_the_suite_holds_the_ledgers_routes_too(plugin):
    """What the suite calls are the routes that came from the file: without them there would be nothing to pass."""
    code = (
        "from pathlib import Path; import tempfile\n"
        "from oa_kernel.testing.conformance import Subject\n"
        "subject = Subject('tools', Path(tempfile.mkdtemp()))\n"
        "with subject.office() as office:\n"
        "    print(sorted(str(r) for r in office.routes()))\n"
        "subject.close()\n")
    told = plugin.python("-c", code, cwd=os.fspath(plugin.folder)).stdout
    assert "POST /api/v1/ledgers/tools" in told and "GET /ledgers/tools/<int:row_id>" in told
