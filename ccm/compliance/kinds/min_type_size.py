"""The smallest words must not be too small: in points, or against the largest.

A letter is measured in its PDF. An e-mail's page is measured by the sizes that its elements set themselves (a pixel
is 0.75 points). With `wording` only the regions of these approved wordings are measured, against all the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field, model_validator

from ccm.compliance.folding import fold
from ccm.compliance.kinds import NamesWording
from ccm.compliance.text import CheckedText
from ccm.compliance.visible import visible_sizes
from ccm.workspace.settings import Slug

SLACK = 0.05
"""Points by which a size may differ from what was meant: PDF and style sheets round."""


class Params(NamesWording):
    """`points`: least size. `of_largest`: least share of the largest size in the message, 1 for just as large."""

    points: Annotated[float, Field(gt=0, le=72)] | None = None
    of_largest: Annotated[float, Field(gt=0, le=1)] | None = None
    wording: tuple[Slug, ...] = ()

    @model_validator(mode="after")
    def _asks_for_something(self) -> Params:
        if self.points is None and self.of_largest is None:
            raise ValueError("asks for nothing: give points, or of_largest (a share such as 0.8)")
        return self


def check(params: Params, message: CheckedText) -> list[str]:
    """At most two sentences; a letter that nobody could measure does not pass."""
    sizes = [(run.points, run.text) for run in message.type_runs()]
    if message.html and not sizes:
        sizes = list(visible_sizes(message.html))
    if not sizes:
        return ["the size of its words is not known"] if message.channel == "letter" else []
    measured = sizes if not params.wording else list(_of_wording(params.wording, sizes, message))
    if not measured:
        return []
    least, largest = min(points for points, _ in measured), max(points for points, _ in sizes)
    what = "wording " + ", ".join(params.wording) if params.wording else "the smallest text"
    found = []
    if params.points is not None and least + SLACK < params.points:
        found.append(f"{what} has {least:g} points; at least {params.points:g} are needed")
    if params.of_largest is not None and least + SLACK < largest * params.of_largest:
        found.append(f"{what} has {least:g} points, less than {params.of_largest:.0%} of the largest, {largest:g}")
    return found


def _of_wording(
    ids: Sequence[str], sizes: Sequence[tuple[float, str]], message: CheckedText
) -> Iterator[tuple[float, str]]:
    """The runs that hold some of a wording; spaces do not count, since pages put in their own."""
    text, ends = "", []
    for _, words in sizes:
        text += _bare(words)
        ends.append(len(text))
    for use in message.wording:
        passage = _bare(use.text)
        start = text.find(passage) if use.id in ids and passage else -1
        while start >= 0:
            begin = 0
            for (points, words), end in zip(sizes, ends, strict=True):
                if begin < start + len(passage) and end > start:
                    yield points, words
                begin = end
            start = text.find(passage, start + 1)


def _bare(text: str) -> str:
    return "".join(fold(text).split())
