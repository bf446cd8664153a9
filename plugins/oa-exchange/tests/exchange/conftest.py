"""An office that exchanges documents, and the other organisation: nothing but keys and the package format."""

import pytest
from oa_documents.models import Organisation

from oa_kernel import workflow

from .other import Other


@pytest.fixture(scope="session")
def oa_settings():
    return {
        "organisation": {"name": "云岭市人民政府办公室"}, "security": {"highest_secrecy": "内部"},
        "plugins": {"documents": {"series": "云政办发"},
                    "exchange": {"allow_http_loopback": True, "timeout": 2, "max_package_mb": 2}},
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
