"""The full-text index: every substring of two characters is found, on both databases alike, and nothing else."""

import importlib

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from oa_kernel import db, search
from oa_kernel.errors import BadRequest
from oa_kernel.search.statements import Statement

words = importlib.import_module("oa_kernel.search.tokens")  # the room has a function of this name
INDEX = search.TextIndex("try_text", ("title", "body"))


class Thing(db.Model):
    title = db.CharField()
    body = db.TextField(default="")
    secret = db.BooleanField(default=False)

    class Meta:
        table_name = "try_thing"


@pytest.fixture
def things(oa):
    db.database.create_tables([Thing])
    INDEX.create()

    def add(title, body="", **more):
        thing = Thing.create(title=title, body=body, **more)
        INDEX.put(thing.id, {"title": title, "body": body})
        return thing.id

    yield add
    INDEX.drop()
    db.database.drop_tables([Thing])


def found(q, column="", **more):
    query = INDEX.matching(Thing.select(), Thing.id, q, column)
    return [t.id for t in query.where(*(getattr(Thing, k) == v for k, v in more.items())).order_by(Thing.id.desc())]


pytestmark = pytest.mark.oa_databases


@pytest.mark.parametrize("q", [
    "消防", "防安", "安全检查", "关于开展消防安全检查的通知", "2026", "12号", "〔2026〕12", "第12", "ofd", "OFD 文件",
                               "检查 通知", "ＯＦＤ"])
def test_a_piece_of_the_text_finds_it(things, q):
    here = things("关于开展消防安全检查的通知", "国办发〔2026〕12号，第12条：OFD文件随附")
    things("关于国庆节放假的安排", "国办发〔2025〕3号")
    assert found(q) == [here]


@pytest.mark.parametrize("q", ["消安", "全安", "安全检验", "2027", "13号", "第1 安全检验", "检查的通报"])
def test_what_does_not_stand_there_is_not_found(things, q):
    things("关于开展消防安全检查的通知", "国办发〔2026〕12号，第12条")
    assert found(q) == []


def test_the_newest_come_first_and_rights_are_part_of_the_query(things):
    first, second = things("会议纪要一"), things("会议纪要二")
    things("会议纪要三", secret=True)
    assert found("会议纪要", secret=False) == [second, first]
    visible = Thing.select().where(~Thing.secret)
    page = INDEX.page(visible, Thing.id, "会议纪要", limit=1)
    assert [t.id for t in page.items] == [second]
    page = INDEX.page(visible, Thing.id, "会议纪要", limit=1, cursor=page.next)
    assert [t.id for t in page.items] == [first] and page.next is None


def test_a_column_can_be_asked_alone_and_none_runs_into_the_next(things):
    here = things("采购", "计划")
    assert found("采购", "title") == [here] and found("采购", "body") == [] and found("计划", "body") == [here]
    assert found("采购计划") == [] and found("购计") == []


def test_two_characters_are_found_in_each_column_alone_and_in_all(things):
    here = things("节能采购", "计划于2026年节能")
    there = things("其他", "采购")
    assert found("采购") == [there, here] and found("采购", "title") == [here] and found("采购", "body") == [there]
    assert found("节能") == found("节能", "body") == [here] and found("计划 采购") == [here]


def test_what_was_replaced_or_removed_is_not_found_any_more(things):
    here = things("旧标题")
    INDEX.put(here, {"title": "新标题"}, old={"title": "旧标题"})
    assert found("旧标") == [] and found("新标") == [here]
    INDEX.remove(here, {"title": "新标题"})
    assert found("标题") == []


def test_long_texts_are_searched_to_their_end(things):
    body = "工作安排" * 900 + "独一无二的结尾" + "其他" * 1200 + "再一处"
    here = things("长文", body)
    assert found("独一无二的结尾") == [here] and found("结尾其他") == [here] and found("再一处") == [here]
    assert found("排独一无二") == [here]


@pytest.mark.parametrize("q", ["", "  ", "，。！", "\"", "*"])
def test_a_query_without_a_word_is_refused(things, q):
    with pytest.raises(BadRequest):
        found(q)


@pytest.mark.parametrize(("q", "elsewhere"), [
    ("title: 消防", False), ('消防" OR "', False), ("消防' & 'x", False), ("NEAR(消防 安全)", False), ("消防 NOT 安全", False),
    ("-消防", True), ("消防*", True), ("消防)", True),
])
def test_what_looks_like_syntax_is_text(things, q, elsewhere):
    plain = things("关于开展消防安全检查的通知")
    here = things(f"看{q}看")
    assert found(q) == [here, plain] if elsewhere else found(q) == [here]


