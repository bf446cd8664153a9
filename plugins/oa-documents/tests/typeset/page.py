"""Measuring a PDF in millimetres, as one would with a ruler on the printed page."""

import io
from dataclasses import dataclass
from functools import cached_property

import pdfplumber

MM = 25.4 / 72
LEFT, RIGHT, TOP, FOOT = 28.0, 184.0, 37.0, 262.0
EM3, EM4 = 16 * MM, 14 * MM
CHAR = 156 / 28
PITCH = (225 - EM3) / 21
#: from the upper edge of a character to its base line, in ems, and from there to its lower edge
ABOVE, BELOW = 0.88, 0.12


@dataclass
class Line:
    """Characters on one base line, from left to right."""

    page: int
    y: float
    chars: list

    @property
    def text(self):
        return "".join(c["text"] for c in self.chars).strip().replace("\u200b", "")

    @property
    def ink(self):
        return [c for c in self.chars if c["text"].strip() and c["text"] != "\u200b"]

    @property
    def left(self):
        return self.ink[0]["x0"] * MM

    @property
    def right(self):
        """Where the ink ends: the right half of 。，） and the like is white."""
        last = max(self.ink, key=lambda c: c["x1"])
        white = last["size"] / 2 if last["text"] in "、。，：；）》〕" else 0
        return (last["x1"] - white) * MM

    @property
    def middle(self):
        return (self.left + self.right) / 2

    @property
    def size(self):
        return round(self.ink[0]["size"], 1)

    @property
    def fonts(self):
        return {c["fontname"].partition("+")[2] for c in self.ink}

    @property
    def lower(self):
        return self.y + BELOW * self.size * MM

    @property
    def upper(self):
        return self.y - ABOVE * self.size * MM


class Pages:
    """A PDF's pages, counted from 1."""

    def __init__(self, pdf):
        self.data = pdf
        self._open = pdfplumber.open(io.BytesIO(pdf))
        self.count = len(self._open.pages)

    def lines(self, n):
        """The lines of page ``n`` from top to bottom."""
        return self._lines[n]

    @cached_property
    def _lines(self):
        out = {}
        for n, page in enumerate(self._open.pages, 1):
            rows = {}
            for char in page.chars:
                y = round((float(page.height) - char["matrix"][5]) * MM, 1)
                key = next((k for k in (y, round(y - 0.1, 1), round(y + 0.1, 1)) if k in rows), y)
                rows.setdefault(key, []).append(char)
            out[n] = [Line(n, y, sorted(rows[y], key=lambda c: c["x0"])) for y in sorted(rows)
                      if "".join(c["text"] for c in rows[y]).strip()]
        return out

    @property
    def all(self):
        return [line for n in range(1, self.count + 1) for line in self.lines(n)]

    def line(self, text):
        """The first line that has ``text``."""
        found = [line for line in self.all if text in line.text]
        assert found, f"no line with {text}"
        return found[0]

    def folio(self, n):
        """The page number's line, or None."""
        found = [line for line in self.lines(n) if line.text.startswith("—") and line.y > FOOT]
        return found[0] if found else None

    def rules(self, n):
        """Horizontal rules: (y, left, right, thickness, colour), from top to bottom."""
        page = self._open.pages[n - 1]
        out = []
        for line in page.lines:
            if abs(line["top"] - line["bottom"]) < 0.1:
                out.append((line["top"] * MM, line["x0"] * MM, line["x1"] * MM, line["linewidth"] * MM,
                            tuple(line["stroking_color"] or ())))
        return sorted(out)

    def text(self, n=None):
        """What one copies from the pages."""
        pages = self._open.pages if n is None else [self._open.pages[n - 1]]
        return "\n".join(page.extract_text() for page in pages).replace("\u200b", "")

    def red_box(self, n, top, bottom):
        """(left, top, right, bottom) of red ink between two heights."""
        import pypdfium2

        dots = 8
        picture = pypdfium2.PdfDocument(self.data)[n - 1].render(scale=dots * MM).to_pil().convert("RGB")
        part = picture.crop((0, round(top * dots), picture.width, round(bottom * dots)))
        red, green, _ = part.split()
        mask = red.point(lambda v: 255 if v > 180 else 0)
        mask.paste(0, mask=green.point(lambda v: 255 if v > 120 else 0))
        box = mask.getbbox()
        assert box, "nothing is red there"
        return box[0] / dots, top + box[1] / dots, box[2] / dots, top + box[3] / dots
