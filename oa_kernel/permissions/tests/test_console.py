"""At the console: what waits is listed, decided in a person's name by their password, or done by the way round."""

import json

import pytest
from click.testing import CliRunner

from oa_kernel import context, identity, notifications, permissions
from oa_kernel.cli import oa as command
from oa_kernel.errors import Forbidden
from oa_kernel.permissions import Change, Grant
from oa_kernel.testing.factories import PASSWORD

ROLE = "own.statistics"


@pytest.fixture
def run(office, make, oa_configure, oa_installation):
    for n in (1, 2):
        permissions.grant(make.person(f"safe{n}", f"安{n}"), "security_admin")
    permissions.create_role(ROLE, "看统计", {"kernel.workflow.statistics": "all"})
    oa_configure("security", second_person=["grants"])

    def invoke(*words, status=0, typed=None):
        done = CliRunner().invoke(command, ["--config", str(oa_installation.config_path), *words], input=typed)
        assert done.exit_code == status, (done.output, done.exception)
        return done

    yield invoke
    context.set_current(context.SYSTEM)


def test_a_change_asked_for_at_the_console_waits_and_is_confirmed_there_by_password(run, office):
    asked = run("role", "grant", "zhang", ROLE, "--until", "2099-12-31T18:00", "--reason", "替班")
    assert "尚未生效" in asked.stderr and Grant.select().where(Grant.role == ROLE).count() == 0
    row, = json.loads(run("permissions", "changes", "--json").stdout)
    assert row["state"] == "pending" and row["title"] == "把“看统计”授予张三，至 2099-12-31 18:00"
    assert "把“看统计”" in run("permissions", "changes").stdout
    number = str(row["id"])
    run("permissions", "confirm", number, "--as", "safe1", typed="falsch\n", status=1)
    run("permissions", "confirm", number, "--as", "zhang", typed=f"{PASSWORD}\n", status=1)
    assert Change.get_by_id(row["id"]).state == "pending"
    assert PASSWORD not in run("permissions", "confirm", number, "--as", "safe1", typed=f"{PASSWORD}\n").output
    grant = Grant.get(Grant.role == ROLE)
    assert grant.change_id == row["id"] and Change.get_by_id(row["id"]).decided_by is not None
    assert json.loads(run("permissions", "changes", "--json").stdout) == []
    assert len(json.loads(run("permissions", "changes", "--all", "--json").stdout)) == 1
    run("role", "prolong", "zhang", ROLE, "--until", "2100-01-01", "--reason", "延长")
    row, = json.loads(run("permissions", "changes", "--json").stdout)
    run("permissions", "refuse", str(row["id"]), "--as", "safe2", "--reason", "够了", typed=f"{PASSWORD}\n")
    assert Change.get_by_id(row["id"]).comment == "够了"
    with context.acting(context.Actor(channel="web")), pytest.raises(Forbidden):
        permissions.console_changes()


def test_the_way_round_is_at_once_and_told(run, office):
    run("role", "grant", "zhang", ROLE, "--break-glass", status=1)
    run("role", "grant", "zhang", ROLE, "--reason", "都不在", "--break-glass")
    assert [g.role for g in permissions.grants_to(office["zhang"])] == [ROLE]
    told = notifications.list_for(identity.by_username("safe1")).items
    assert "都不在" in told[0].body
    run("role", "prolong", "zhang", ROLE, "--until", "2099-01-01", "--reason", "只到年底", "--break-glass")
    assert Grant.get(Grant.role == ROLE).until.year == 2099
    run("role", "revoke", "zhang", ROLE, "--reason", "用完", "--break-glass")
    assert permissions.grants_to(office["zhang"]) == []
