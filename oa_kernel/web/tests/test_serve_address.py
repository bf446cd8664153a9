"""Where links in mail lead, beside where the service answers."""

import pytest

from oa_kernel.cli.serve import links_lead_elsewhere


@pytest.mark.parametrize("base_url, scheme, port", [
    ("http://127.0.0.1:8000", "http", 8000), ("http://localhost", "http", 80), ("https://127.0.0.1", "https", 443),
    ("https://oa.example.org", "http", 8000),  # a proxy stands before it
])
def test_nothing_is_said_where_they_lead_here_or_to_a_proxy(base_url, scheme, port):
    assert links_lead_elsewhere(base_url, scheme, port) == ""


@pytest.mark.parametrize("base_url, scheme, port", [
    ("http://127.0.0.1:8000", "http", 8001), ("http://localhost:8000", "https", 8000), ("http://[::1]", "http", 8000)])
def test_the_setting_and_the_port_are_named_where_they_lead_elsewhere(base_url, scheme, port):
    told = links_lead_elsewhere(base_url, scheme, port)
    assert base_url in told and str(port) in told and "web.base_url" in told
