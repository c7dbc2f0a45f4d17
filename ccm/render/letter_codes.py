"""The code that an inserting machine reads: a Data Matrix in the left margin of each sheet.

It says ``reference;sheet;sheets;flag``: the message's reference, which sheet of how many (from 1), and ``F`` for the
first, ``L`` for the last, ``B`` for one that is both, ``M`` for one between. So the machine collects the sheets of one
letter and stops where one is missing or belongs to another letter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ppf.datamatrix import DataMatrix  # type: ignore[import-untyped]

LEFT, TOP = 8.0, 120.0
"""Millimetres from the sheet's corner: in the margin, below every window's reach and between the folds."""
MODULE = 0.45
"""Millimetres of one square of the code; GS1 General Specifications ask for at least 0.38 in such uses."""
MAX_REFERENCE = 64
_POINTS = 72 / 25.4

Matrix = Sequence[Sequence[int]]
"""Rows of 0 and 1, from the top."""


@dataclass(frozen=True, slots=True)
class Inserter:
    """What the codes of one letter say; `duplex` where two pages are printed on a sheet."""

    reference: str
    duplex: bool = False


def sheet_codes(inserter: Inserter, pages: int) -> Iterator[tuple[int, str]]:
    """Page index (from 0) and the code's text for the front of each sheet of a letter of `pages` pages.

    Raises `ValueError` for a reference that is not printable ASCII without ``;``, or longer than `MAX_REFERENCE`.
    """
    reference = inserter.reference
    if (
        not (0 < len(reference) <= MAX_REFERENCE and reference.isascii() and reference.isprintable())
        or ";" in reference
    ):
        raise ValueError(f"an inserter's code takes up to {MAX_REFERENCE} printable ASCII characters without ';'")
    step = 2 if inserter.duplex else 1
    fronts = range(0, pages, step)
    for number, page in enumerate(fronts, 1):
        flag = "B" if len(fronts) == 1 else "F" if number == 1 else "L" if number == len(fronts) else "M"
        yield page, f"{reference};{number};{len(fronts)};{flag}"


def data_matrix(text: str) -> Matrix:
    """The modules of a Data Matrix ECC 200 (ISO/IEC 16022), without the white around it."""
    matrix: Matrix = DataMatrix(text).matrix
    return matrix


def drawn(matrix: Matrix) -> bytes:
    """PDF commands that draw a code at its place as an artifact, in points from the sheet's top left corner, down."""
    size = MODULE * _POINTS
    squares = [
        f"{LEFT * _POINTS + start * size:.3f} {TOP * _POINTS + row * size:.3f} {length * size:.3f} {size:.3f} re"
        for row, modules in enumerate(matrix) for start, length in _runs(modules)
    ]  # fmt: skip
    return "\n".join(("/Artifact BMC", "q", "0 g", *squares, "f", "Q", "EMC")).encode()


def _runs(modules: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Start and length of each run of ones: one rectangle has no hairline where two would meet."""
    start = 0
    for index, module in enumerate((*modules, 0)):
        if not module:
            if index > start:
                yield start, index - start
            start = index + 1
