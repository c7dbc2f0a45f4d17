"""Reads what PDF/UA-1 and PDF/A-2 ask for out of a finished letter, with pikepdf."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pikepdf

PAINTING = {"Tj", "TJ", "'", '"', "S", "s", "f", "F", "f*", "B", "B*", "b", "b*", "sh", "Do", "EI"}
ARTIFACT = "Artifact"


@contextmanager
def opened(pdf: bytes) -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        yield document


def elements(document: pikepdf.Pdf) -> Iterator[Any]:
    """All structure elements in reading order."""

    def walk(element: Any) -> Iterator[Any]:
        yield element
        for kid in _kids(element):
            if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
                yield from walk(kid)

    for kid in _kids(document.Root.StructTreeRoot):
        yield from walk(kid)


def kinds(document: pikepdf.Pdf) -> list[str]:
    """The types of the structure elements, without their slash."""
    return [str(element.S)[1:] for element in elements(document)]


def unmarked(document: pikepdf.Pdf) -> list[str]:
    """Painting commands that are neither content of a reachable structure element nor an artifact."""
    reached = {element.objgen for element in elements(document)}
    numbers = document.Root.StructTreeRoot.ParentTree.Nums
    parents = {int(numbers[i]): numbers[i + 1] for i in range(0, len(numbers), 2)}
    found = []
    for index, page in enumerate(document.pages):
        stack: list[bool] = []
        owners = parents[int(page.StructParents)]
        for operands, operator in pikepdf.parse_content_stream(page):
            name = str(operator)
            if name in ("BMC", "BDC"):
                stack.append(_is_marked(operands, owners, reached))
            elif name == "EMC":
                stack.pop()
            elif name in PAINTING and not any(stack):
                found.append(f"page {index + 1}: {name}")
        assert stack == []
    return found


def artifacts(document: pikepdf.Pdf, page: int) -> list[str]:
    """The properties of the artifacts of a page (from 0) that say which kind they are."""
    return [
        str(operands[1].get("/Type"))[1:]
        for operands, operator in pikepdf.parse_content_stream(document.pages[page])
        if str(operator) == "BDC" and str(operands[0]) == f"/{ARTIFACT}"
    ]


def embedded_fonts(document: pikepdf.Pdf) -> dict[str, bool]:
    """Name of each font to whether it is embedded as a subset with a map to Unicode."""
    found = {}
    for item in document.objects:
        if isinstance(item, pikepdf.Dictionary) and item.get("/Subtype") == "/Type0":
            descriptor = item.DescendantFonts[0].FontDescriptor
            name = str(item.BaseFont)
            subset = len(name.split("+")[0]) == 7
            found[name] = subset and ("/FontFile2" in descriptor or "/FontFile3" in descriptor) and "/ToUnicode" in item
    return found


def xmp(document: pikepdf.Pdf) -> dict[str, str]:
    """The claims and the title in the XMP packet."""
    with document.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
        names = ("pdfaid:part", "pdfaid:conformance", "pdfuaid:part", "dc:title", "pdf:Producer")
        return {name: str(metadata[name]) for name in names if name in metadata}


def _is_marked(operands: Any, owners: Any, reached: set[tuple[int, int]]) -> bool:
    if str(operands[0]) == f"/{ARTIFACT}":
        return True
    number = operands[1].get("/MCID") if len(operands) > 1 else None
    owner = None if number is None else owners[int(number)]
    return owner is not None and owner.objgen in reached


def _kids(element: Any) -> list[Any]:
    kids = element.get("/K", [])
    return list(kids) if isinstance(kids, pikepdf.Array) else [kids]
