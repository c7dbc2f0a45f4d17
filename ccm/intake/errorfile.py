"""The file of what an import set aside, for the people who mend the feed."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from ccm.errors import TryAgain
from ccm.intake.fields import Aside

COLUMNS = ("row", "line", "column", "value_class", "reason")
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A cell that starts so is run as a formula by some spreadsheets (CWE-1236)."""


def safe_cell(value: str) -> str:
    """The text with a leading apostrophe where a spreadsheet might run it."""
    return f"'{value}" if value.startswith(_FORMULA_SIGNS) else value


class ErrorFile:
    """Writes RFC 4180 CSV beside its final place and moves it there at the end; without rows there is no file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._partial = path.with_name(path.name + ".partial")
        self._stream: TextIO | None = None

    def write(self, asides: Iterable[Aside]) -> None:
        """Adds rows, in the order of the feed."""
        try:
            for aside in sorted(asides, key=lambda aside: aside.row):
                if self._stream is None:
                    self.path.parent.mkdir(parents=True, exist_ok=True)
                    self._stream = self._partial.open("w", encoding="utf-8", newline="")
                    self._writer = csv.writer(self._stream)
                    self._writer.writerow(COLUMNS)
                cells = (str(aside.row), str(aside.line), aside.column, aside.value_class, aside.reason)
                self._writer.writerow([safe_cell(cell) for cell in cells])
        except OSError as error:
            raise TryAgain(f"{self.path}: the error file cannot be written: {error.strerror}") from error

    def finish(self) -> Path | None:
        """Puts the file in its place; None, and no file of an earlier import, where nothing was set aside."""
        try:
            if self._stream is None:
                self.path.unlink(missing_ok=True)
                return None
            self._stream.close()
            return self._partial.replace(self.path)
        except OSError as error:
            raise TryAgain(f"{self.path}: the error file cannot be written: {error.strerror}") from error

    def abandon(self) -> None:
        """Throws away what was written; for an import that fails."""
        if self._stream is not None and not self._stream.closed:
            self._stream.close()
            self._partial.unlink(missing_ok=True)
