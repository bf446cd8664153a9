"""Who held which post when: any day can be asked about, acting holders too, and nothing that ended is lost."""

import datetime as dt

import pytest

from oa_kernel import clock, db, identity
from oa_kernel.errors import NotFound

DAY = dt.timedelta(days=1)


@pytest.fixture
def story(make):
    """周 was head until 1 March; 林 stood in for a month; 吴 has been head since 1 April."""
    office = make.department("综合处")
    head = make.post(office, "处长", "head")
    zhou, lin, wu = (make.person(u, n, office) for u, n in (("zhou", "周"), ("lin", "林"), ("wu", "吴")))
    identity.assign(zhou, head, since=dt.date(2025, 1, 1), until=dt.date(2026, 3, 1))
    identity.assign(lin, head, acting=True, since=dt.date(2026, 3, 1), until=dt.date(2026, 4, 1))
    identity.assign(wu, head, since=dt.date(2026, 4, 1))
    return office


@pytest.mark.oa_databases
@pytest.mark.parametrize(("on", "who"), [
    ("2024-12-31", []), ("2026-02-28", [("周", False)]), ("2026-03-01", [("林", True)]), ("2026-04-01", [("吴", False)]),
])
def test_who_was_head_on_a_day(story, on, who):
    held = identity.holders_in(story, dt.date.fromisoformat(on), kind="head")
    assert [(h.person.name, h.acting) for h in held] == who


def test_all_that_ever_held_a_post_newest_first(story):
    assert [h.person.name for h in identity.holders_in(story)] == ["吴", "林", "周"]


def test_several_posts_of_one_person_are_told_with_their_days(story, make):
    lin = identity.by_username("lin")
    identity.assign(lin, make.post(story, "科员"), since=dt.date(2024, 1, 1))
    assert [(h.post.title, h.acting) for h in identity.history_of(lin)] == [("处长", True), ("科员", False)]


def test_a_post_taken_back_before_it_began_was_never_held(story, make):
    lin = identity.by_username("lin")
    later = identity.assign(lin, make.post(story, "副处长", "deputy_head"), since=clock.today() + 5 * DAY)
    identity.end_assignment(later)
    assert [h.post.title for h in identity.history_of(lin)] == ["处长"]


def test_a_history_is_one_query(story):
    lin = identity.by_username("lin")
    with db.count_queries() as asked:
        [(h.post.department.name, h.post.title) for h in identity.history_of(lin)]
    assert len(asked) == 1


def test_whoever_may_not_see_a_department_sees_nobody_there(story, make, monkeypatch):
    from oa_kernel import permissions

    other = make.person("other", "外人", make.department("外处"))
    assert identity.holders_seen(other, story.id, None)["holders"]
    kept = permissions.scopes_of
    monkeypatch.setattr(permissions, "scopes_of", lambda p: {k: v for k, v in kept(p).items() if k != "kernel.people.read"})
    with pytest.raises(NotFound):
        identity.holders_seen(other, story.id, None)


def test_by_the_command_line(story, oa_installation):
    import json

    from click.testing import CliRunner

    from oa_kernel.cli import oa

    def posts(*more):
        done = CliRunner().invoke(oa, ["--config", str(oa_installation.config_path), "user", "posts", "lin", "--json", *more])
        assert done.exit_code == 0, done.output
        return [(r["title"], r["acting"], r["since"]) for r in json.loads(done.stdout)]

    assert posts() == posts("--on", "2026-03-15") == [("处长", True, "2026-03-01")]
    assert posts("--on", "2026-04-01") == []
