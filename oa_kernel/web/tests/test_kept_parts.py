"""Parts of pages that are kept show what they must: who is signed in, what is open, in which language."""

import re


def nav(client, path):
    page = client.get(path).get_data(as_text=True)
    found = re.search(r'<nav class="oa-nav".*?</nav>', page, re.S)
    assert found, page[:400]
    return page, found[0]


def open_page(part):
    return re.findall(r'href="([^"]+)"[^>]*aria-current="page"', part)


def test_each_person_and_page_has_its_own(make, oa_client):
    department = make.department("综合处")
    one, two = make.person("one", "赵一一", department=department), make.person("two", "钱二二", department=department)
    first, second = oa_client(one), oa_client(two)
    for _ in range(2):  # rendered, then kept
        for client, person, other in ((first, one, two), (second, two, one)):
            page, part = nav(client, "/todo")
            assert open_page(part) == ["/todo"]
            assert person.name in page and other.name not in page
            assert open_page(nav(client, "/notifications")[1]) == ["/notifications"]


def test_forms_in_a_kept_part_carry_the_sessions_own_token(make, oa_client):
    person = make.person("one")
    tokens = set()
    for _ in range(2):
        client = oa_client(person)
        page = client.get("/todo").get_data(as_text=True)
        found = set(re.findall(r'name="_csrf" value="([^"]+)"', page))
        assert len(found) == 1
        assert client.post("/sign-out", data={"_csrf": found.pop()}).status_code == 303
        tokens.add(re.search(r'name="oa-csrf" content="([^"]+)"', page)[1])
    assert len(tokens) == 2


def test_the_badge_follows_new_messages(make, oa_client, oa_app):
    from oa_kernel import notifications

    person = make.person("one")
    client = oa_client(person)
    assert "oa-badge" not in client.get("/todo").get_data(as_text=True)
    notifications.send("workflow.task", [person.id], "一件新的事")
    oa_app.config["OA_COUNTS"].clear()  # figures may be a few seconds old
    assert "oa-badge" in client.get("/todo").get_data(as_text=True)


def test_a_new_language_and_a_new_name_show_at_once(make, oa_client):
    from oa_kernel import identity

    person = make.person("one")
    client = oa_client(person)
    before = client.get("/todo").get_data(as_text=True)
    assert "退出" in before
    identity.update_person(person, name="改名后")
    assert "改名后" in client.get("/todo").get_data(as_text=True)
    client.set_cookie("oa_lang", "en")
    after = client.get("/todo").get_data(as_text=True)
    assert ('lang="en"' in after) == ("退出" not in after)