letters = st.text("消防安全检查通知的12aB〔〕 ，", min_size=0, max_size=30)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=letters, start=st.integers(0, 29), length=st.integers(2, 8))
@example(text="的消防12号文", start=1, length=4)
def test_any_substring_of_two_cjk_characters_or_more_is_found(things, text, start, length):
    piece = text[start:start + length].strip()
    if sum(words.is_cjk(c) for c in piece) < 2 or " " in piece or words.tokens(piece) == []:
        return
    edge = words._RUN.findall(words.normal(text[:start]))
    first = words._RUN.findall(words.normal(piece))[0]
    if edge and not words.is_cjk(first) and text[:start][-1:].isalnum() and not words.is_cjk(text[:start][-1]):
        return  # begins inside a Latin word
    Thing.delete().execute()
    here = things(text)
    assert here in found(piece)


LABELLED = search.TextIndex("try_label", ("title",), labelled=True)


@pytest.fixture
def labelled(oa):
    db.database.create_tables([Thing])
    LABELLED.create()

    def add(title, *labels):
        thing = Thing.create(title=title)
        LABELLED.put(thing.id, {"title": title}, labels=labels)
        return thing.id

    yield add
    LABELLED.drop()
    db.database.drop_tables([Thing])


def test_labels_limit_what_is_found_and_are_no_words_of_the_text(labelled):
    here = labelled("消防安全检查 d2", "d1", "s0")
    there = labelled("消防安全演练", "d2", "s1")

    def ids(q, *labels):
        return [t.id for t in LABELLED.page(Thing.select(), Thing.id, q, labels=labels).items]

    assert ids("消防") == [there, here]
    assert ids("消防", ["d1"]) == [here] and ids("消防", ["d1", "d2"], ["s1"]) == [there] and ids("消防", ["d3"]) == []
    assert ids("d2") == [here] and ids("s0") == []
    assert ids("", ["d1"]) == [here] and ids(" ", ["d1", "d2"]) == [there, here] and ids("", ["d1", "d2"], ["s1"]) == [there]
    with pytest.raises(BadRequest):
        ids("")
    LABELLED.put(here, {"title": "消防"}, old={"title": "消防安全检查 d2"}, labels=["d3"], old_labels=["d1", "s0"])
    assert ids("消防", ["d3"]) == [here] and ids("消防", ["d1"]) == [] and ids("检查") == []
    with pytest.raises(ValueError):
        ids("消防", ['d1" OR "s1'])
    with pytest.raises(ValueError):
        INDEX.page(Thing.select(), Thing.id, "消防", labels=[["d1"]])


def test_pages_go_through_all_windows_and_no_hit_comes_twice(things, monkeypatch):
    from oa_kernel.search import tsvector

    monkeypatch.setattr(tsvector, "BLOCKS", (3, 6, 12))
    hits = [things("会议纪要" if n % 4 else "其他") for n in range(30)]
    hits = [i for n, i in enumerate(hits) if n % 4][::-1]
    for limit in (1, 4, 7, 50):
        seen, cursor = [], None
        while True:
            page = INDEX.page(Thing.select(), Thing.id, "会议", limit=limit, cursor=cursor)
            seen += [t.id for t in page.items]
            cursor = page.next
            if cursor is None:
                break
        assert seen == hits, limit


@pytest.mark.parametrize("size", [(3, 6, 12), (2, 4, 8), (3, 40, 80)])
def test_pages_of_who_sees_few_rows_go_through_all_windows_and_no_hit_comes_twice(labelled, monkeypatch, size):
    from oa_kernel.search import tsvector

    monkeypatch.setattr(tsvector, "BLOCKS", size)
    every = [labelled("会议纪要" if n % 4 else "其他", f"d{n % 3}") for n in range(30)]
    hits = [i for n, i in enumerate(every) if n % 4 and n % 3 == 1][::-1]
    for limit in (1, 3, 50):
        seen, cursor = [], None
        while True:
            page = LABELLED.page(Thing.select(), Thing.id, "会议", labels=[["d1", "d7"]], limit=limit, cursor=cursor)
            seen += [t.id for t in page.items]
            cursor = page.next
            if cursor is None:
                break
        assert seen == hits, limit


