"""The one search box: what each source finds, limited to what one may see."""

import pytest

from oa_kernel import search


@pytest.fixture
def office(make):
    office = make.department("办公室")
    return make.person("lin", "林晓岚", office, posts=[("副主任", "deputy_head")], phone="8612")


@pytest.mark.parametrize("q", ["林晓", "lxl", "8612", "办公室", "  林晓岚  "])
def test_people_are_found(office, q):
    group, = search.find(office, q)
    assert (group.name, group.failed) == ("people", False)
    assert [(h["title"], h["url"]) for h in group.hits] == [("林晓岚", f"/people/{office.id}")]
    assert group.hits[0]["snippet"] == "办公室 · 副主任 · 8612"


@pytest.mark.parametrize("q", ["", " ", "\x00", "无此人", "%"])
def test_nothing_is_found_quietly(office, q):
    assert search.find(office, q) == []


def test_who_may_not_see_people_finds_none(office, monkeypatch):
    from oa_kernel import identity

    identity.disable_person(office)
    assert search.find(identity.get(office.id), "林") == []
