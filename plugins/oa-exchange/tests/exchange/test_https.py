"""HTTPS to a partner: who signed its certificate, for which name, until when; each fault says who can do what."""

import http.server
import threading

import pytest
from oa_exchange import settings, transport

from oa_kernel.testing.authority import Authority


class Door(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"card")

    def log_message(self, *_):
        """Says nothing."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def reached(oa, monkeypatch, authority):
    """What is fetched from a server with such a certificate, by the name of this machine."""
    servers, values = [], {"ca_file": str(authority.file), "timeout": 5, "allow_http_loopback": False}
    monkeypatch.setattr(settings, "get", values.__getitem__)

    def reach(context, ca=None):
        values["ca_file"] = str(ca or authority.file)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # the other side leaves in the middle of the greeting
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return transport.fetch(f"https://localhost:{server.server_port}/exchange/card")

    yield reach
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_certificate_of_the_authority_named_is_believed(reached, authority):
    assert reached(authority.context("localhost")) == b"card"


def test_another_authority_is_not(reached, authority, tmp_path):
    with pytest.raises(transport.Unreachable) as told:
        reached(authority.context("localhost"), ca=Authority(tmp_path, "Another CA").file)
    assert "不是由信任的机构签发" in told.value.message and "ca_file" in told.value.message


@pytest.mark.parametrize(("host", "days", "words"), [
    ("other.example.cn", 30, "请核对对方的地址"), ("localhost", -1, "已经过期：请对方更换证书")])
def test_nor_one_for_another_name_or_out_of_date(reached, authority, host, days, words):
    with pytest.raises(transport.Unreachable) as told:
        reached(authority.context(host, days=days))
    assert words in told.value.message


def test_a_file_of_authorities_that_is_not_there_or_none_is_named(reached, authority, tmp_path):
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    for file in (tmp_path / "none.pem", broken):
        with pytest.raises(transport.Unreachable) as told:
            reached(authority.context("localhost"), ca=file)
        assert file.name in told.value.message and "根证书" in told.value.message
