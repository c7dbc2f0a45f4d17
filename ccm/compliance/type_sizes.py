"""How large a letter's type really is: measured in the laid-out PDF, character by character.

The size of type is not what a stylesheet asks for but what stands on the paper: the font's size times the scale of
the matrix that it is drawn with (ISO 32000-1, 9.4.4).
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

_NO_LETTERS = re.compile("[\\s\u0002\u00ad\u200b\u2010\u2060\ufeff\ufffe-]+")
"""What layout puts in or takes out: spaces, and hyphens where a line ends."""


@dataclass(frozen=True, slots=True)
class TypeRun:
    """Neighbouring characters of one size on one page."""

    page: int
    """From 1."""
    text: str
    """In the order of the page's content, without line breaks."""
    points: float
    """Height of the type in points of 1/72 inch, to a hundredth."""


def type_runs(pdf: bytes) -> tuple[TypeRun, ...]:
    """Everything that is printed, in runs of one size; white space belongs to the run before it.

    Raises `ValueError` where the bytes are no PDF.
    """
    try:
        document = pdfium.PdfDocument(pdf)
    except pdfium.PdfiumError as error:
        raise ValueError(f"no PDF that can be measured: {error}") from error
    try:
        return tuple(run for number in range(len(document)) for run in _runs_of(document[number], number + 1))
    finally:
        document.close()


def smallest_of(passage: str, runs: tuple[TypeRun, ...]) -> float | None:
    """The smallest size, in points, that any character of a passage has wherever it is printed; None: nowhere.

    Spaces, line breaks and hyphens make no difference. A passage may go on over a page break.
    """
    wanted = _NO_LETTERS.sub("", passage)
    letters, sizes = [], []
    for run in runs:
        kept = _NO_LETTERS.sub("", run.text)
        letters.append(kept)
        sizes += [run.points] * len(kept)
    text = "".join(letters)
    found = []
    start = text.find(wanted) if wanted else -1
    while start >= 0:
        found += sizes[start : start + len(wanted)]
        start = text.find(wanted, start + len(wanted))
    return min(found) if found else None


def _runs_of(page: Any, number: int) -> Iterator[TypeRun]:
    textpage = page.get_textpage()
    matrix = pdfium_c.FS_MATRIX()
    letters: list[str] = []
    points = 0.0
    for index in range(textpage.count_chars()):
        letter = chr(pdfium_c.FPDFText_GetUnicode(textpage, index))
        if pdfium_c.FPDFText_IsGenerated(textpage, index) == 1 or letter.isspace():
            if letters:
                letters.append(" " if letter.isspace() else "")
            continue
        pdfium_c.FPDFText_GetMatrix(textpage, index, ctypes.byref(matrix))
        # The second column is where the font's upright unit goes; so type that is turned is measured too.
        scale = (matrix.c**2 + matrix.d**2) ** 0.5
        size = round(pdfium_c.FPDFText_GetFontSize(textpage, index) * scale, 2)
        if letters and size != points:
            yield TypeRun(number, "".join(letters), points)
            letters = []
        points = size
        letters.append(letter)
    if letters:
        yield TypeRun(number, "".join(letters), points)
