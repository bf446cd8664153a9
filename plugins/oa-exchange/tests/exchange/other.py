"""The other organisation: its keys and what it sends. Uses the format and none of the services."""

import datetime as dt
import io
import json
import secrets

from oa_exchange import package
from oa_exchange.services import identity, messages

from oa_kernel import clock, crypto

FIELDS = {"number": "云财〔2026〕7号", "title": "云岭市财政局关于报送决算的通知", "kind": "通知", "urgency": "加急", "secrecy": "公开",
          "secrecy_term": "", "dated_on": "2026-11-20", "sender": "谁都可以写的名称"}


def _page():
    import pypdf

    writer, out = pypdf.PdfWriter(), io.BytesIO()
    writer.add_blank_page(200, 200)
    writer.write(out)
    return out.getvalue()


PDF = _page()


class Other:
    def __init__(self, name, folder, days=100, not_before=None):
        self.name, ring = name, crypto.KeyRing.create(folder)
        self.signing, self.opening = ring.signing("exchange"), ring.signing("exchange.encryption")
        when = {"days": days, "not_before": not_before or clock.now() - dt.timedelta(hours=1)}
        self.der = crypto.certificate.issue(name, name, self.signing.public, private=self.signing.private, **when)
        self.second = crypto.certificate.issue(name, name, self.opening.public, issuer=self.der,
                                               issuer_private=self.signing.private, **when)
        self.fingerprint = crypto.certificate.parse(self.der).fingerprint

    def descriptor(self, url=""):
        return package.make_descriptor(self.name, url, self.signing, self.der, self.second)

    def pack(self, type="document", manifest=None, files=(("决算.pdf", PDF),), **header):
        """A package for us, and its id."""
        own = identity.current()
        listed = [{"name": n, "size": len(d), "sm3": crypto.sm3_hex(d), "mime": "application/pdf"} for n, d in files]
        body = {"document": FIELDS} if manifest is None else manifest
        text = json.dumps({**body, "files": listed}, ensure_ascii=False).encode()
        given = {"id": secrets.token_hex(16), "created": clock.now(), "sent": clock.now(), "reply_to": "",
                 "recipient": own.fingerprint, "sender": self.fingerprint, "signing": self.signing, **header}
        public = crypto.certificate.parse(bytes(own.encryption_certificate)).public
        sealed = package.seal([package.pack(text, [d for _, d in files])], type=type, recipient_public=public, **given)
        return Packed(bytes(sealed), given["id"], sealed.sm3)

    def open(self, data):
        """What we sent: header and manifest, our signature verified."""
        head = package.read_head(data)
        own = identity.by_fingerprint(head.header.sender)
        package.verify(head, crypto.certificate.parse(bytes(own.certificate)).public)
        assert head.header.recipient == self.fingerprint
        manifest, files = package.open_small(head, data, self.opening.private)
        return head.header, manifest, files


class Packed(bytes):
    def __new__(cls, data, id, sm3):
        made = super().__new__(cls, data)
        made.id, made.sm3 = id, sm3
        return made


def by_file(data, by):
    """As somebody imports a file."""
    return messages.take_file(io.BytesIO(data), by)


def exported(message, by):
    """What is carried over, as bytes."""
    sealed, _name = messages.export(message, by)
    return bytes(sealed)


def post(client, data):
    """As a partner's program would; the status and the bytes of the answer."""
    answer = client.post(f"/exchange/v1/{identity.current().fingerprint}", data=data, content_type="application/octet-stream")
    return answer
