"""Records are found by any two characters, and only by who may see them."""

import datetime as dt
import itertools

import pytest
from oa_archives.models import TEXT, Item
from oa_archives.services import filing, queries
from oa_archives.services.labels import labels, relabel

from oa_kernel import clock, permissions
from oa_kernel.errors import BadRequest, NotFound

pytestmark = pytest.mark.oa_databases


def found(person, **filters):
    return [row.title for row in queries.find(person, filters).items]


def test_title_text_people_keywords_and_numbers_are_searched(desk):
    desk.file(title="Fire safety", number="YZB 1", text="各处应当开展消防演练。")
    desk.file(title="Holiday", number="YZB 2", text="国庆节放假三天。", choice={"keywords": ["值班安排"]})
    for q, title in (("消防", "Fire safety"), ("防演", "Fire safety"), ("国庆节放", "Holiday"), ("值班", "Holiday"),
                     ("YZB 1", "Fire safety"), ("Z109", "Holiday")):
        assert title in found(desk.archivist, q=q), q
    assert found(desk.archivist, q="消防 演练") == ["Fire safety"] and found(desk.archivist, q="消防 国庆") == []
    assert found(desk.archivist, q="高明德") == ["Holiday", "Fire safety"]
    assert found(desk.archivist, q="值班", **{"in": "title"}) == []


def test_a_hit_shows_where_it_stands(desk):
    desk.file(text="第一段。" * 30 + "各处应当开展消防演练，并报送结果。")
    before, hit, after = queries.find(desk.archivist, {"q": "消防演练"}).items[0].snippet
    assert before.startswith("…") and before.endswith("开展") and hit == "消防演练" and after.startswith("，并报送")


def test_filters_go_with_the_words(desk):
    desk.file(title="One", choice={"retention": "Y"})
    desk.file(title="Two", number="YZB 2", choice={"retention": "D10", "year": 2026})
    assert found(desk.archivist, q="消防", retention="Y") == ["One"]
    assert found(desk.archivist, retention="D10", year="2026") == ["Two"] and found(desk.archivist, year="2025") == []
    assert found(desk.archivist, number="YZB 2") == ["Two"] and found(desk.archivist, number="Z109-WS·2026-Y-BGS-0001") == ["One"]


@pytest.mark.parametrize("filters", [{"year": "26"}, {"retention": "D5"}, {"q": "，。"}])
def test_what_cannot_be_asked_is_said(desk, filters):
    with pytest.raises(BadRequest):
        queries.find(desk.archivist, filters)


def test_a_reader_sees_the_own_departments_up_to_the_own_clearance(desk):
    plain, secret = desk.file(title="Plain"), desk.file(title="Secret", level=2)
    assert found(desk.reader, q="消防") == ["Plain"] and found(desk.reader) == ["Plain"]
    assert found(desk.stranger, q="消防") == [] and found(desk.stranger) == []
    assert queries.get(desk.reader, plain.id).title == "Plain"
    for person, item in ((desk.reader, secret), (desk.stranger, plain)):
        with pytest.raises(NotFound):
            queries.get(person, item.id)


