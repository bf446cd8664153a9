"""REST of a ledger, by the contract's addresses."""

import io

import openpyxl
import pytest

pytestmark = pytest.mark.oa_databases

BRUSH = {"name": "签字笔", "kind": "文具", "price": 12.5, "left": 40, "bought_on": "2026-03-01", "phone": "13912345678"}


@pytest.fixture
def rest(house, oa_api):
    return oa_api(house.keeper)


def made(rest, **more):
    answer = rest.post("/api/v1/ledgers/items", json={**BRUSH, **more})
    assert answer.status_code == 201, answer.get_json()
    return answer.get_json()


def test_a_row_is_made_read_changed_and_taken_out(rest, house):
    row = made(rest, keeper="clerk", place=house.departments[1].id)
    assert row["code"].endswith("-0001") and row["price"] == 12.5 and row["keeper"] == {"username": "clerk", "name": "孙登记"}
    assert row["place"] == {"id": house.departments[1].id, "name": "业务处"} and row["version"] == 1
    url = f"/api/v1/ledgers/items/{row['id']}"
    changed = rest.put(url, json={"left": 39, "remark": None, "version": 1}).get_json()
    assert (changed["left"], changed["version"], changed["name"]) == (39, 2, "签字笔")
    stale = rest.put(url, json={"left": 38, "version": 1})
    assert (stale.status_code, stale.mimetype) == (409, "application/problem+json")
    assert stale.get_json()["code"] == "stale" and stale.get_json()["changes"][0]["label"] == "数量"
    assert rest.delete(url).status_code == 422
    assert rest.delete(url, json={"reason": "用完"}).status_code == 204
    assert rest.get(url).get_json()["archived_reason"] == "用完"
    assert rest.delete(f"{url}?permanently=true&reason=错登").status_code == 204
    assert rest.get(url).status_code == 404
    told = rest.get(f"{url}/history")
    assert told.status_code == 404  # gone, and so is its page


def test_lists_are_paged_filtered_and_sorted(rest):
    for n in range(7):
        made(rest, name=f"签字笔{n}", kind="设备" if n % 2 else "文具", left=n)
    first = rest.get("/api/v1/ledgers/items?limit=3&sort=-left").get_json()
    assert [i["left"] for i in first["items"]] == [6, 5, 4] and first["next"]
    second = rest.get("/api/v1/ledgers/items", query_string={"limit": 3, "sort": "-left", "cursor": first["next"]}).get_json()
    assert [i["left"] for i in second["items"]] == [3, 2, 1]
    assert [i["left"] for i in rest.get("/api/v1/ledgers/items?kind=设备&left_from=2&sort=left").get_json()["items"]] == [3, 5]
    assert len(rest.get("/api/v1/ledgers/items?kind=设备&kind=文具").get_json()["items"]) == 7
    assert [i["name"] for i in rest.get("/api/v1/ledgers/items?q=字笔5").get_json()["items"]] == ["签字笔5"]
    for wrong in ("sort=remark", "kind=食品", "left_from=x", "state=gone", "limit=0", "bought_on_to=2026-02-30"):
        assert rest.get(f"/api/v1/ledgers/items?{wrong}").status_code == 422, wrong
    assert rest.get("/api/v1/ledgers/items?cursor=x").status_code == 400


def test_the_history_is_by_fields(rest):
    row = made(rest)
    rest.put(f"/api/v1/ledgers/items/{row['id']}", json={"left": 1})
    told = rest.get(f"/api/v1/ledgers/items/{row['id']}/history?limit=1").get_json()
    assert told["items"][0]["changes"] == [{"column": "left", "label": "数量", "before": "40", "after": "1"}] and told["next"]


def test_what_is_wrong_is_said_by_field(rest):
    answer = rest.post("/api/v1/ledgers/items", json={"kind": "食品", "left": -1, "keeper": "who", "colour": "red"})
    assert answer.status_code == 422
    assert {"name", "kind", "left", "colour"} <= set(answer.get_json()["errors"])
    assert rest.post("/api/v1/ledgers/items", json={**BRUSH, "keeper": "who"}).get_json()["errors"] == {"keeper": ["没有人员“who”"]}


def test_the_same_post_twice_makes_one_row(rest):
    headers = {"Idempotency-Key": "once"}
    one = rest.post("/api/v1/ledgers/items", json=BRUSH, headers=headers).get_json()
    two = rest.post("/api/v1/ledgers/items", json=BRUSH, headers=headers).get_json()
    assert one["id"] == two["id"] and len(rest.get("/api/v1/ledgers/items").get_json()["items"]) == 1


