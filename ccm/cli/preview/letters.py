"""Pages of a PDF as pictures, and where on them approved wording stands."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium

from ccm.model.message import WordingUse

DPI = 110
"""An A4 page is about 910 pixels wide, which every screen shows sharp at reading size."""
MAX_PICTURES = 12
"""Pages that become pictures; the PDF beside them has them all."""
Box = tuple[float, float, float, float]
"""Left, bottom, right, top in points, from the page's bottom left corner."""


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a page where wording stands; all but the label in percent of the page, from its top left corner."""

    left: float
    top: float
    width: float
    height: float
    label: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page as PNG; sizes in pixels."""

    png: bytes
    width: int
    height: int
    regions: tuple[Region, ...]
    changes: tuple[Region, ...] = ()
    """Where it differs from the page of another release."""


def pages_of(pdf: bytes, wording: Sequence[WordingUse]) -> tuple[int, list[Page]]:
    """How many pages a PDF of our own making has, and the first `MAX_PICTURES` with the regions of `wording`."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        count = len(document)
        return count, [_page(document, number, wording) for number in range(min(count, MAX_PICTURES))]
    finally:
        document.close()


def _page(document: pypdfium2.PdfDocument, number: int, wording: Sequence[WordingUse]) -> Page:
    page = document[number]
    text = page.get_textpage()
    try:
        picture = page.render(scale=DPI / 72).to_pil().convert("P", palette=1, colors=128)
        out = io.BytesIO()
        picture.save(out, "PNG", optimize=True)
        regions = tuple(_regions(text, page.get_width(), page.get_height(), wording))
        return Page(out.getvalue(), picture.width, picture.height, regions)
    finally:
        text.close()
        page.close()


def _regions(
    text: pypdfium2.PdfTextPage, width: float, height: float, wording: Sequence[WordingUse]
) -> Iterator[Region]:
    """Where the words of each wording stand; white space plays no part, since lines break anywhere."""
    units = [(chr(pdfium.FPDFText_GetUnicode(text.raw, index)), index) for index in range(text.count_chars())]
    units = [unit for unit in units if not unit[0].isspace()]
    printed = "".join(unit[0] for unit in units)
    for use in wording:
        words = "".join(use.text.split())
        start = printed.find(words) if words else -1
        while start >= 0:
            boxes = (text.get_charbox(index, loose=True) for _, index in units[start : start + len(words)])
            for left, bottom, right, top in lines_of(boxes):
                yield Region(
                    round(100 * left / width, 2), round(100 * (height - top) / height, 2),
                    round(100 * (right - left) / width, 2), round(100 * (top - bottom) / height, 2),
                    f"{use.id}@{use.version}",
                )  # fmt: skip
            start = printed.find(words, start + len(words))


def lines_of(boxes: Iterable[Box]) -> Iterator[Box]:
    """The boxes of characters joined to one a line: a line goes on to the right, at about the same height."""
    line: Box | None = None
    before = 0.0
    for box in boxes:
        if line is not None and box[0] >= before and line[1] < (box[1] + box[3]) / 2 < line[3]:
            line = (line[0], min(line[1], box[1]), max(line[2], box[2]), max(line[3], box[3]))
        else:
            if line is not None:
                yield line
            line = box
        before = box[0]
    if line is not None:
        yield line
