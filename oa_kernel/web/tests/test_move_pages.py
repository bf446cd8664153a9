"""Moving somebody: what would change is shown, then done whole, and told; nothing happens on the way there."""

from __future__ import annotations

import re

import pytest

from oa_kernel import identity, permissions, workflow
from oa_kernel.web import moving
from oa_kernel.web.tests.pages import Browser, last_event
from oa_kernel.workflow.models import Task


@pytest.fixture
def units(make):
    first, second = make.department("综合处"), make.department("档案处")
    old, new = make.post(first, "处长", "head"), make.post(second, "处长", "head")
    permissions.grant(old, "phone_book")
    lin = make.person("lin", "林晓岚", first)
    identity.assign(lin, old)
    make.person("wu", "吴", first)
    return first, second, old, new, lin


@pytest.fixture
def admin(make, oa_client, units):
    someone = make.person("sys", "管理员", units[0], roles=["system_admin"])
    return Browser(oa_client(someone), someone)


@pytest.fixture
def waiting(units, make):
    """A case that waits for 林."""
    workflow.publish("name: test.move\ntitle: 事项\nversion: 1\nsteps:\n"
                     "  - {id: draft, title: 拟稿, people: drafter, next: check}\n"
                     "  - {id: check, title: 审核, people: {user: lin}, next: end}\n", by=None)
    return workflow.start("test.move", "一件事", {}, identity.by_username("wu"))


def plan(units, **more):
    return {"department": str(units[1].id), "posts": str(units[3].id), **more}


def version(page):
    return re.search(r'name="version" value="(\d+)"', page)[1]


def test_seen_before_then_done_and_told(admin, units):
    first, second, old, new, lin = units
    path = f"/admin/people/{lin.id}/move"
    assert "新的部门" in admin.get(path)
    page = admin.post(path, step="preview", **plan(units))
    assert "还没有改动" in page and "综合处 → 档案处" in page and "查看全部手机号码" in page
    assert identity.get(lin.id).department_id == first.id
    page = admin.post(path, step="do", version=version(page), **plan(units))
    assert "林晓岚已调动" in page and "综合处 处长" in page and "档案处 处长" in page
    assert identity.get(lin.id).department_id == second.id
    assert [h.post_id for h in identity.holdings(lin)] == [new.id]
    assert last_event("person.moved").after["roles_lost"] == ["phone_book"]


def test_a_second_click_changes_nothing(admin, units):
    path = f"/admin/people/{units[4].id}/move"
    seen = version(admin.post(path, step="preview", **plan(units)))
    admin.post(path, step="do", version=seen, **plan(units))
    assert "刚刚有变动" in admin.post(path, 409, step="do", version=seen, **plan(units))


def test_open_work_goes_along_in_the_same_transaction(admin, units, waiting):
    lin, path = units[4], f"/admin/people/{units[4].id}/move"
    assert "手上的 1 件工作移交给" in admin.get(path)
    sent = plan(units, to="wu", reason="调离")
    page = admin.post(path, step="preview", **sent)
    assert "1 件，给吴" in page
    assert "1 件，给吴" in admin.post(path, step="do", version=version(page), **sent)
    task = Task.select().order_by(Task.id.desc()).get()
    assert task.assignee_id == identity.by_username("wu").id and task.for_id == lin.id


def test_where_the_work_cannot_be_handed_over_nobody_moves(admin, units, waiting, monkeypatch):
    lin = units[4]

    def fail(*_args, **_named):
        raise RuntimeError("no")

    monkeypatch.setattr(workflow, "hand_over", fail)
    wanted = moving.Plan(units[1].id, [units[3].id], successor=identity.by_username("wu"), reason="调离")
    with pytest.raises(RuntimeError):
        moving.move(identity.get(lin.id), wanted, version=identity.get(lin.id).version, by=admin.person)
    assert identity.get(lin.id).department_id == units[0].id
    assert [h.post_id for h in identity.holdings(lin)] == [units[2].id]


def test_mistakes_stand_beside_their_fields_and_what_was_chosen_stays(admin, units):
    path = f"/admin/people/{units[4].id}/move"
    page = admin.post(path, 422, step="preview", department="", on="2026-12-01")
    assert "请选择新的部门" in page and 'value="2026-12-01"' in page
    page = admin.post(path, 422, step="preview", department=str(units[0].id), posts=str(units[3].id))
    assert "不在综合处" in page or "请选择综合处的职务" in page
    assert f'<option value="{units[3].id}" selected>' in page
    assert "没有在用的用户名“nobody”" in admin.post(path, 422, step="preview", **plan(units, to="nobody"))
    assert "移交要写明理由" in admin.post(path, 422, step="preview", **plan(units, to="wu"))


def test_back_from_the_preview_keeps_the_choice(admin, units):
    page = admin.post(f"/admin/people/{units[4].id}/move", step="back", **plan(units))
    assert f'<option value="{units[3].id}" selected>' in page and f'<option value="{units[1].id}" selected>' in page


def test_only_who_manages_people_moves_them(units, make, oa_client):
    clerk = make.person("clerk", "经办", units[0])
    browser = Browser(oa_client(clerk), clerk)
    assert browser.status(f"/admin/people/{units[4].id}/move") in (403, 404)
    browser.post(f"/admin/people/{units[4].id}/move", 403, step="do", version="0", **plan(units))
    assert identity.get(units[4].id).department_id == units[0].id
