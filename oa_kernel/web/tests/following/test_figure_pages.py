"""Figures of a definition, by page and interface, at once and from the background; the event log."""

import gzip
import xml.etree.ElementTree as ET

import pytest

from oa_kernel import permissions, workflow
from oa_kernel.web.tests.pages import plain
from oa_kernel.workflow import Instance, figures

from .cases import act


def test_figures_by_page_and_interface(browser, case, office, oa_api, frozen):
    frozen("2026-10-15T11:00:00+08:00")
    act(case, office["a"])
    one = browser("admin")
    assert "采购审批" in one.get("/workflow-statistics")
    page = one.client.get("/admin/workflows/t.case/statistics").text
    assert "2.0 小时" in plain(page) and "a先生" in page and "is-shade-4" in page and 'data-chart="bars"' in page
    assert browser("drafter").status("/admin/workflows/t.case/statistics") == 403
    found = oa_api(office["admin"]).get("/api/v1/workflows/t.case/statistics?since=2026-10-01").json
    assert next(s for s in found["steps"] if s["step"] == "one")["median_seconds"] == 7200
    assert oa_api(office["admin"]).get("/api/v1/workflows/t.case/statistics?since=x").status_code == 422
    assert oa_api(office["admin"]).get("/api/v1/workflows/no.such/statistics").status_code == 404
    assert oa_api(office["drafter"]).get("/api/v1/workflows/t.case/statistics").status_code == 403
    steps = oa_api(office["drafter"]).get(f"/api/v1/instances/{case.id}/steps").json["steps"]
    assert [(s["step"], s["state"], s["seconds"]) for s in steps] == [
        ("draft", "done", 0), ("one", "done", 7200), ("two", "current", 0)]
    assert oa_api(office["doctor"]).get(f"/api/v1/instances/{case.id}/steps").status_code == 404


def test_figures_of_many_tasks_come_from_the_background_with_a_bar(browser, case, monkeypatch):
    asked, here = [], "/admin/workflows/t.case/statistics?period=all"
    monkeypatch.setattr(figures, "AT_ONCE", -1)
    monkeypatch.setattr(figures.scheduling, "enqueue", lambda name, row: asked.append(row))
    one, part = browser("admin").client, {"headers": {"HX-Request": "true"}}
    page = one.get(here).text
    assert "<progress" in page and f'hx-get="{here}&amp;part=1"' in page
    assert "HX-Refresh" not in one.get(f"{here}&part=1", **part).headers
    figures.work_out(asked[0])
    assert one.get(f"{here}&part=1", **part).headers["HX-Refresh"] == "true"
    page = one.get(here).text
    assert "oa-figures-row" in page and "<progress" not in page and len(asked) == 1


@pytest.mark.oa_databases
def test_figures_of_many_tasks_are_accepted_by_the_interface_and_there_later(case, office, oa_api, make, frozen, monkeypatch):
    asked, here = [], "/api/v1/workflows/t.case/statistics?since=2026-10-01&version=1"
    monkeypatch.setattr(figures.scheduling, "enqueue", lambda name, row: asked.append((name, row)))
    frozen("2026-10-15T11:00:00+08:00")
    act(case, office["a"])
    api = oa_api(office["admin"])
    at_once = api.get(here)
    assert (at_once.status_code, at_once.json["progress"], asked) == (200, None, [])
    assert at_once.json["made_at"] == "2026-10-15T11:00:00+08:00"
    monkeypatch.setattr(figures, "AT_ONCE", -1)
    answer = api.get(here)
    assert (answer.status_code, answer.headers["Location"], answer.json) == (
        202, here, {"definition": "t.case", "status": here, "progress": {"done": 0, "of": 4}})
    assert int(answer.headers["Retry-After"]) > 0 and len(asked) == 1 and asked[0][0] == figures.TASK
    assert api.get(answer.headers["Location"]).status_code == 202 and len(asked) == 1
    figures.work_out(asked[0][1])
    there = api.get(here)
    assert there.status_code == 200 and there.json == at_once.json
    only = make.person("viewer", "看数字的")
    permissions.create_role("viewers", "看", {"kernel.workflow.statistics": "all"})
    permissions.grant(only, "viewers")
    assert there.json["people"] and oa_api(only).get(here).json["people"] is None
    frozen("2026-10-15T13:00:00+08:00")
    old = api.get(here)  # newer ones are on their way
    assert (old.status_code, old.json["made_at"], old.json["progress"]) == (
        200, "2026-10-15T11:00:00+08:00", {"done": 0, "of": 4})
    assert len(asked) == 2


def test_the_interface_describes_that_figures_may_come_later(oa_api, office):
    described = oa_api(office["admin"]).get("/api/v1/openapi.json").json["paths"]
    answers = described["/workflows/{name}/statistics"]["get"]["responses"]
    assert {"200", "202"} <= set(answers) and "status" in answers["202"]["content"]["application/json"]["schema"]["properties"]


def test_filters_that_make_no_sense_are_told(browser, case):
    one = browser("admin")
    assert one.status("/admin/workflows/t.case/statistics?since=2026-10-09&until=2026-10-01") == 422
    assert one.status("/admin/workflows/t.case/statistics?since=gestern") == 422
    assert one.status("/admin/workflows/t.case/statistics?period=all&version=1") == 200
    assert one.status("/admin/workflows/no.such/statistics") == 404


def test_what_waits_longest_is_listed_by_pages(browser, office, count_queries):
    one, counts = browser("admin"), []
    for number in (5, 55):
        while Instance.select().count() < number:
            workflow.start("t.case", f"第{Instance.select().count()}件", {}, office["drafter"])
        one.get("/admin/workflows/t.case/waiting")
        with count_queries() as statements:
            page = one.get("/admin/workflows/t.case/waiting")
        counts.append(len(statements))
    assert counts[0] == counts[1], statements
    assert "第0件" in page and "第54件" not in page and "下一页" in page


def test_the_log_comes_as_a_packed_file(browser, case):
    answer = browser("admin").client.get("/admin/workflows/t.case/log.xes.gz?anonymous=1")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="t.case.xes.gz"'
    assert len(ET.fromstring(gzip.decompress(answer.data)).findall("{http://www.xes-standard.org/}trace")) == 1
    assert browser("drafter").status("/admin/workflows/t.case/log.xes.gz") == 403
