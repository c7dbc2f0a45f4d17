"""Where two letters differ: around the words that do, or on a page with the same words around what looks otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium

from ccm.cli.preview.letters import MAX_PICTURES, Box, Region, lines_of
from ccm.pipeline.word_diff import changed_places, tokens

SCALE = 1.0
"""Pixels a point at which looks are compared."""
GAP = 8
"""Rows of pixels without a difference that end a changed region."""
_Changes = list[tuple[Region, ...]]
"""For each page, its changed regions in percent of the page."""


@dataclass(frozen=True, slots=True)
class _Word:
    page: int
    text: str
    boxes: tuple[Box, ...]


def letter_changes(old: bytes, new: bytes) -> tuple[_Changes, _Changes]:
    """The changed regions of the first pages of two PDFs of our own making, of the old one and of the new one.

    Words are compared over the whole letter, so that what moved to another line or page is no change.
    """
    before, after = pypdfium2.PdfDocument(old), pypdfium2.PdfDocument(new)
    try:
        words = _words(before), _words(after)
        places = changed_places([word.text for word in words[0]], [word.text for word in words[1]])
        found = _regions(before, words[0], places[0]), _regions(after, words[1], places[1])
        for number in range(min(len(found[0]), len(found[1]))):
            same = [[word.text for word in side if word.page == number] for side in words]
            if not found[0][number] and not found[1][number] and same[0] == same[1]:
                found[0][number] = found[1][number] = tuple(_looks(before[number], after[number]))
        return found
    finally:
        before.close()
        after.close()


def _words(document: pypdfium2.PdfDocument) -> list[_Word]:
    found = []
    for number in range(min(len(document), MAX_PICTURES)):
        page = document[number]
        text = page.get_textpage()
        try:
            letters = [chr(pdfium.FPDFText_GetUnicode(text.raw, index)) for index in range(text.count_chars())]
            place = 0
            for token in tokens("".join(letters)):
                if not token.isspace():
                    boxes = tuple(text.get_charbox(place + n, loose=True) for n in range(len(token)))
                    found.append(_Word(number, token, boxes))
                place += len(token)
        finally:
            text.close()
            page.close()
    return found


def _regions(document: pypdfium2.PdfDocument, words: list[_Word], changed: set[int]) -> _Changes:
    pages: _Changes = []
    for number in range(min(len(document), MAX_PICTURES)):
        width, height = document.get_page_size(number)
        boxes = [box for place in sorted(changed) if words[place].page == number for box in words[place].boxes]
        pages.append(tuple(
            _region(left, height - top, right, height - bottom, width, height)
            for left, bottom, right, top in lines_of(boxes)
        ))  # fmt: skip
    return pages


def _region(left: float, top: float, right: float, bottom: float, width: float, height: float) -> Region:
    return Region(
        round(100 * left / width, 2), round(100 * top / height, 2), round(100 * (right - left) / width, 2),
        round(100 * (bottom - top) / height, 2), "",
    )  # fmt: skip


def _looks(old: pypdfium2.PdfPage, new: pypdfium2.PdfPage) -> Iterator[Region]:
    """Bands of the page that look otherwise: a logo, a colour, a line."""
    before, after = old.render(scale=SCALE), new.render(scale=SCALE)
    try:
        if (before.width, before.height, before.stride) != (after.width, after.height, after.stride):
            yield _region(0, 0, 1, 1, 1, 1)
            return
        first, second, stride = bytes(before.buffer), bytes(after.buffer), before.stride
        rows: list[tuple[int, int, int]] = []
        for row in range(before.height):
            one, other = first[row * stride : (row + 1) * stride], second[row * stride : (row + 1) * stride]
            if one != other:
                places = [place for place in range(stride) if one[place] != other[place]]
                rows.append((row, places[0] // before.n_channels, places[-1] // before.n_channels + 1))
        band: list[tuple[int, int, int]] = []
        for row, left, right in [*rows, (before.height + GAP + 1, 0, 0)]:
            if band and row - band[-1][0] > GAP:
                sides = min(one[1] for one in band), max(one[2] for one in band)
                yield _region(sides[0], band[0][0], sides[1], band[-1][0] + 1, before.width, before.height)
                band = []
            band.append((row, left, right))
    finally:
        before.close()
        after.close()
