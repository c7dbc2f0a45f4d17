"""What the tests of letters share: a small brand, and a reader of finished PDFs."""

from __future__ import annotations

import ctypes
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

ROOT = Path(__file__).parents[2]
ATTACKS = ROOT.parent / "shared" / "data" / "attacks.jsonl"

CSS = b"""
@page { size: A4; margin: 20mm; @bottom-right { content: counter(page) " / " counter(pages) } }
html { font-family: "Noto Sans", "Noto Sans JP", "Noto Sans CJK JP"; font-size: 10pt }
html.large-print { font-size: 16pt }
img { width: 8mm; height: 8mm }
.new-page { break-before: page }
"""
LOGO = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4"/></svg>'
BRAND = {"letter.css": CSS, "logo.svg": LOGO}


@contextmanager
def opened(pdf: bytes) -> Iterator[pypdfium2.PdfDocument]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        yield document
    finally:
        document.close()


def page_texts(pdf: bytes) -> list[str]:
    """The text of each page as a reader would copy it."""
    with opened(pdf) as document:
        texts = []
        for page in document:
            text_page = page.get_textpage()
            texts.append(text_page.get_text_range())
            text_page.close()
            page.close()
        return texts


def fonts(pdf: bytes) -> dict[str, bool]:
    """Name of each font in use to whether it is embedded."""
    found: dict[str, bool] = {}
    for _, font in _text_fonts(pdf):
        buffer = ctypes.create_string_buffer(200)
        pdfium.FPDFFont_GetBaseFontName(font, buffer, 200)
        found[buffer.value.decode()] = bool(pdfium.FPDFFont_GetIsEmbedded(font))
    return found


def smallest_size(pdf: bytes) -> float:
    """The smallest type size in the document, in points."""
    return min(size for size, _ in _text_fonts(pdf))


def smallest_figure(pdf: bytes) -> float:
    """The smallest size of a figure (0 to 9) on the page, in points; in Noto Sans they are 0.714 em high."""
    heights = []
    with opened(pdf) as document:
        for page in document:
            text = page.get_textpage()
            for index, character in enumerate(text.get_text_range(errors="ignore")):
                if character in "0123456789":
                    _, bottom, _, top = text.get_charbox(index)
                    heights.append(top - bottom)
            text.close()
            page.close()
    return min(heights) / 0.714


def _text_fonts(pdf: bytes) -> Iterator[tuple[float, Any]]:
    with opened(pdf) as document:
        for page in document:
            for item in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT]):
                size = ctypes.c_float()
                pdfium.FPDFTextObj_GetFontSize(item.raw, size)
                scale = abs(item.get_matrix().a)
                yield round(size.value * scale, 2), pdfium.FPDFTextObj_GetFont(item.raw)
            page.close()


def structure(pdf: bytes) -> list[str]:
    """The types of all structure elements (H1, Table, TH, …) of all pages."""
    types: list[str] = []

    def walk(element: Any) -> None:
        buffer = ctypes.create_string_buffer(100)
        length = pdfium.FPDF_StructElement_GetType(element, buffer, 100)
        types.append(buffer.raw[: max(length - 2, 0)].decode("utf-16-le"))
        for index in range(pdfium.FPDF_StructElement_CountChildren(element)):
            if child := pdfium.FPDF_StructElement_GetChildAtIndex(element, index):
                walk(child)

    with opened(pdf) as document:
        for page in document:
            tree = pdfium.FPDF_StructTree_GetForPage(page.raw)
            for index in range(pdfium.FPDF_StructTree_CountChildren(tree)):
                if child := pdfium.FPDF_StructTree_GetChildAtIndex(tree, index):
                    walk(child)
            pdfium.FPDF_StructTree_Close(tree)
            page.close()
    return types


def unpacked(pdf: bytes) -> bytes:
    """The file with its compressed streams appended in plain: what a search for a forbidden key must look at."""
    plain = [pdf]
    for found in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            plain.append(zlib.decompress(found[1]))
        except zlib.error:
            continue  # not compressed: it is in the file as it stands
    return b"\n".join(plain)


def without_text(pdf: bytes) -> bytes:
    """`unpacked` without its string literals and its XMP packet: what is left are the keys and commands of the PDF."""
    plain = re.sub(rb"<x:xmpmeta.*?</x:xmpmeta>", b"", unpacked(pdf), flags=re.DOTALL)
    return re.sub(rb"\((?:\\.|[^\\()])*\)", b"()", plain, flags=re.DOTALL)
