"""Templates keep to the house's rules: nothing inline, icons that exist, words in both languages."""

import re

import pytest

from . import catalogue

ALL = [path for part in catalogue.PARTS for path in catalogue.templates(part)]
ICONS = catalogue.ROOT / "themes/oa-theme-default/oa_theme_default/icons.txt"


@pytest.mark.parametrize("path", ALL, ids=lambda p: p.name)
def test_nothing_is_inline(path):
    text = path.read_text("utf-8")
    assert not re.search(r"\sstyle\s*=", text), "a style attribute: the content security policy refuses it"
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text), "an inline handler"
    for tag in re.findall(r"<script\b[^>]*>", text):
        assert "src=" in tag, "an inline script"


def test_every_icon_is_in_the_sprite():
    known = {line.split("#")[0].strip() for line in ICONS.read_text("utf-8").splitlines()}
    used = {}
    for path in ALL:
        for name in re.findall(r"icon\(\s*'([a-z0-9-]+)'", path.read_text("utf-8")):
            used[name] = path.name
    assert {name: where for name, where in used.items() if name not in known} == {}


def test_every_icon_of_the_navigation_is_in_the_sprite(oa):
    from oa_kernel import builtin

    known = {line.split("#")[0].strip() for line in ICONS.read_text("utf-8").splitlines()}
    used = {item.icon for hook in ("oa_navigation", "oa_widgets") for item in builtin.collect(hook)}
    assert used - known == set()


def test_every_icon_of_an_action_and_a_state_is_in_the_sprite():
    from oa_kernel.web.pages import cases

    known = {line.split("#")[0].strip() for line in ICONS.read_text("utf-8").splitlines()}
    assert {*(a[1] for a in cases.ACTIONS.values()), *(s[1] for s in cases.STATES.values())} - known == set()


@pytest.mark.parametrize("part", catalogue.PARTS)
def test_everything_on_screen_has_an_english_text(part):
    assert catalogue.missing(part) == {}


def test_the_navigation_has_an_english_text(oa):
    from oa_kernel import builtin

    known = catalogue.english()
    titles = {item.title for hook in ("oa_navigation", "oa_widgets") for item in builtin.collect(hook)}
    assert titles - set(known) == set()


def test_translations_keep_their_placeholders():
    wrong = {}
    for text, translation in catalogue.english().items():
        if sorted(re.findall(r"%\(\w+\)s", text)) != sorted(re.findall(r"%\(\w+\)s", translation)):
            wrong[text] = translation
    assert wrong == {}
