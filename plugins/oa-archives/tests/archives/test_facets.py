"""What was found, divided: counts that hold, only of what one may see, each a way to narrow it."""

import re

import pytest
from oa_archives.models import Item
from oa_archives.services import facets, filing, queries
from oa_archives.services.labels import labels, relabel

from oa_kernel.errors import BadRequest

pytestmark = pytest.mark.oa_databases


def counts(person, **filters):
    found = facets.find(person, filters)
    return {name: {v.value: v.count for v in values} for name, values in found.values.items()}


@pytest.fixture
def records(desk):
    for n, retention in enumerate(("Y", "Y", "D30", "D10")):
        desk.file(title=f"Item {n}", choice={"retention": retention})
    for title, values in (("Item 0", {"kind": "报告", "year": 2025}), ("Item 1", {"department_name": "信息处"})):
        item = Item.get(Item.title == title)
        before = labels(item)
        for name, value in values.items():
            setattr(item, name, value)
        item.save()
        relabel(item, filing.indexed(item), before)
    return desk


@pytest.mark.parametrize("more", [{}, {"q": "消防"}])
def test_each_value_is_counted_and_asking_for_it_finds_as_many(records, more):
    found = counts(records.archivist, **more)
    assert found["year"] == {"2026": 3, "2025": 1} and list(found["year"]) == ["2026", "2025"]
    assert found["retention"] == {"Y": 2, "D30": 1, "D10": 1} and found["kind"]["报告"] == 1
    assert set(found) == {"year", "retention", "kind", "department"}
    for name, values in found.items():
        for value, count in values.items():
            assert len(queries.find(records.archivist, {**more, name: value}).items) == count, (name, value)


def test_within_what_was_chosen_the_chosen_value_stays_so_that_it_can_be_taken_away(records):
    found = facets.find(records.archivist, {"year": "2026"})
    assert found.counted == 3 and [(v.value, v.chosen) for v in found.values["year"]] == [("2026", True)]
    assert counts(records.archivist, year="2026", q="消防")["retention"] == {"Y": 1, "D30": 1, "D10": 1}


def test_what_one_may_not_see_is_not_counted(records):
    records.file(title="Secret", level=2)
    assert counts(records.archivist)["secrecy"] == {"0": 4, "2": 1}
    assert "secrecy" not in counts(records.reader) and facets.find(records.reader, {}).counted == 4
    assert facets.find(records.stranger, {"q": "消防"}).counted == 0


@pytest.mark.parametrize("filters", [{}, {"q": "消防"}])
def test_no_more_than_the_newest_are_counted_in_one_query(records, monkeypatch, count_queries, filters):
    monkeypatch.setattr(facets, "MOST", 3)
    facets.find(records.archivist, filters)
    with count_queries() as statements:
        found = facets.find(records.archivist, filters)
    assert len([s for s in statements if "archives_item" in s]) == 1
    assert found.counted == 3 and found.more and {v.value for v in found.values["retention"]} == {"Y", "D30", "D10"}
    assert "year" not in found.values  # of the newest three all are of one year


def test_a_level_that_there_is_not_is_said(desk):
    with pytest.raises(BadRequest, match="0 到 4"):
        queries.find(desk.archivist, {"secrecy": "9"})


def test_on_the_page_each_value_narrows_the_list_and_takes_itself_away_again(records, oa_client):
    client = oa_client(records.archivist)
    page = client.get("/archives?q=消防").text
    link = re.search(r'href="([^"]*retention=Y[^"]*)"', page)[1].replace("&amp;", "&")
    narrowed = client.get(link).text
    assert "Item 1" in narrowed and "Item 2" not in narrowed
    assert re.search(r'class="oa-facet active" href="/archives\?q=[^"&]*"', narrowed)
    kind = client.get("/archives?kind=报告").text
    assert "Item 0" in kind and "Item 1" not in kind and '<input type="hidden" name="kind" value="报告">' in kind


def test_by_rest(records, oa_client):
    found = oa_client(records.archivist).get("/api/v1/archives/facets?q=消防&year=2026").json
    assert found["counted"] == 3 and found["more"] is False
    by_name = {one["name"]: one["values"] for one in found["facets"]}
    assert by_name["year"] == [{"value": "2026", "title": "2026", "count": 3}]
    assert {v["title"] for v in by_name["retention"]} == {"永久", "30年", "10年"}