def _snippet(text, query, around):
    """The same without minding how long the text is."""
    plain = " ".join(text.split())
    for word in query.split():
        at, folded = plain.find(word), words.normal(plain)
        if at < 0 and len(folded) == len(plain):
            word = words.normal(word)
            at = folded.find(word)
        if at >= 0:
            end = at + len(word)
            return (("…" if at > around else "") + plain[max(0, at - around):at], plain[at:end],
                    plain[end:end + around] + ("…" if end + around < len(plain) else ""))
    return plain[:2 * around] + ("…" if len(plain) > 2 * around else ""), "", ""


@given(text=st.text("消防Ａa \n\u3000安½", max_size=60), query=st.text("消防aＡ安 ", max_size=5), around=st.integers(1, 6))
@example(text="安 " * 40 + "消防" + " \n" * 40 + "安", query="消防", around=3)
def test_a_snippet_is_cut_from_the_text_with_its_spaces_made_one(text, query, around):
    assert search.snippet(text, query, around) == _snippet(text, query, around)


def test_a_statement_that_is_kept_finds_the_same_and_is_put_together_once(labelled):
    for n in range(12):
        labelled("消防安全" if n % 3 else "消防演练 d1", "d1" if n % 2 else "d2")
    made = []

    def asked():
        made.append(1)
        return Thing.select(Thing.id, Thing.title).where(~Thing.secret)

    plain = Thing.select().where(~Thing.secret)
    for q in ("消防", "安全", "演练 消防", "消防安全", "没有"):
        for labels, without in (((), ()), ((["d1"],), ()), ((), ["d1"]), ((["d1", "d2"],), ["d2"])):
            seen, cursor, kept_cursor = [], None, None
            while True:
                told = {"labels": labels, "without": without, "limit": 4}
                known = LABELLED.page(plain, Thing.id, q, **told, cursor=cursor)
                light = LABELLED.page(asked, Thing.id, q, **told, cursor=kept_cursor, same="all")
                assert [(t.id, t.title) for t in light.items] == [(t.id, t.title) for t in known.items]
                seen += [t.id for t in light.items]
                cursor, kept_cursor = known.next, light.next
                assert cursor == kept_cursor
                if cursor is None:
                    break
            wanted = [t.id for t in plain.order_by(Thing.id.desc()) if all(word in t.title for word in q.split())
                      and all(("d1" if (t.id - 1) % 2 else "d2") in group for group in labels)
                      and ("d1" if (t.id - 1) % 2 else "d2") not in without]
            assert seen == wanted, (q, labels, without)
    # the page after a cursor is another statement; on PostgreSQL the first page of two words, and with labels, is, too
    assert len(made) == (5 if db.is_postgresql() else 2)


def test_a_kept_statement_is_only_another_ones_where_it_says_so(things):
    open_, secret = things("会议纪要一"), things("会议纪要二", secret=True)

    def ids(same, query):
        return [t.id for t in INDEX.page(lambda: query, Thing.id, "会议", same=same).items]

    fields = Thing.select(Thing.id)
    assert ids("all", fields) == [secret, open_] and ids("open", fields.where(~Thing.secret)) == [open_]
    assert ids("all", fields) == [secret, open_]
    with pytest.raises(ValueError):
        ids("functions", Thing.select(db.fn.COUNT(Thing.id)))


@pytest.mark.oa_databases("postgresql")
def test_postgresql_never_reads_all_vectors_for_a_common_word(things, monkeypatch):
    Thing.insert_many([{"title": f"会议 {n}"} for n in range(2_000)]).execute()
    INDEX.put_many((t.id, {"title": t.title}, ()) for t in Thing.select())
    db.database.execute_sql("ANALYZE try_text_fts")
    db.database.execute_sql("ANALYZE try_thing")
    plans, fetch = [], Statement.fetch

    def explained(statement, told):
        statement.sql = f"EXPLAIN {statement.sql}"
        plans.append("\n".join(row[0] for row in fetch(statement, told)))
        statement.sql = statement.sql.removeprefix("EXPLAIN ")
        return fetch(statement, told)

    monkeypatch.setattr(Statement, "fetch", explained)
    for q in ("会议", "会议 9"):
        INDEX.page(Thing.select(Thing.id), Thing.id, q, same="all")
    assert len(plans) == 3
    for plan in plans:
        assert "Scan on try_text_fts_words" in plan and "Seq Scan on try_text_fts" not in plan, plan
    monkeypatch.undo()
    with db.count_queries() as statements:
        assert len(INDEX.page(Thing.select(), Thing.id, "会议").items) == 20
    assert len(statements) == 1
