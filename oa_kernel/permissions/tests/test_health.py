"""The line of ``oa doctor`` about the three administrators: also what no service let through is found."""

import json

from click.testing import CliRunner

from oa_kernel import clock, identity, permissions
from oa_kernel.cli import oa as command
from oa_kernel.permissions.models import Grant


def test_three_administrators_are_there_and_apart(oa, oa_installation, make):
    def doctor():
        result = CliRunner().invoke(command, ["--config", str(oa_installation.config_path), "doctor", "--json"], standalone_mode=False)
        line, = [line for line in json.loads(result.stdout) if line["title"] == "三员分立"]
        return line["state"], line["message"], result.return_value

    system, safe = make.person("sys", "系", roles=["system_admin"]), make.person("safe", "安", roles=["security_admin"])
    state, said, _ = doctor()
    assert state == "warning" and "审计管理员" in said and "系统管理员" not in said
    auditor = make.person("aud", "审", roles=["audit_admin"])
    assert doctor()[0] == "ok"
    identity.disable_person(auditor)
    assert doctor()[0] == "warning", "who cannot sign in administers nothing"
    # a row written past the services
    Grant.create(subject_kind="person", subject_id=system.id, role="security_admin", since=clock.today(), granted_at=clock.now())
    state, said, code = doctor()
    assert state == "problem" and "系（系统管理员和安全管理员）" in said and code == 1 and "安" not in said.split("（")[0]
    permissions.revoke(("person", system.id), "security_admin")
    assert doctor()[0] == "warning" and permissions.granted_to("person", safe.id) == ["security_admin"]
