"""An organisation with a root certificate, a seal and one who may use it; PDFs to put it under."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from oa_documents.seal import make_seal, seal_picture, sign_pdf

from oa_kernel import crypto

NAME = "某市人民政府办公室"
NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)


@dataclass
class Office:
    root_key: crypto.SM2KeyPair
    root: bytes
    key: crypto.SM2KeyPair
    certificate: bytes
    seal: bytes
    now: datetime = NOW

    def sign(self, pdf, box=None, when=NOW):
        return sign_pdf(pdf, self.seal, self.key, self.certificate, when, box)


def make_office(name=NAME, begin=NOW - timedelta(days=30), days=365):
    root_key, key = crypto.generate_keypair(), crypto.generate_keypair()
    root = crypto.certificate.issue(
        f"{name} 根证书", name, root_key.public, private=root_key.private, not_before=begin, days=3650
    )
    certificate = crypto.certificate.issue(
        name, name, key.public, issuer=root, issuer_private=root_key.private, not_before=begin, days=days
    )
    seal = make_seal(
        name,
        seal_picture(name).encode(),
        maker=root_key,
        maker_certificate=root,
        holders=[certificate],
        valid_from=begin,
        valid_until=begin + timedelta(days=days),
        created=begin + timedelta(days=1),
    )
    return Office(root_key, root, key, certificate, seal)


@pytest.fixture(scope="session")
def office():
    return make_office()


@pytest.fixture(scope="session")
def stranger():
    return make_office()  # the same name, other keys


@pytest.fixture(scope="session")
def page(tmp_path_factory):
    """A PDF/A-2b of two pages as the typesetter makes them, the seal drawn on the second."""
    import pylopdf_fonts_zh_cn
    import typst

    folder = tmp_path_factory.mktemp("page")
    (folder / "seal.svg").write_text(seal_picture(NAME), "utf-8")
    (folder / "page.typ").write_text(
        '#set document(title: "通知", date: datetime(year: 2026, month: 3, day: 2))\n'
        '#set text(font: "Noto Serif SC", lang: "zh")\n#set page(paper: "a4", margin: 0pt)\n正文\n#pagebreak()\n'
        '#place(top + left, dx: 100mm, dy: 150mm, image("seal.svg", width: 42mm))\n',
        "utf-8",
    )
    fonts = [str(Path(pylopdf_fonts_zh_cn.__file__).parent)]
    return typst.compile(str(folder / "page.typ"), format="pdf", pdf_standards="a-2b", font_paths=fonts)


BOX = (1, 100.0, 150.0, 42.0, 42.0)


@pytest.fixture(scope="session")
def sealed(office, page):
    return office.sign(page, BOX)


def plain_pdf(stream: bool = False) -> bytes:
    """The smallest PDF, with a cross-reference table or (as in PDF 1.5) a cross-reference stream."""
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 595 842] >>",
        b"<< /Type /Page /Parent 2 0 R /Resources << >> >>",
    ]
    out, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    if stream:
        entries = bytes([0, 0, 0, 255]) + b"".join(b"\x01" + n.to_bytes(2, "big") + b"\x00" for n in [*offsets, start])
        out += b"4 0 obj\n<< /Type /XRef /Size 5 /W [1 2 1] /Root 1 0 R /Length %d >>\nstream\n" % len(entries)
        out += entries + b"\nendstream\nendobj\n"
    else:
        out += b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
        out += b"trailer\n<< /Size 4 /Root 1 0 R >>\n"
    return out + b"startxref\n%d\n%%%%EOF\n" % start
