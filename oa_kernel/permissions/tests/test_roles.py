"""Declared roles are checked, own ones can be made."""

import pytest

from oa_kernel import permissions
from oa_kernel.errors import Conflict, Invalid, NotFound


def test_roles_of_kernel_and_plugins_stand_beside_each_other(oa):
    found = permissions.roles()
    assert {"member", "system_admin", "security_admin", "audit_admin", "papers.writer"} <= set(found)
    assert (found["member"].owner, found["papers.writer"].owner) == ("kernel", "papers")
    assert found["member"].everyone


def test_the_three_administrators_share_no_permission_but_have_each_their_own(oa):
    found = permissions.roles()
    held = [set(found[n].permissions) for n in ("system_admin", "security_admin", "audit_admin")]
    assert all(held) and not (held[0] & held[1] or held[1] & held[2] or held[0] & held[2])
    known = permissions.registered()
    for name, domain in (("system_admin", "system"), ("security_admin", "security"), ("audit_admin", "audit")):
        assert domain in {known[p].domain for p in found[name].permissions}
        # figures of workflows, for one, may be given to others too
        assert {known[p].domain for p in found[name].permissions} <= {domain, "business"}


def test_a_plugins_role_cannot_smuggle_an_administrators_right(oa):
    assert dict(permissions.role("papers.sneaky").permissions) == {"papers.read": "all"}


def test_a_plugin_cannot_make_everybody_an_administrator(office):
    assert not permissions.allows(office["zhang"], "papers.lock")


def test_an_own_role_does_what_it_says(office):
    permissions.create_role("own.reader", "查阅员", {"papers.read": "department"}, description="年终检查")
    permissions.grant(office["zhang"], "own.reader")
    assert permissions.scopes_of(office["zhang"])["papers.read"].departments == {office["general"].id}
    permissions.update_role("own.reader", permissions={"papers.read": "all"}, title="总查阅员")
    assert permissions.scopes_of(office["zhang"])["papers.read"].all
    role = permissions.role("own.reader")
    assert (role.title, role.description, role.owner) == ("总查阅员", "年终检查", "")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "有空格"}, "name"), ({"name": "papers.all"}, "name"), ({"title": " "}, "title"),
        ({"domain": "galaxy"}, "domain"), ({"permissions": {"no.such": "all"}}, "permissions"),
        ({"permissions": {"papers.read": "galaxy"}}, "permissions"),
        ({"permissions": {"kernel.audit.read": "all"}}, "permissions"),
        ({"permissions": {"kernel.audit.read": "all"}, "domain": "system"}, "permissions"),
        ({"permissions": {"kernel.tasks.own": "department"}}, "permissions"),
    ],
)
def test_a_wrong_role_names_the_field(oa, changes, field):
    with pytest.raises(Invalid) as caught:
        permissions.create_role(**{"name": "own.x", "title": "某", "permissions": {"papers.read": "all"}, **changes})
    assert list(caught.value.errors) == [field]
    assert permissions.role("own.x") is None


def test_declared_roles_are_not_changed(oa):
    with pytest.raises(Conflict):
        permissions.update_role("papers.all", title="别的")
    with pytest.raises(Conflict):
        permissions.delete_role("system_admin")
    with pytest.raises(NotFound):
        permissions.delete_role("no.such")


def test_a_role_in_use_is_not_removed(office):
    permissions.create_role("own.reader", "查阅员", {"papers.read": "all"})
    made = permissions.grant(office["zhang"], "own.reader")
    with pytest.raises(Conflict, match="1 条授权"):
        permissions.delete_role("own.reader")
    permissions.revoke(made)
    permissions.delete_role("own.reader")
    assert permissions.role("own.reader") is None


def test_a_plugin_that_breaks_takes_its_permissions_along(office, oa):
    permissions.grant(office["zhang"], "papers.all")
    assert permissions.allows(office["zhang"], "papers.read")
    oa.plugins.mark_broken("papers", "测试")
    assert "papers.read" not in permissions.registered()
    assert permissions.allows(office["li"], "kernel.tasks.own")
