"""How large the words of a finished letter are printed, read from its PDF, so that it holds for any renderer."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from functools import lru_cache

import pypdfium2
import pypdfium2.raw as pdfium

from ccm.model.message import TypeRun


@lru_cache(maxsize=4)  # two checks ask for the same letter
def type_runs(pdf: bytes) -> tuple[TypeRun, ...]:
    """The words of a letter in the order of its pages, cut where the size changes; sizes in points.

    The size is the font's own, scaled as the page draws it. Raises pypdfium2's `PdfiumError` for what is no PDF.
    """
    runs: list[TypeRun] = []
    document = pypdfium2.PdfDocument(pdf)
    try:
        for page in document:
            text = page.get_textpage()
            for run in _of_page(page, text):
                if runs and runs[-1].points == run.points:
                    runs[-1] = TypeRun(run.points, runs[-1].text + run.text)
                else:
                    runs.append(run)
            text.close()
            page.close()
    finally:
        document.close()
    return tuple(runs)


def _of_page(page: pypdfium2.PdfPage, text: pypdfium2.PdfTextPage) -> Iterator[TypeRun]:
    size = ctypes.c_float()
    for found in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT]):
        length = pdfium.FPDFTextObj_GetText(found.raw, text.raw, None, 0)
        if length <= 2 or not pdfium.FPDFTextObj_GetFontSize(found.raw, size):
            continue
        buffer = ctypes.create_string_buffer(length)
        pdfium.FPDFTextObj_GetText(found.raw, text.raw, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), length)
        words = buffer.raw[: length - 2].decode("utf-16-le", errors="replace")
        if words.strip():
            matrix = found.get_matrix()
            scale = (matrix.c**2 + matrix.d**2) ** 0.5
            yield TypeRun(round(size.value * scale, 2), words)
