"""What was found of letters that were laid out before, kept on disk for checks, which lay out the same samples daily.

A checked letter is never sent, so its PDF is not kept: pages, text, problems and sizes are. The folder is part of the
workspace and as trustworthy as its templates; a damaged entry is laid out again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ccm.errors import RenderError
from ccm.model.message import TypeRun
from ccm.render.letter import Letter, LetterRenderer
from ccm.render.letter_codes import Inserter
from ccm.workspace.stationery import DEFAULT_SHEET, Sheet

MOST_ENTRIES = 5_000
"""Of some hundred bytes to some kB each; the oldest make room when the next check begins."""


class RememberedLetters:
    """A `LetterRenderer` for checks: its letters have no PDF."""

    def __init__(self, inner: LetterRenderer, folder: Path, brand: Mapping[str, bytes]) -> None:
        self._inner, self._folder = inner, folder
        digests = [f"{name} {hashlib.sha256(content).hexdigest()}" for name, content in sorted(brand.items())]
        packages = [version(name) for name in ("weasyprint", "noto-cjk-sans-jp-regular")]
        self._salt = "\n".join([_engine(), *packages, *digests])
        _prune(folder)

    def render(
        self, html: str, *, title: str, language: str, large_print: bool, sheet: Sheet = DEFAULT_SHEET,
        inserter: Inserter | None = None,
    ) -> Letter:  # fmt: skip
        """The letter as it was found before, or laid out now; raises the same `RenderError`."""
        asked = f"{self._salt}\0{title}\0{language}\0{large_print}\0{sheet}\0{inserter is not None}\0{html}"
        digest = hashlib.sha256(asked.encode(errors="surrogatepass")).hexdigest()
        file = self._folder / f"{digest}.json"
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            return _read(json.loads(file.read_bytes()))
        try:
            letter = self._inner.render(
                html, title=title, language=language, large_print=large_print, sheet=sheet, inserter=inserter
            )
        except RenderError as error:
            self._keep(file, {"error": [error.reason, error.detail]})
            raise
        runs = letter.type_runs()
        self._keep(file, {
            "pages": letter.pages, "text": letter.text, "problems": letter.problems,
            "type_runs": [[run.points, run.text] for run in runs],
        })  # fmt: skip
        return replace(letter, pdf=b"", measured=runs)

    def _keep(self, file: Path, found: dict[str, Any]) -> None:
        # A folder that cannot be written only makes the next check slower.
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump(found, stream)
            Path(name).replace(file)


def _prune(folder: Path) -> None:
    with contextlib.suppress(OSError):  # another check may be pruning
        kept = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for old in kept[: max(0, len(kept) - MOST_ENTRIES)]:
            old.unlink(missing_ok=True)


@lru_cache(maxsize=1)
def _engine() -> str:
    """Digest of the engine's own rendering modules, which may find something else in the same HTML tomorrow."""
    sources = sorted(Path(__file__).parent.rglob("*.py"))
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in sources)).hexdigest()


def _read(found: dict[str, Any]) -> Letter:
    if "error" in found:
        reason, detail = found["error"]
        raise RenderError(reason, detail)
    runs = tuple(TypeRun(float(points), str(text)) for points, text in found["type_runs"])
    return Letter(b"", int(found["pages"]), str(found["text"]), tuple(found["problems"]), runs)
