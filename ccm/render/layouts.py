"""The brand's layouts, each checked once for all communications whose templates mean the same by the names in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from unicodedata import normalize

from ccm.errors import Problem
from ccm.render.compile import check_source
from ccm.render.dialects import Dialect
from ccm.render.language import Piece, Source
from ccm.render.schema import Type
from ccm.workspace import Workspace

_KEPT = 32
"""Checks of layouts: a workspace has three layouts, and few fields that only some communications declare."""


@dataclass(frozen=True, slots=True)
class _Passed:
    """A layout in which nothing is wrong, and all that this depends on."""

    source: Source
    dialect: Dialect
    brand: Mapping[str, bytes]
    names: Mapping[str, Type]
    """Those of the communication's names that stand anywhere in the layout: no other can matter."""
    pieces: list[Piece]
    uses: frozenset[str]

    def serves(self, source: Source, dialect: Dialect, brand: Mapping[str, bytes], names: Mapping[str, Type]) -> bool:
        return self.brand is brand and (self.source, self.dialect, self.names) == (source, dialect, names)


_passed: tuple[_Passed, ...] = ()
"""The newest last. Replaced as a whole, since threads share it."""


@dataclass(slots=True)
class Layouts:
    """The layouts as one communication sees them."""

    workspace: Workspace
    names: Mapping[str, Type]
    problems: list[Problem]
    sources: dict[str, Source] = field(default_factory=dict)
    """By name, of those that were asked for."""
    _checked: dict[str, tuple[list[Piece] | None, frozenset[str]]] = field(default_factory=dict)

    def get(self, name: str, dialect: Dialect) -> tuple[list[Piece] | None, frozenset[str]]:
        """The layout's pieces, None where it is wrong, and the names it reads."""
        if name not in self._checked:
            path = f"templates/_brand/{name}"
            content = self.workspace.brand.get(name)
            try:
                text = (content or b"").decode("utf-8-sig").replace("\r\n", "\n")
            except UnicodeDecodeError:
                text = ""
            if not text:
                self.problems.append(Problem(path, 0, "is missing, empty or not UTF-8"))
                self._checked[name] = None, frozenset()
            else:
                source = self.sources[name] = Source(path, text)
                self._checked[name] = self._check(source, dialect)
        return self._checked[name]

    def _check(self, source: Source, dialect: Dialect) -> tuple[list[Piece] | None, frozenset[str]]:
        global _passed
        brand = self.workspace.brand
        names = {name: kind for name, kind in self.names.items() if name in _words(source.text)}
        for known in _passed:
            if known.serves(source, dialect, brand, names):
                return known.pieces, known.uses
        # With all names, so that one that is misspelt is told with what was meant.
        checked = check_source(source, self.names, self.problems, dialect, layout=True, assets=brand)
        uses = frozenset(checked.uses)
        if checked.pieces is not None:
            _passed = (*_passed[1 - _KEPT :], _Passed(source, dialect, brand, names, checked.pieces, uses))
        return checked.pieces, uses


@lru_cache(maxsize=_KEPT)
def _words(text: str) -> frozenset[str]:
    # Normalised as the search for placeholders of other systems reads names.
    return frozenset(re.findall(r"\w+", normalize("NFKC", text)))
