"""Drafts of definitions: kept at every change, nobody's work overwritten unseen, put into force with what goes with it."""

import pytest

from oa_kernel import audit, workflow
from oa_kernel.errors import Conflict, Forbidden, Invalid, NotFound
from oa_kernel.workflow import drafts, store
from oa_kernel.workflow.models import WorkflowDefinition, WorkflowDraft

TEXT = "# 处里定的\nname: t.case\ntitle: 一件事\nversion: 3\nsteps:\n  - {id: draft, title: 拟稿, people: drafter, next: end}\n"


@pytest.fixture
def admin(desk):
    return desk.admin


@pytest.fixture
def other(desk, make):
    return make.person("other", "另一管理员", roles=["system_admin"])


def test_a_new_one_begins_with_the_drafter_and_can_be_published_at_once(admin):
    made = drafts.begin("office.new", "新流程", admin)
    assert made.version == 1 and drafts.problems(made) == []
    assert drafts.publish("office.new", 1, admin).version == 1
    assert workflow.definition("office.new").title == "新流程"


def test_nothing_is_written_until_something_is_changed(admin):
    workflow.publish(TEXT)
    assert (drafts.get("t.case", admin).version, WorkflowDraft.select().count()) == (0, 0)
    assert drafts.save("t.case", TEXT, 0, admin).version == 0
    assert WorkflowDraft.select().count() == 0


def test_a_change_is_kept_and_what_is_in_force_stays(admin):
    workflow.publish(TEXT)
    kept = drafts.edit("t.case", [{"op": "head", "values": {"title": "改了"}}], 0, admin)
    assert (kept.version, kept.base_version, kept.changed_by) == (1, 3, "admin")
    assert "# 处里定的" in kept.text
    assert workflow.definition("t.case").title == "一件事"


def test_who_was_slower_is_told_what_stands_there_and_overwrites_nothing(admin, other):
    drafts.begin("t.new", "新", admin)
    theirs = drafts.edit("t.new", [{"op": "head", "values": {"title": "他改的"}}], 1, other)
    with pytest.raises(Conflict) as told:
        drafts.save("t.new", "name: t.new\n# 我改的\n", 1, admin)
    assert told.value.code == "draft_changed"
    assert told.value.details == {"version": 2, "by": "另一管理员", "text": theirs.text}
    with pytest.raises(Conflict):
        drafts.edit("t.new", [{"op": "head", "values": {"title": "我改的"}}], 1, admin)
    with pytest.raises(Conflict):
        drafts.publish("t.new", 1, admin)
    assert drafts.get("t.new", admin).text == theirs.text


def test_a_wrong_text_is_kept_and_not_published(admin):
    drafts.begin("t.new", "新", admin)
    kept = drafts.save("t.new", "name: t.new\nsteps: [", 1, admin)
    assert [p.line for p in drafts.problems(kept)] == [2]
    with pytest.raises(Invalid, match="第 2 行"):
        drafts.publish("t.new", kept.version, admin)
    assert drafts.get("t.new", admin).version == kept.version, "the draft is still there"


def test_the_version_grows_when_it_is_published(admin):
    workflow.publish(TEXT)
    drafts.edit("t.case", [{"op": "head", "values": {"title": "改了"}}], 0, admin)
    made = drafts.publish("t.case", 1, admin)
    assert (made.version, made.source, made.published_by) == (4, "published", admin.id)
    assert "# 处里定的\n" in made.text and "version: 4\n" in made.text
    assert WorkflowDraft.select().count() == 0
    event = audit.events(action="workflow.publish").items[0]
    assert event.after["version"] == 4 and event.before["version"] == 3


def test_another_name_in_the_text_is_refused(admin):
    drafts.begin("t.new", "新", admin)
    kept = drafts.save("t.new", "name: t.other\ntitle: 新\nsteps: [{id: a, people: drafter, next: end}]\n", 1, admin)
    assert "name 应是 t.new" in drafts.problems(kept)[0].message
    with pytest.raises(Invalid, match=r"t\.other"):
        drafts.publish("t.new", kept.version, admin)


def test_a_draft_knows_that_another_text_was_put_into_force_meanwhile(admin):
    workflow.publish(TEXT)
    drafts.edit("t.case", [{"op": "head", "values": {"title": "改了"}}], 0, admin)
    assert not drafts.get("t.case", admin).overtaken
    workflow.publish(TEXT.replace("version: 3", "version: 7"))
    assert drafts.get("t.case", admin).overtaken
    assert drafts.publish("t.case", 1, admin).version == 8


def test_thrown_away_is_recorded(admin):
    drafts.begin("t.new", "新", admin)
    drafts.discard("t.new", admin)
    with pytest.raises(NotFound):
        drafts.get("t.new", admin)
    assert audit.events(action="workflow.draft_discard").items


@pytest.mark.parametrize(("name", "title", "field"), [
    ("", "新", "name"), ("Office", "新", "name"), ("a b", "新", "name"), ("t.case", "新", "name"), ("t.new", " ", "title")])
def test_names_that_cannot_be_are_told_beside_the_field(admin, name, title, field):
    workflow.publish(TEXT)
    with pytest.raises(Invalid) as told:
        drafts.begin(name, title, admin)
    assert list(told.value.errors) == [field]


def test_a_copy_keeps_everything_but_its_name(admin):
    workflow.publish(TEXT)
    made = drafts.begin("t.second", "另一件", admin, copy_of="t.case")
    assert made.text == TEXT.replace("t.case", "t.second").replace("一件事", "另一件").replace("version: 3", "version: 1")


@pytest.mark.parametrize("call", [
    lambda by: drafts.begin("t.new", "新", by), lambda by: drafts.get("t.case", by),
    lambda by: drafts.save("t.case", "", 0, by), lambda by: drafts.edit("t.case", [], 0, by),
    lambda by: drafts.discard("t.case", by), lambda by: drafts.publish("t.case", 0, by),
    lambda by: workflow.publish(TEXT, by)])
def test_only_who_manages_workflows(desk, call):
    workflow.publish(TEXT)
    with pytest.raises(Forbidden):
        call(desk.drafter)


def test_a_file_of_the_folder_does_not_undo_what_was_published_after_it(admin, oa):
    folder = oa.config.folder / store.FOLDER
    folder.mkdir(exist_ok=True)
    (folder / "case.yaml").write_text(TEXT, encoding="utf-8")
    workflow.sync_definitions()
    drafts.edit("t.case", [{"op": "head", "values": {"title": "网页上改的"}}], 0, admin)
    drafts.publish("t.case", 1, admin)
    workflow.sync_definitions()
    assert workflow.definition("t.case").title == "网页上改的"
    (folder / "case.yaml").write_text(TEXT.replace("一件事", "文件里又改了"), encoding="utf-8")
    assert workflow.sync_definitions() == ["t.case"]
    assert workflow.definition("t.case").title == "文件里又改了"


def test_cases_on_older_versions_are_counted(desk, count_queries):
    workflow.publish(TEXT.replace("next: end", "next: a").rstrip("\n") + "\n  - {id: a, people: {user: a}, next: end}\n")
    desk.start(), desk.start()
    drafts.edit("t.case", [{"op": "head", "values": {"title": "改了"}}], 0, desk.admin)
    drafts.publish("t.case", 1, desk.admin)
    desk.start()
    with count_queries() as queries:
        found = drafts.versions("t.case")
    assert [(v["row"].version, v["alive"], v["row"].current) for v in found] == [(4, 1, True), (3, 2, False)]
    assert len(queries) == 2
    assert drafts.alive_counts() == {"t.case": 3}
    assert WorkflowDefinition.select().count() == 2