def test_masked_and_hidden_fields_never_leave(rest, house, oa_api):
    row = made(rest, place=house.departments[1].id, floor_price=9)
    clerk = oa_api(house.clerk)
    url = f"/api/v1/ledgers/items/{row['id']}"
    rest.put(url, json={"floor_price": 7, "phone": "13800001111"})
    answers = [clerk.get("/api/v1/ledgers/items"), clerk.get(url), clerk.get(f"{url}/history"),
               clerk.put(url, json={"left": 4, "version": 1})]
    assert [a.status_code for a in answers] == [200, 200, 200, 409]
    for answer in answers:
        text = answer.get_data(as_text=True)
        assert "floor_price" not in text and "底价" not in text and "13800001111" not in text and "13912345678" not in text
    book = openpyxl.load_workbook(io.BytesIO(clerk.get("/api/v1/ledgers/items/export.xlsx").data))
    cells = [c for line in book.active.iter_rows(values_only=True) for c in line]
    assert "138****1111" in cells and "13800001111" not in cells and "底价" not in cells
    assert clerk.put(url, json={"floor_price": 1}).status_code == 422


def test_rights_are_asked_and_what_one_may_not_see_is_not_there(rest, house, oa_api, oa_app):
    row = made(rest, place=house.departments[0].id)
    url = f"/api/v1/ledgers/items/{row['id']}"
    nobody, reader = oa_api(house.nobody), oa_api(house.reader)
    assert nobody.get("/api/v1/ledgers/items").status_code == 403 and nobody.get(url).status_code == 403
    assert reader.get(url).status_code == 404 and reader.get("/api/v1/ledgers/items").get_json()["items"] == []
    assert reader.put(url, json={"left": 1}).status_code == 403 and oa_api(house.clerk).put(url, json={"left": 1}).status_code == 404
    assert oa_app.test_client().get(url).status_code == 401


def test_the_list_of_ledgers_has_those_one_may_look_into(rest, house, oa_api):
    found = {i["name"]: i for i in rest.get("/api/v1/ledgers").get_json()["items"]}
    assert "items" in found and "people" not in found and "import" in found["items"]["may"]
    assert oa_api(house.nobody).get("/api/v1/ledgers").get_json()["items"] == []
    fields = {f["name"] for f in oa_api(house.clerk).get("/api/v1/ledgers").get_json()["items"][0]["fields"]}
    assert "phone" in fields and "floor_price" not in fields


def test_everything_is_described(rest):
    from openapi_spec_validator import validate

    document = rest.get("/api/v1/openapi.json").get_json()
    validate(document)
    assert set(document["paths"]["/ledgers/items"]) == {"get", "post"}
    assert set(document["paths"]["/ledgers/items/{id}"]) == {"get", "put", "delete"}
    assert {"/ledgers/items/{id}/history", "/ledgers/items/export.xlsx", "/ledgers/items/template.xlsx", "/ledgers/people"} <= set(
        document["paths"])
    body = document["paths"]["/ledgers/items"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["kind"]["enum"] == ["文具", "设备", "家具"] and set(body["required"]) == {"name", "kind"}


def test_workbooks_out_and_templates(rest):
    made(rest)
    made(rest, name="=1+1", kind="设备")
    book = openpyxl.load_workbook(io.BytesIO(rest.get("/api/v1/ledgers/items/export.xlsx?kind=设备").data))
    lines = list(book.active.iter_rows(values_only=True))
    assert lines[0][:3] == ("编号", "名称*", "条码") and len(lines) == 2 and lines[1][1] == "'=1+1"
    head, = openpyxl.load_workbook(io.BytesIO(rest.get("/api/v1/ledgers/items/template.xlsx").data)).active.iter_rows(values_only=True)
    assert "购置日期" in head


def test_queries_do_not_grow_with_the_page(rest, count_queries):
    def asked():
        rest.get("/api/v1/ledgers/items")
        with count_queries() as statements:
            rest.get("/api/v1/ledgers/items?limit=200")
        return len(statements)

    made(rest, keeper="clerk")
    few = asked()
    for n in range(30):
        made(rest, keeper=["clerk", "reader", "keeper"][n % 3])
    assert asked() == few
