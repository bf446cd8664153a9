"""Pages of a ledger: list, drawer, forms, taking rows out, views of one's own."""

import re

import pytest

from oa_kernel import ledgers, permissions, search

pytestmark = pytest.mark.oa_databases

BRUSH = {"name": "签字笔", "kind": "文具", "price": "12.50", "left": 40, "bought_on": "2026-03-01", "phone": "13912345678"}
HTMX = {"HX-Request": "true"}


def text(answer):
    return answer.get_data(as_text=True)


@pytest.fixture
def page(house, oa_client):
    return oa_client(house.keeper)


def test_the_form_makes_a_row_and_leads_to_it(page, items, house):
    answer = page.submit("/ledgers/items/new", {**BRUSH, "keeper": "clerk"})
    assert answer.status_code == 303
    shown = text(page.get(answer.location))
    assert "签字笔" in shown and "12.50" in shown and "孙登记" in shown and "13912345678" in shown and "第 1 版" in shown
    assert page.submit("/ledgers/items/new", {**BRUSH, "again": "1"}).location == "/ledgers/items/new"


def test_what_was_typed_comes_back_with_every_reason(page, items):
    answer = page.submit("/ledgers/items/new", {**BRUSH, "name": "", "left": "四十", "keeper": "who", "remark": "还在路上"})
    shown = text(answer)
    assert answer.status_code == 422 and "四十" in shown and "还在路上" in shown and 'href="#field-name"' in shown
    assert items.model.select().count() == 0


def test_a_stale_form_says_what_changed_and_can_be_saved_after_a_look(page, items, house, oa_client):
    row = items.create({**BRUSH, "place": house.departments[1].id}, house.keeper)
    url = f"/ledgers/items/{row.id}/edit"
    assert 'name="version" value="1"' in text(page.get(url))
    items.update(row.id, {"left": 38}, house.clerk)
    typed = {**BRUSH, "left": "35", "remark": "我的备注", "place": house.departments[1].id}
    answer = page.submit(url, {**typed, "version": "1"})
    shown = text(answer)
    assert answer.status_code == 409 and "我的备注" in shown and "孙登记" in shown and "<del>40</del>" in shown
    version = re.search(r'name="version" value="(\d+)"', shown).group(1)
    assert version == "2"
    assert page.submit(url, {**typed, "version": version}).status_code == 303
    assert items.get(row.id, house.keeper).left == 35


def test_a_refused_change_does_not_take_a_newer_version_unseen(page, items, house):
    row = items.create(BRUSH, house.keeper)
    items.update(row.id, {"left": 1}, house.keeper)
    shown = text(page.submit(f"/ledgers/items/{row.id}/edit", {**BRUSH, "name": "", "version": "1"}))
    assert 'name="version" value="1"' in shown


def test_the_list_shows_filters_totals_and_the_next_rows_by_htmx(page, items, house):
    for n in range(60):
        items.create({**BRUSH, "name": f"笔{n:02d}", "left": n}, house.keeper)
    shown = text(page.get("/ledgers/items?kind=文具&sort=-left"))
    assert shown.count("data-row") == 50 and "笔59" in shown and "笔09" not in shown
    assert "合计 60 条" in shown and "1,770" in shown or "1770" in shown
    following = re.search(r'hx-get="([^"]*cursor=[^"]*)"', shown).group(1).replace("&amp;", "&")
    part = page.get(following, headers=HTMX)
    assert text(part).count("data-row") == 10 and "<html" not in text(part) and "笔09" in text(part)
    wrong = page.get("/ledgers/items?price_from=many")
    assert wrong.status_code == 422 and "不是数字" in text(wrong)


def test_the_drawer_is_a_part_and_the_address_a_page(page, items, house):
    row = items.create(BRUSH, house.keeper)
    part = text(page.get(f"/ledgers/items/{row.id}", headers=HTMX))
    assert "data-drawer-close" in part and "<html" not in part
    assert "<html" in text(page.get(f"/ledgers/items/{row.id}"))


def test_rows_are_taken_out_one_by_one_or_many_with_the_reason(page, items, house):
    rows = [items.create({**BRUSH, "name": f"笔{n}"}, house.keeper) for n in range(3)]
    url = f"/ledgers/items/{rows[0].id}"
    refused = page.submit(f"{url}/archive", {"reason": " "})
    assert refused.status_code == 422 and "请填写原因" in text(refused)
    page.submit(f"{url}/archive", {"reason": "坏了"})
    assert "坏了" in text(page.get(url)) and page.get(f"{url}/edit").status_code == 200
    page.submit(f"{url}/restore")
    page.submit("/ledgers/items/archive", {"id": [str(r.id) for r in rows], "reason": "清仓", "next": "/ledgers/items?kind=文具"})
    assert items.page(house.keeper).items == [] and len(items.page(house.keeper, {"state": "archived"}).items) == 3
    assert page.submit(f"{url}/remove", {"reason": "错登"}).location == "/ledgers/items"
    assert page.get(url).status_code == 404


