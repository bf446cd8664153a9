"""What the plugin adds to the demo organisation: who runs the exchange, who manages the trust, and a partner whose document
waits on the sign-in desk."""

from __future__ import annotations

import io
import secrets
import tempfile
from pathlib import Path
from typing import Any

from oa_kernel import clock, crypto
from oa_kernel.demo import acting

_NAME = "云岭县人民政府办公室"
_TITLE = "云岭县人民政府办公室关于报送2027年度重点项目计划的请示"
_TEXT = f"{_TITLE}\n云县办〔2026〕31号\n市人民政府办公室：\n现将我县2027年度重点项目计划报上，请审示。\n{_NAME}\n2026年11月20日\n"


def build(org: Any) -> None:
    """``office`` runs the exchange, somebody of 信息化处 manages the trust; the county's office exchanges by file."""
    keeper = org.members("信息化处")[-1]
    org.grant("office", "exchange_clerk")
    org.grant(keeper.username, "exchange_security")
    org.settings.setdefault("exchange", {})["allow_http_loopback"] = True
    from .services import messages, partners

    with tempfile.TemporaryDirectory(prefix="oa-exchange-") as folder:
        ring = crypto.KeyRing.create(Path(folder) / "keys")
        signing, opening = ring.signing("exchange"), ring.signing("exchange.encryption")
    first = crypto.certificate.issue(_NAME, _NAME, signing.public, private=signing.private)
    second = crypto.certificate.issue(_NAME, _NAME, opening.public, issuer=first, issuer_private=signing.private)
    with acting(keeper):
        partner = partners.add(_descriptor(signing, first, second), keeper)
        partners.confirm(partner, partner.fingerprint[-partners.HEARD :], keeper)
    with acting(org.person("office")) as office:
        messages.take_file(io.BytesIO(_package(signing, partner.fingerprint)), office)


def _descriptor(signing: crypto.SigningKey, first: bytes, second: bytes) -> str:
    from . import package

    return package.make_descriptor(_NAME, "", signing, first, second)


def _package(signing: crypto.SigningKey, sender: str) -> bytes:
    """What the county's office brings over on a stick."""
    from . import package
    from .package.format import canonical
    from .services import identity

    own, data, now = identity.current(), _TEXT.encode(), clock.now()
    manifest = {
        "document": {"number": "云县办〔2026〕31号", "title": _TITLE, "kind": "请示", "urgency": "加急", "secrecy": "公开",
                     "secrecy_term": "", "dated_on": "2026-11-20", "sender": _NAME},
        "files": [{"name": f"{_TITLE}.txt", "size": len(data), "sm3": crypto.sm3_hex(data), "mime": "text/plain"}],
    }
    public = crypto.certificate.parse(bytes(own.encryption_certificate)).public
    return bytes(package.seal(
        [package.pack(canonical(manifest), [data])], id=secrets.token_hex(16), type="document", sender=sender, signing=signing,
        recipient=own.fingerprint, recipient_public=public, created=now, sent=now))
