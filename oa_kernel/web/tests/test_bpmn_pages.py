"""Definitions go out as BPMN and come in as drafts, by the pages and by command."""

import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import oa_kernel.workflow as room
from oa_kernel import workflow
from oa_kernel.workflow import drafts

FILES = Path(room.__file__).parent / "tests" / "bpmn" / "files"
YAML = ("name: t.case\ntitle: 事项\nversion: 1\nsteps:\n  - {id: draft, people: drafter, next: a}\n"
        "  - {id: a, people: {user: m}, next: end}\n")


@pytest.fixture
def manager(make):
    return make.person("m", "管理员", make.department("处"), roles=["system_admin"])


def upload(client, data, name="a.bpmn"):
    return client.post("/admin/workflows/import-bpmn", data={"_csrf": client.csrf, "file": (io.BytesIO(data), name)},
                       content_type="multipart/form-data")


def test_out_and_in_again(oa, manager, oa_client):
    workflow.publish(YAML)
    client = oa_client(manager)
    out = client.get("/admin/workflows/t.case/bpmn")
    assert out.mimetype == "application/xml" and b"<bpmn:userTask" in out.data
    page = upload(client, out.data).text
    assert "全部都有对应" in page and "t.case" in page
    text = drafts.get("t.case", manager).text
    done = client.submit("/admin/workflows/import-bpmn/draft", {"name": "t.copy", "title": "副本", "text": text})
    assert done.headers["Location"] == "/admin/workflows/t.copy/edit"
    assert "name: t.copy" in drafts.get("t.copy", manager).text
    taken = client.submit("/admin/workflows/import-bpmn/draft", {"name": "t.copy", "title": "副本", "text": text})
    assert taken.status_code == 422 and "已有名为 t.copy" in taken.text and "name: t.case" in taken.text


@pytest.mark.parametrize("file", sorted(p.name for p in FILES.glob("*.bpmn")))
def test_files_of_other_tools_say_what_did_not_map(oa, manager, oa_client, file):
    page = upload(oa_client(manager), (FILES / file).read_bytes()).text
    assert "没有原样对应的内容" in page and "存为草稿" in page


@pytest.mark.parametrize("data", [b"", b"<x/>", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", b"\x00\xff" * 50])
def test_what_is_no_bpmn_is_refused_in_words(oa, manager, oa_client, data):
    answer = upload(oa_client(manager), data)
    assert answer.status_code == 422 and "oa-errors" in answer.text


def test_others_do_not_get_there(oa, make, oa_client):
    client = oa_client(make.person("p"))
    assert client.get("/admin/workflows/import-bpmn").status_code in (403, 404)


def test_by_command(oa, oa_installation, manager, tmp_path, monkeypatch):
    from oa_kernel.cli import oa as command

    workflow.publish(YAML)
    monkeypatch.setenv("OA_CONFIG", str(oa_installation.config_path))
    run = CliRunner()
    out, back = tmp_path / "a.bpmn", tmp_path / "a.yaml"
    assert run.invoke(command, ["workflow", "bpmn", "export", "t.case", str(out)]).exit_code == 0
    done = run.invoke(command, ["workflow", "bpmn", "import", str(out), "--output", str(back), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output)["notes"] == [] and "t.case" in back.read_text(encoding="utf-8")
