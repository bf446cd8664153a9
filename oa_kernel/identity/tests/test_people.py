"""People: what is accepted, what is refused, what a change leaves behind."""

import pytest

from oa_kernel import identity, signals
from oa_kernel.audit.models import Event
from oa_kernel.errors import Conflict, Forbidden, Invalid
from oa_kernel.identity.models import Person

PASSWORD = "Kraftwerk-7-Lampe"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", ""), ("username", "有空 格"), ("username", "-x"), ("username", "a" * 65), ("username", "a/b"),
        ("name", " "), ("name", "张<b>三"), ("email", "nobody"), ("email", "a@b c.cn"), ("mobile", "abc"),
    ],
)
def test_a_wrong_field_is_named_and_nobody_is_made(oa, field, value):
    with pytest.raises(Invalid) as caught:
        identity.create_person(**{"username": "zhang", "name": "张三", field: value})
    assert list(caught.value.errors) == [field]
    assert Person.select().count() == 0


def test_all_wrong_fields_are_told_at_once(oa):
    with pytest.raises(Invalid) as caught:
        identity.create_person("空", "", email="x", password="short")
    assert set(caught.value.errors) == {"username", "name", "email", "password"}
    assert len(caught.value.errors["password"]) > 1


def test_a_user_name_is_taken_once_in_any_case(oa):
    identity.create_person("zhang", "张三")
    with pytest.raises(Invalid) as caught:
        identity.create_person("Zhang", "张四")
    assert "zhang" in caught.value.errors["username"][0]
    assert identity.by_username(" ZHANG ").name == "张三"


def test_a_first_password_has_to_be_changed(oa):
    person = identity.create_person("zhang", "张三", password=PASSWORD)
    assert person.password_expired
    assert identity.pending_steps(person) == ["password", "profile"]


def test_a_change_counts_up_the_version_and_tells_before_and_after(make):
    person = make.person("zhang", "张三")
    heard = []

    def listen(sender, person, before):
        heard.append((before["name"], person.name))

    with signals.person_changed.connected_to(listen):
        changed = identity.update_person(person, name="张三丰")
    assert changed.version == person.version + 1
    assert heard == [("张三", "张三丰")]
    event = Event.select().where(Event.action == "person.changed").get()
    assert event.after == {"name": "张三丰"} and event.object_id == str(person.id)


def test_changing_nothing_leaves_nothing(make):
    person = make.person("zhang", "张三")
    events = Event.select().count()
    assert identity.update_person(person, name="张三").version == person.version
    assert Event.select().count() == events


def test_a_receiver_that_refuses_undoes_the_change(make):
    person = make.person("zhang", "张三")

    def refuse(sender, **_):
        raise Conflict("不行")

    with signals.person_changed.connected_to(refuse), pytest.raises(Conflict):
        identity.update_person(person, name="张三丰")
    assert identity.get(person.id).name == "张三"
    assert not Event.select().where(Event.action == "person.changed").exists()


def test_disabling_ends_sessions_and_tokens_at_once(make):
    person = make.person("zhang")
    _, session = identity.open_session(person)
    _, token = identity.create_token(person)
    identity.disable_person(person)
    assert identity.session_by_secret(session) is None
    identity.enable_person(person)
    assert identity.session_by_secret(session) is None
    with pytest.raises(Exception, match="撤销"):
        identity.token_by_secret(token)


def test_nobody_disables_or_clears_themselves(make):
    person = make.person("zhang")
    with pytest.raises(Forbidden):
        identity.disable_person(person, by=person)
    with pytest.raises(Forbidden):
        identity.set_clearance(person, 0, by=person)


def test_clearance_ends_at_what_the_installation_may_hold(make):
    person = make.person("zhang")
    identity.set_clearance(person, 0)
    assert identity.get(person.id).clearance == 0
    with pytest.raises(Invalid) as caught:
        identity.set_clearance(person, 3)
    assert "内部" in caught.value.errors["clearance"][0]