def test_pages_follow_one_another_without_gap_or_double(desk):
    for n in range(5):
        desk.file(title=f"Item {n}")
    seen, cursor = [], None
    while True:
        page = queries.find(desk.archivist, {"q": "消防"}, limit=2, cursor=cursor)
        seen += [row.title for row in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert seen == [f"Item {n}" for n in (4, 3, 2, 1, 0)]


def test_a_page_is_one_query_whatever_is_asked(desk, count_queries):
    for n in range(4):
        desk.file(title=f"Item {n}")
    queries.find(desk.archivist, {"q": "消防"})
    for filters in ({}, {"q": "消防"}, {"q": "消防 安全", "year": "2026", "retention": "D30"}):
        with count_queries() as statements:
            queries.find(desk.archivist, filters)
        assert len([s for s in statements if "archives_item" in s]) == 1


def test_everybody_finds_what_the_rule_says_whoever_asked_before(desk, make):
    own, other = desk.unit.id, desk.other.id
    plain = {name: value for name, value in desk.file().__data__.items() if name not in ("id", "archival_number", "keep_until")}
    today = clock.today()
    days = (None, today, today + dt.timedelta(days=1))
    for n, (department, level, day) in enumerate(itertools.product((own, other, None), range(5), days)):
        item = Item.create(**{
            **plain, "archival_number": f"Z109-T·{n}", "source_id": f"t{n}", "seq": 1_000 + n, "department_id": department,
            "secrecy_level": level, "open_from": day})
        TEXT.put(item.id, filing.indexed(item), labels=labels(item))
    make.department("分处", parent=desk.unit)
    people = {
        desk.archivist: ("all", 3), desk.reader: ((own,), 1), desk.stranger: ((other,), 1),
        make.person("low", "低", desk.other, clearance=0): ((other,), 0),
        make.person("low_archivist", "低档案员", desk.unit, roles=["archives_archivist"], clearance=0): ("all", 0),
        make.person("chief", "高", desk.other, clearance=3): ((other,), 3),
    }
    records = list(Item.select().order_by(Item.id.desc()))

    def rule(reach, clearance, on):
        return [i.id for i in records if i.secrecy_level <= clearance and (
            reach == "all" or i.department_id in reach or (i.open_from is not None and i.open_from <= on))]

    for person, (reach, clearance) in [*people.items(), *reversed(people.items())]:
        for q in ("消防", ""):
            assert [i.id for i in queries.find(person, {"q": q}, limit=100).items] == rule(reach, clearance, today), (person.name, q)
    with clock.freeze(clock.now() + dt.timedelta(days=1)):
        for person, (reach, clearance) in people.items():
            assert [i.id for i in queries.find(person, {"q": "消防"}, limit=100).items] \
                == rule(reach, clearance, clock.today()), person.name
    permissions.grant(desk.stranger, "archives_archivist")
    assert [i.id for i in queries.find(desk.stranger, {"q": "消防"}, limit=100).items] == rule("all", 1, today)
    assert queries.find(None, {"q": "消防"}).items == []


def test_somebody_of_more_departments_than_labels_are_asked_for_finds_the_same(desk, monkeypatch):
    from oa_archives.services import labels as module

    desk.file(title="Plain"), desk.file(title="Secret", level=2)
    known = found(desk.reader, q="消防")
    monkeypatch.setattr(module, "MOST", 1)
    assert found(desk.reader, q="消防") == known == ["Plain"] and found(desk.stranger, q="消防") == []


VALUES = {
    "year": ("2026", "2025", "26x4"), "retention": ("Y", "D30"), "kind": ("通知", "报告", "' OR"), "department": ("综合处", "信息处"),
    "secrecy": ("0", "2"), "access": ("open", "closed"), "state": ("kept", "destroyed", "transferred"), "class": ("BGS", "b-1"),
    "number": ("YZB 1", "Z109-WS·2026-Y-BGS-0001", "没有"),
}


@pytest.mark.parametrize("q", ["", "消防"])
def test_filters_find_what_the_fields_say_however_the_index_helps(desk, q):
    """Against the fields alone, read one by one."""
    for n, (retention, level) in enumerate(itertools.product(("Y", "D30"), (0, 2))):
        desk.file(title=f"Item {n}", number=f"YZB {n}", level=level, choice={"retention": retention})
    for n, (name, value) in enumerate({"year": 2025, "kind": "报告", "department_name": "信息处", "state": "destroyed",
                                       "open_from": clock.today(), "class_code": "B-1"}.items()):
        item = Item.select().order_by(Item.id).offset(n % 4).get()
        before = labels(item)
        setattr(item, name, value)
        item.save()
        relabel(item, filing.indexed(item), before)
    fields = {"year": "year", "retention": "retention", "kind": "kind", "department": "department_name", "secrecy": "secrecy_level",
              "state": "state", "class": "class_code"}

    def holds(item, name, value):
        if name == "access":
            return (item.open_from is not None and item.open_from <= clock.today()) == (value == "open")
        if name == "number":
            return value in (item.number, item.archival_number)
        return str(getattr(item, fields[name])) == value

    records = list(Item.select().order_by(Item.id.desc()))
    asked = [{name: value} for name, values in VALUES.items() for value in values]
    asked += [{**one, **other} for one, other in itertools.combinations(asked, 2)]
    seen = 0
    for filters in asked:
        if filters.get("year") == "26x4":
            with pytest.raises(BadRequest):
                queries.find(desk.archivist, {"q": q, **filters})
            continue
        wanted = [i.title for i in records if all(holds(i, *pair) for pair in filters.items())]
        assert found(desk.archivist, q=q, **filters) == wanted, filters
        seen += len(wanted)
    assert seen > 50
