"""Finds what was meant as a placeholder and would reach the customer as it stands: {name}, [[name]], ｛｛name｝｝."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from ccm.errors import Problem
from ccm.render.language import Lines, Piece, Source
from ccm.render.schema import Type

_LOOKS = re.compile(
    r"(?P<open>\$?\{|[｛{]{1,2}|\[\[|［［|<<|&lt;&lt;|%%?|\*\|)\s*"
    r"(?P<path>[A-Za-zＡ-Ｚａ-ｚ_＿][\wＡ-Ｚａ-ｚ]*(?:[.．][\wＡ-Ｚａ-ｚ]+)*)\s*(?:[|｜][^{}｛｝]{0,40})?"
    r"(?P<close>[}｝]{1,2}|\]\]|］］|>>|&gt;&gt;|%%?|\|\*)"
)
_FULL_WIDTH_BLOCK = re.compile(r"[｛{][％%][^％%\n]{0,60}[％%]?[｝}]?")


def stray_problems(source: Source, pieces: Sequence[Piece], names: Mapping[str, Type]) -> Iterator[Problem]:
    """A problem for each stretch of plain text that names something of `names` in the brackets of another system."""
    lines = Lines(source.text)
    for piece in pieces:
        if piece.kind != "data":
            continue
        for found in _LOOKS.finditer(piece.text):
            path = unicodedata.normalize("NFKC", found["path"])
            first = path.split(".")[0]
            bracketed = "{" in unicodedata.normalize("NFKC", found["open"])
            if first in names and ("." in path or bracketed):
                line, column = lines.at(piece.start + found.start())
                message = f"'{found[0]}' would reach the customer as it stands; a placeholder is {{{{ {path} }}}}"
                yield source.problem(line, message, column)
        for found in _FULL_WIDTH_BLOCK.finditer(piece.text):
            line, column = lines.at(piece.start + found.start())
            message = f"'{found[0]}' would reach the customer as it stands; code is written {{% … %}}, in half-width"
            yield source.problem(line, message, column)
