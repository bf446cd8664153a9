"""A certificate authority of one's own, for tests of what goes out by HTTPS."""

from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """Makes server certificates that are believed by whoever trusts :attr:`file`.

    :param folder: where its files are written.
    """

    def __init__(self, folder: Path, name: str = "Test CA") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._build(self._name, self._key.public_key(), 365).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(self._key, hashes.SHA256())
        #: PEM of the authority's own certificate
        self.file = folder / "ca.pem"
        self.file.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def issue(self, *hosts: str, days: int = 30) -> tuple[Path, Path]:
        """(certificate, key) as PEM files, for these host names; ``days`` negative: one that ended so long ago."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
        made = self._build(subject, key.public_key(), days).add_extension(
            x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False).sign(self._key, hashes.SHA256())
        certificate, secret = (self._folder / f"{hosts[0]}{days}.{kind}" for kind in ("pem", "key"))
        certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                             serialization.NoEncryption()))
        return certificate, secret

    def context(self, *hosts: str, days: int = 30) -> ssl.SSLContext:
        """A server's side with such a certificate."""
        found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        found.load_cert_chain(*self.issue(*hosts, days=days))
        return found

    def _build(self, subject: x509.Name, key: ec.EllipticCurvePublicKey, days: int) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        return x509.CertificateBuilder(issuer_name=self._name, subject_name=subject, public_key=key,
                                       serial_number=x509.random_serial_number(),
                                       not_valid_before=now - dt.timedelta(days=400), not_valid_after=now + dt.timedelta(days=days))


__all__ = ["Authority"]
