"""What scripts say goes through ``t()`` and has an English text; the script of texts is small, cached and allowed."""

import json
import re
from pathlib import Path

import pytest

from oa_kernel.testing.conformance.static import bare_in_script
from oa_kernel.web import texts

from . import catalogue

ROOT = Path(__file__).parents[2]
SCRIPTS = [p for part in ("oa_kernel/web/static", "themes/*/*/static", "plugins/*/*/static") for folder in sorted(ROOT.glob(part))
           for p in sorted(folder.rglob("*.js")) if "vendor" not in p.parts]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda p: p.name)
def test_no_script_says_what_cannot_be_translated(path):
    assert list(bare_in_script(path)) == []


def test_the_scripts_that_speak_are_among_them():
    spoken = {p.name for p in SCRIPTS if list(texts.named(p))}
    assert {"oa.js", "documents.js"} <= spoken


def test_every_text_of_a_script_has_an_english_one():
    known = catalogue.english()
    for folder in sorted(ROOT.glob("plugins/*/*/translations")):
        from babel.messages.pofile import read_po

        with (folder / "en.po").open("rb") as file:
            known.update({m.id: m.string for m in read_po(file, locale="en") if m.id and m.string and not m.fuzzy})
    assert {text: p.name for p in SCRIPTS for _line, text in texts.named(p) if text not in known} == {}


@pytest.mark.parametrize(("line", "expected"), [
    ('say(t("没有保存"))', ["没有保存"]), ("x = t('一') + t(\"二\")", ["一", "二"]), ('oaText("三", {n: 1})', ["三"]),
    ('format("四")', []), ('a.t("五")', []), (r't("说“\"好\"”")', ['说“"好"”']),
])
def test_texts_are_found_in_a_script(tmp_path, line, expected):
    script = tmp_path / "a.js"
    script.write_text(line)
    assert [text for _line, text in texts.named(script)] == expected


@pytest.mark.parametrize(("line", "found"), [
    ('say("没有保存")', True), ("say(`共 ${n} 页`)", True), ('say(t("没有保存"))', False), ("// 说明", False),
    ('const A = "一二"; // not shown: digits', False), ("const P = /^[一二]/;", False),
])
def test_bare_chinese_in_a_script_is_found(tmp_path, line, found):
    script = tmp_path / "a.js"
    script.write_text(line)
    assert bool(list(bare_in_script(script))) is found


def spoken(client):
    page = client.get("/sign-in").text
    (address,) = re.findall(r'src="(/texts/[^"]+)"', page)
    answer = client.get(address)
    assert answer.status_code == 200 and answer.mimetype == "text/javascript"
    assert "immutable" in answer.headers["Cache-Control"]
    return json.loads(re.search(r"const texts = (.*);", answer.text).group(1)), address, page


def test_chinese_needs_no_texts_and_english_has_them(oa_client):
    client = oa_client()
    chinese, address, page = spoken(client)
    assert chinese == {} and page.index("/texts/") < page.index("oa.js")
    client.set_cookie("oa_lang", "en")
    english, other, _page = spoken(client)
    assert english["网络不通，没有保存"] == "No network; nothing was saved" and english["正在保存…"] == "Saving…"
    assert other != address


def test_an_unknown_language_is_not_there(oa_client):
    assert oa_client().get("/texts/xx/a.js").status_code == 404
