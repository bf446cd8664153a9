"""An office that exchanges documents, and the other organisation: nothing but keys and the package format."""

import pytest
from oa_documents.models import Organisation, Outgoing

from oa_kernel import clock, files, workflow

from .other import PDF, Other


@pytest.fixture(scope="session")
def oa_settings():
    return {
        "organisation": {"name": "云岭市人民政府办公室"}, "security": {"highest_secrecy": "内部"},
        "plugins": {"documents": {"series": "云政办发"},
                    "exchange": {"allow_http_loopback": True, "timeout": 2, "max_package_mb": 2, "spool_mb": 1}},
    }


@pytest.fixture
def people(oa, make):
    unit = make.department("文电处")
    found = {
        "clerk": make.person("clerk", "何素芬", unit, roles=["documents_office", "exchange_clerk"], clearance=1),
        "keeper": make.person("keeper", "董安然", unit, roles=["exchange_security"], clearance=0),
        "stranger": make.person("stranger", "罗一鸣", unit),
    }
    workflow.sync_definitions()
    return found


@pytest.fixture
def other(people, tmp_path):
    """The other side, confirmed on ours, by file only."""
    from oa_exchange.services import partners

    found = Other("云岭市财政局", tmp_path / "other")
    partner = partners.add(found.descriptor(), people["keeper"], url="")
    found.partner = partners.confirm(partner, found.fingerprint[-16:], people["keeper"])
    assert Organisation.get(Organisation.id == found.partner.organisation_id).name == "云岭市财政局"
    return found


@pytest.fixture
def document(people):
    """A signed document as far as dispatching needs one."""
    clerk, now = people["clerk"], clock.now()
    formal = files.store_bytes(PDF, "正文.pdf", clerk)
    made = Outgoing.create(
        kind="通知", title="关于报送年度计划的通知", number="云政办发〔2026〕9号", state="signed", drafter_id=clerk.id,
        date=clock.today(), formal_file_id=formal.id, formal_sm3=formal.sm3, created_at=now, updated_at=now, signed_at=now)
    files.attach(formal, "documents.outgoing.formal", made.id)
    files.attach(files.store_bytes("附件".encode(), "附件1.txt", clerk), "documents.outgoing", made.id)
    return made
