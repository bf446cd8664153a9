"""The link of a forgotten password in the browser: used once, and afterwards the way to another."""

import pytest

from oa_kernel import identity
from oa_kernel.web.tests.pages import plain


@pytest.fixture
def client(oa_configure, oa_client, tmp_path):
    oa_configure("mail", folder=str(tmp_path / "mail"))
    return oa_client(None)


def link(make):
    make.person("zhangwuji", "林", email="lin@x.cn")
    return "/forgotten/" + identity.reset_mail(identity.begin_reset("zhangwuji"))[1]


def said(answer):
    return answer.status_code, answer.text.split("<h1")[1].split("</main>")[0]


def token(text):
    return text.split('name="_csrf" value="')[1].split('"')[0]


def test_a_used_link_leads_to_another(client, make):
    path = link(make)
    first = client.get(path)
    sent = {"password": "Brand-New-77", "again": "Brand-New-77", "_csrf": token(first.text)}
    assert client.post(path, data=sent).headers["Location"] == "/sign-in"
    for answer in (client.get(path), client.post(path, data=sent)):
        assert answer.status_code == 404
        assert "链接已失效" in plain(answer.text) and 'href="/forgotten"' in answer.text and "zhangwuji" not in plain(answer.text)


def test_a_made_up_link_looks_like_a_used_one(client, make):
    path = link(make)
    form = client.get(path)
    client.post(path, data={"password": "Brand-New-77", "again": "Brand-New-77", "_csrf": token(form.text)})
    assert said(client.get(path)) == said(client.get("/forgotten/" + "x" * 43))
