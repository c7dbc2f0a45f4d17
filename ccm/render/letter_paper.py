"""The style sheet that puts a letter on its paper, and the check that the address shows in its window."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

import pypdfium2

from ccm.workspace.stationery import Box, Sheet

_POINTS = 72 / 25.4
_OVERHANG = 0.4
"""Millimetres by which a letter such as a bold J may stand out of its box."""
_SLACK = 0.1
"""Millimetres that ink may overlap an edge: less than any printer or folder can hold."""


def sheet_style(sheet: Sheet) -> str:
    """CSS that sets the paper, whatever the brand's sheet says, and tells the brand where the window is.

    ``--window-left``, ``-top``, ``-width`` and ``-height``: the place, from the sheet's top left corner, that is seen
    at all times, less `_OVERHANG`. ``--window-beside`` and ``--window-below``: where the place ends that may be seen
    at times.
    """
    left, top, right, bottom = (
        sheet.safe.left + _OVERHANG, sheet.safe.top + _OVERHANG,
        sheet.safe.right - _OVERHANG, sheet.safe.bottom - _OVERHANG,
    )  # fmt: skip
    return (
        f"@page {{ size: {sheet.width:g}mm {sheet.height:g}mm !important }}"
        f":root {{ --window-left: {left:.2f}mm; --window-top: {top:.2f}mm;"
        f" --window-width: {right - left:.2f}mm; --window-height: {bottom - top:.2f}mm;"
        f" --window-beside: {sheet.reach.right:g}mm; --window-below: {sheet.reach.bottom:g}mm }}"
    )


def sheet_classes(sheet: Sheet) -> str:
    """Classes of the root element, by which a brand can tell papers and envelopes apart."""
    return f"paper-{sheet.paper} window-{sheet.envelope}"


def window_problems(pdf: bytes, sheet: Sheet, address: Sequence[str]) -> tuple[str, ...]:
    """What is wrong with the first page of a finished letter for the window of its envelope; empty where all is well.

    Reads the PDF itself, so that it holds for any renderer. `address` are the lines of the address as printed. Told
    are an address that does not wholly stand in the safe place, text that the window cuts, and other text that it shows
    (an account number, say). No problem quotes the letter.
    """
    document = pypdfium2.PdfDocument(pdf)
    try:
        page = document[0]
        text = page.get_textpage()
        problems = list(_problems(page, text, sheet, address))
        text.close()
        page.close()
    finally:
        document.close()
    return tuple(problems)


def _problems(
    page: pypdfium2.PdfPage, text: pypdfium2.PdfTextPage, sheet: Sheet, address: Sequence[str]
) -> Iterator[str]:
    width, height = page.get_width() / _POINTS, page.get_height() / _POINTS
    if abs(width - sheet.width) > 1 or abs(height - sheet.height) > 1:
        yield f"the page is {width:.0f} x {height:.0f} mm, not {sheet.paper}"
        return
    wanted = "".join(map(_plain, address))
    if not wanted:
        yield "the letter has no <address>, so that nothing shows in the window"
        return
    place = f"the window of '{sheet.envelope}', {_words(sheet.safe)}"
    found = _plain(text.get_text_bounded(*_bounds(sheet.safe, height)))
    cut = [rect for rect in _rects(text, height) if _touches(rect, sheet.reach) and not _within(rect, sheet.safe)]
    others = [words for rect in cut if (words := _plain(text.get_text_bounded(*_bounds(rect, height)))) not in wanted]
    if len(others) < len(cut) or wanted not in found:
        yield f"the address does not wholly stand in {place}: it is too long, or stands elsewhere"
    if others or (wanted in found and found != wanted):
        yield f"other text than the address shows in {place}"


def _plain(text: str) -> str:
    """What of a text survives a PDF: no spaces, controls, marks or variation selectors; forms of width are folded."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(c for c in folded if unicodedata.category(c)[0] not in "ZCM")


def _rects(text: pypdfium2.PdfTextPage, height: float) -> Iterator[Box]:
    for index in range(text.count_rects()):
        left, bottom, right, top = (value / _POINTS for value in text.get_rect(index))
        yield Box(left, height - top, right, height - bottom)


def _bounds(box: Box, height: float) -> tuple[float, float, float, float]:
    """Left, bottom, right, top in points from the page's bottom left corner."""
    return (
        (box.left - _SLACK) * _POINTS, (height - box.bottom - _SLACK) * _POINTS,
        (box.right + _SLACK) * _POINTS, (height - box.top + _SLACK) * _POINTS,
    )  # fmt: skip


def _touches(rect: Box, area: Box) -> bool:
    return (
        rect.left < area.right - _SLACK and rect.right > area.left + _SLACK
        and rect.top < area.bottom - _SLACK and rect.bottom > area.top + _SLACK
    )  # fmt: skip


def _within(rect: Box, area: Box) -> bool:
    return (
        rect.left >= area.left - _SLACK and rect.right <= area.right + _SLACK
        and rect.top >= area.top - _SLACK and rect.bottom <= area.bottom + _SLACK
    )  # fmt: skip


def _words(box: Box) -> str:
    return f"{box.left:g} to {box.right:g} mm across and {box.top:g} to {box.bottom:g} mm down"
