"""Who does my work while I am away, set by oneself."""

import datetime as dt
import re

import pytest

from oa_kernel import clock, workflow


@pytest.fixture
def people(make):
    office = make.department("办公室")
    return make.person("lin", "林晓岚", office), make.person("zhou", "周承业", office)


def send(client, path, **fields):
    token = re.search(r'name="_csrf" value="([^"]+)"', client.get("/profile/stand-ins").text).group(1)
    return client.post(path, data={"_csrf": token, **fields})


def test_an_absence_is_set_shown_and_ended(people, oa_client):
    lin, zhou = people
    client = oa_client(lin)
    until = clock.today() + dt.timedelta(days=3)
    assert send(client, "/profile/stand-ins", kind="absence", to="周承业", until=until.isoformat()).status_code == 303
    row, = workflow.stand_ins(lin)
    assert (row.kind, row.to_id, row.until) == ("absence", zhou.id, until)
    assert "周承业" in client.get("/profile/stand-ins").text
    assert send(client, f"/profile/stand-ins/{row.id}/end").status_code == 303
    assert workflow.stand_ins(lin) == []


@pytest.mark.parametrize(("fields", "said"), [
    ({"kind": "delegation", "to": ""}, "请填写代办人"),
    ({"kind": "absence", "to": "无此人"}, "没有这个人"),
    ({"kind": "delegation", "to": "lin"}, "不能是本人"),
    ({"kind": "absence", "since": "明天"}, "日期写作"),
    ({"kind": "absence", "since": "2026-12-05", "until": "2026-12-01"}, "早于"),
])
def test_what_is_wrong_is_said_and_kept_on_the_page(people, oa_client, fields, said):
    answer = send(oa_client(people[0]), "/profile/stand-ins", **fields)
    assert answer.status_code == 422 and said in answer.text
    assert workflow.stand_ins(people[0]) == []


def test_nobody_ends_anothers(people, oa_client):
    lin, zhou = people
    row = workflow.set_absent(lin, by=lin)
    assert send(oa_client(zhou), f"/profile/stand-ins/{row.id}/end").status_code in (403, 404)
    assert len(workflow.stand_ins(lin)) == 1
