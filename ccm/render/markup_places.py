"""Where a place in a template's markup, whose code is hidden behind tokens, stands in the template's own text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from ccm.render.language import Lines, Piece, Source


class MarkupPlaces:
    """Turns lines and columns of the markup with tokens into those of the source."""

    def __init__(self, source: Source, pieces: Sequence[Piece], hidden: Sequence[str]) -> None:
        """`hidden` is, piece by piece, what stands in the markup for it."""
        self._known = all(piece.line for piece in pieces)
        """False for markup that the engine made, from Markdown: its lines are right, its columns are not."""
        self._lines = Lines(source.text)
        self._line_starts = [0]
        self._starts: list[int] = []
        self._origins: list[int] = []
        at = 0
        for piece, text in zip(pieces, hidden, strict=True):
            self._starts.append(at)
            self._origins.append(piece.start)
            position = -1
            while (position := text.find("\n", position + 1)) >= 0:
                self._line_starts.append(at + position + 1)
            at += len(text)

    def of(self, line: int, offset: int) -> tuple[int, int]:
        """Line and column, from 1, in the source, of a line (from 1) and an offset in it (from 0) of the markup."""
        if not self._known or not self._starts:
            return line, 0
        at = self._line_starts[line - 1] + offset
        index = bisect_right(self._starts, at) - 1
        return self._lines.at(self._origins[index] + at - self._starts[index])
