"""The navigation leads nobody to pages that have nothing for them."""

from oa_kernel.web.shell import navigation


def urls(client_app, person):
    with client_app.test_request_context():
        return {item.url for group in navigation(person) for item in group.items}


def test_who_only_audits_gets_no_way_to_the_offices_work(oa_app, office, make):
    everybody = {"/documents/reviewing", "/documents/waiting", "/documents/internal", "/documents/register"}
    assert everybody <= urls(oa_app, make.person("nav_clerk", "经办"))
    assert not everybody & urls(oa_app, make.person("nav_audits", "审计", roles=["audit_admin"]))
