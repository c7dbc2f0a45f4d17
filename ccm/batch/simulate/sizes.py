"""How long messages are, by the samples of each communication: parts of a text message, pages of a letter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ccm.errors import Problem
from ccm.pipeline.preview import render_all, samples
from ccm.pipeline.project import Project

Key = tuple[str, str, str]
"""Communication, channel and language."""

_COUNTED = ("sms", "letter")
"""Channels whose messages have parts or printed pages."""


@dataclass(frozen=True, slots=True)
class Size:
    """The mean over the samples."""

    segments: Decimal = Decimal(0)
    pages: Decimal = Decimal(0)
    """Printed ones: those of a letter attached to an e-mail cost no paper."""
    samples: int = 0


def sizes(project: Project, wanted: Iterable[Key], at: datetime) -> dict[Key, Size]:
    """The sizes of what was wanted, laid out from samples of its language; none for what no sample shows.

    A sample that can't be rendered is left out: `ccm check` tells of it.
    """
    found: defaultdict[Key, list[tuple[int, int]]] = defaultdict(list)
    counted = {key for key in wanted if key[1] in _COUNTED}
    problems: list[Problem] = []
    for name in sorted({key[0] for key in counted}):
        compiled = project.compiled(name)
        for subject in samples(compiled, project, problems):
            language = compiled.communication.language_for(subject.customer.language)
            for channel in sorted({key[1] for key in counted if key[0] == name and key[2] == language}):
                for preview in render_all(project, compiled, subject, at, channel=channel):
                    if preview.rendered is not None:
                        key = (name, channel, preview.language)
                        found[key].append((preview.rendered.segments, preview.rendered.pages))
    return {key: _mean(rows) for key, rows in found.items()}


def _mean(rows: list[tuple[int, int]]) -> Size:
    count = Decimal(len(rows))
    return Size(
        Decimal(sum(segments for segments, _ in rows)) / count, Decimal(sum(pages for _, pages in rows)) / count,
        len(rows),
    )  # fmt: skip


def measured(size: Mapping[Key, Size], key: Key) -> bool:
    """Whether the sizes of such messages are known, or are nothing that is counted."""
    return key[1] not in _COUNTED or key in size


def total(size: Mapping[Key, Size], key: Key, messages: int) -> tuple[Decimal, Decimal]:
    """Parts and pages of so many messages."""
    one = size.get(key, Size())
    return one.segments * messages, one.pages * messages