def test_secrets_never_reach_the_record(make):
    person = make.person("zhang", password=PASSWORD)
    identity.set_password(person, "Andere-Lampe-88")
    _, session = identity.open_session(person)
    _, token = identity.create_token(person)
    secret, _ = identity.begin_totp(person)
    row = identity.get(person.id)
    written = " ".join(f"{e.title} {e.before} {e.after}" for e in Event.select())
    for hidden in (PASSWORD, "Andere-Lampe-88", session, token, secret, row.password_hash, row.totp_pending):
        assert hidden not in written


class TestFirstSignIn:
    """Name, department and post are filled in once; rights cannot be taken that way."""

    @pytest.fixture
    def newcomer(self, oa):
        return identity.create_person("new", "新人", password=PASSWORD, password_expired=False)

    def test_name_department_and_post_are_completed(self, make, newcomer):
        office = make.department("综合处")
        done = identity.complete_profile(newcomer, "李四", office, "科员", mobile="13800000000")
        assert (done.name, done.department_id, done.completed) == ("李四", office.id, True)
        assert [h.post.title for h in identity.holdings(done)] == ["科员"]
        assert identity.pending_steps(done) == []

    def test_the_same_title_is_the_same_post(self, make, newcomer):
        office = make.department("综合处")
        post = make.post(office, "科员")
        identity.complete_profile(newcomer, "李四", office, "科员")
        assert [h.post_id for h in identity.holdings(newcomer)] == [post.id]

    def test_what_is_missing_is_named(self, newcomer):
        with pytest.raises(Invalid) as caught:
            identity.complete_profile(newcomer, "")
        assert set(caught.value.errors) == {"name", "department", "post"}

    def test_nobody_makes_themselves_head(self, make, newcomer):
        office = make.department("综合处")
        with pytest.raises(Invalid, match="资料"):
            identity.complete_profile(newcomer, "李四", office, make.post(office, "处长", "head"))
        assert not identity.get(newcomer.id).completed

    def test_a_post_with_roles_is_not_taken(self, make, newcomer):
        from oa_kernel import permissions

        office = make.department("综合处")
        post = make.post(office, "系统维护")
        permissions.grant(post, "system_admin")
        with pytest.raises(Invalid):
            identity.complete_profile(newcomer, "李四", office, post)

    def test_a_department_that_was_set_stays(self, make):
        person = identity.create_person("new", "新人", department=make.department("综合处"))
        with pytest.raises(Invalid) as caught:
            identity.complete_profile(person, "李四", make.department("业务处"), "科员")
        assert "department" in caught.value.errors

    def test_it_is_done_once(self, make, newcomer):
        office = make.department("综合处")
        identity.complete_profile(newcomer, "李四", office, "科员")
        with pytest.raises(Conflict):
            identity.complete_profile(newcomer, "王五", office, "科员")


def test_a_page_of_people_is_one_query_whatever_their_number(make, count_queries):
    office = make.department("综合处")
    for i in range(7):
        make.person(f"clerk{i}", f"文书{i}", department=office)
    with count_queries() as statements:
        page = identity.list_people(q="文书", limit=5)
        assert [p.department.name for p in page.items] == ["综合处"] * 5
    assert len(statements) == 1
    assert len(identity.list_people(q="文书", limit=5, cursor=page.next).items) == 2


def test_the_directory_tells_posts_and_roles_in_few_queries(make, count_queries):
    office = make.department("综合处")
    for i in range(6):
        make.person(f"clerk{i}", f"文书{i}", department=office, posts=[("科员", "member")])
    make.person("chief", "处长", department=office, posts=[("处长", "head")], roles=["system_admin"])
    with count_queries() as statements:
        rows = identity.directory()
    assert len(statements) <= 4
    assert rows[0] == {
        "username": "chief", "name": "处长", "department": "综合处", "posts": ["处长"], "roles": ["system_admin"],
        "active": True,
    }


def test_a_password_hashed_before_stays(oa):
    identity.create_person("zhang", "张三", password_hash=identity.hash_password(PASSWORD), completed=True)
    assert identity.pending_steps(identity.authenticate("zhang", PASSWORD)) == []


def test_where_only_public_things_may_be_held_nobody_is_cleared_for_more(oa_installation, oa):
    from oa_kernel import runtime

    oa_installation.settings["security"] = {"highest_secrecy": "公开"}
    oa_installation.write()
    runtime.boot(oa_installation.config_path)
    assert identity.create_person("zhang", "张三").clearance == 0
