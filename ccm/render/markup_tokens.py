"""Opaque words that stand for a template's code while its markup is read or compiled."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from ccm.render.language import Piece


class Tokens:
    """Opaque words that stand for pieces of code; letters and digits only, and none of them in the source."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.pieces = [piece for piece in pieces if piece.kind != "data"]
        text = "".join(piece.text for piece in pieces)
        salt = hashlib.sha256(text.encode()).hexdigest()[:8]
        while f"ccm{salt}n" in text:
            salt = hashlib.sha256(salt.encode()).hexdigest()[:8]
        self._prefix = f"ccm{salt}n"
        self.pattern = re.compile(f"{self._prefix}([0-9]+)x")

    def word(self, index: int) -> str:
        """The token of the piece number `index` of `pieces`."""
        return f"{self._prefix}{index}x"

    def find(self, text: str) -> list[Piece]:
        """The pieces whose tokens stand in `text`."""
        return [self.pieces[int(number)] for number in self.pattern.findall(text)]
