"""The to-do list's own filters."""

from oa_kernel.web.tests.pages import last_event

from .cases import words


def test_filters_are_kept_under_a_name_used_and_forgotten(browser, case, office):
    one = browser("a")
    assert "保存这个筛选" not in one.get("/todo")
    assert "保存这个筛选" in one.get("/todo?q=显示器")
    one.post("/todo/filters", name="买东西", q="显示器")
    page = one.client.get("/todo").text
    assert "买东西" in page and "q=%E6%98%BE%E7%A4%BA%E5%99%A8" in page
    assert "删去筛选" in one.client.get("/todo?q=显示器").text
    assert "买东西" not in browser("b").get("/todo")
    one.post("/todo/filters", name="买东西", remove="1")
    assert "买东西" not in words(one.get("/todo"))
    assert last_event("person.preferences_set").object_id == str(office["a"].id)


def test_a_filter_needs_a_name_and_something_to_filter_by_and_there_are_not_too_many(browser, case):
    one = browser("a")
    assert "先选好筛选条件" in one.post("/todo/filters", name="空")
    for number in range(12):
        one.post("/todo/filters", name=f"第{number}个", q="显示器")
    assert "最多保存 12 个" in one.post("/todo/filters", name="再来", q="显示器")
    assert "已保存筛选" in one.post("/todo/filters", name="第3个", q="椅子")


def test_the_list_shows_them_without_another_statement(browser, case, count_queries):
    one = browser("a")
    one.get("/todo")
    with count_queries() as before:
        one.get("/todo")
    one.post("/todo/filters", name="买东西", q="显示器")
    one.get("/todo")
    with count_queries() as after:
        one.get("/todo")
    assert len(after) == len(before)