def test_views_and_looks_are_ones_own(page, items, house, oa_client):
    items.create(BRUSH, house.keeper)
    saved = page.submit("/ledgers/items/views", {"name": "文具", "next": "/ledgers/items?kind=文具&sort=-left&cursor=x"})
    assert "kind=" in saved.location and "cursor" not in saved.location
    page.submit("/ledgers/items/look", {"column": ["name", "left"], "dense": "1", "next": "/ledgers/items"})
    shown = text(page.get("/ledgers/items"))
    assert "oa-dense" in shown and len(re.findall(r'<th scope="col"', shown)) == 2
    permissions.grant(house.clerk, "office.items.keeper")
    assert "oa-dense" not in text(oa_client(house.clerk).get("/ledgers/items"))
    view = ledgers.saved.of(house.keeper, "items")[1][0]
    assert oa_client(house.clerk).submit(f"/ledgers/items/views/{view.id}/delete").status_code == 404
    page.submit(f"/ledgers/items/views/{view.id}/delete")
    assert ledgers.saved.of(house.keeper, "items")[1] == []
    assert page.submit("/ledgers/items/views", {"name": "x", "next": "https://elsewhere.example/"}).location.startswith("/ledgers/items")


def test_who_may_not_gets_no_button_and_no_page(items, house, oa_client):
    row = items.create({**BRUSH, "keeper": "reader"}, house.keeper)
    reader = oa_client(house.reader)
    shown = text(reader.get("/ledgers/items"))
    assert "签字笔" in shown and "/ledgers/items/new" not in shown and "export.xlsx" not in shown and "data-tick" not in shown
    assert "/edit" not in text(reader.get(f"/ledgers/items/{row.id}"))
    for url in ("/ledgers/items/new", f"/ledgers/items/{row.id}/edit", "/ledgers/items/export.xlsx", "/ledgers/items/template.xlsx"):
        assert reader.get(url).status_code == 403, url
    assert oa_client(house.nobody).get("/ledgers/items").status_code == 403
    assert oa_client(house.clerk).get(f"/ledgers/items/{row.id}").status_code == 404
    assert "/ledgers/items" not in text(oa_client(house.nobody).get("/ledgers"))
    assert oa_client().get("/ledgers/items").status_code == 303


def test_forged_writes_are_refused(page, items):
    assert page.post("/ledgers/items/new", data=BRUSH).status_code == 403
    assert items.model.select().count() == 0


def test_navigation_search_and_card_know_the_ledger(page, items, house, oa_app):
    items.create({**BRUSH, "remark": "放在三楼东侧"}, house.keeper)
    assert 'href="/ledgers/items"' in text(page.get("/"))
    found = {g.name: g.hits for g in search.find(house.keeper, "三楼东")}
    assert [h["title"].split()[-1] for h in found["ledger.items"]] == ["签字笔"]
    assert "ledger.items" not in {g.name for g in search.find(house.nobody, "三楼东")}
    from oa_kernel import builtin

    card = next(w for w in builtin.collect("oa_widgets") if w.name == "office.items.latest")
    with oa_app.test_request_context("/"):
        assert "签字笔" in card.render(house.keeper)


def test_an_organisation_replaces_a_page_by_a_file(oa, items, house, request):
    folder = oa.config.folder / "templates" / "ledger_items"
    folder.mkdir(parents=True)
    (folder / "detail.html").write_text(
        '{% extends "oa/ledger/detail.html" %}{% block below %}<p>本单位的说明</p>{% endblock %}', encoding="utf-8")
    row = items.create(BRUSH, house.keeper)
    client = request.getfixturevalue("oa_client")(house.keeper)  # the application is put together now
    assert "本单位的说明" in text(client.get(f"/ledgers/items/{row.id}"))


def test_people_are_a_ledger_to_read(house, make, oa_client, oa_api):
    from oa_kernel.identity.models import Person

    Person.update(mobile="13900001234").where(Person.id == house.clerk.id).execute()
    permissions.create_role("hr", "人事", {"kernel.people.view": "department", "kernel.people.export": "department"})
    boss = make.person("boss", "赵人事", house.departments[1], roles=["hr"])
    shown = text(oa_client(boss).get("/ledgers/people"))
    assert "孙登记" in shown and "139****1234" in shown and "13900001234" not in shown and "钱保管" not in shown
    assert "/new" not in shown
    api = oa_api(boss)
    assert [i["username"] for i in api.get("/api/v1/ledgers/people?sort=name&limit=2").get_json()["items"]] == ["nobody", "clerk"]
    assert api.get("/api/v1/ledgers/people?name_prefix=孙").get_json()["items"][0]["department"]["name"] == "业务处"
    assert api.post("/api/v1/ledgers/people", json={}).status_code in (404, 405)
    assert oa_client(house.nobody).get("/ledgers/people").status_code == 403
