"""One name for one thing, over all channels of a communication."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ccm.compliance.writing.phrases import finder, plain
from ccm.compliance.writing.written import Code, Context, Hit, Passage, Written
from ccm.workspace.writing import EVERY_LANGUAGE, Term

CODES = (
    Code(
        "WD06",
        "two names for one thing",
        "a customer looks for the difference",
        "use one name on every channel",
        "warning",
        "The bank's own list; ISO 24495-1:2023, Plain language",
    ),
)


def check_together(messages: Sequence[Written], context: Context) -> Iterator[tuple[Written, Hit]]:
    """A hit for each name that is used less than another name of the same thing."""
    groups: dict[tuple[str, str], list[Written]] = {}
    for written in messages:
        groups.setdefault((written.communication.id, written.spoken), []).append(written)
    for (_, language), members in groups.items():
        for name in (language, EVERY_LANGUAGE):
            lists = context.writing.lists.get(name)
            for term in lists.terms if lists else ():
                yield from _of_term(term, members)


def _of_term(term: Term, members: Sequence[Written]) -> Iterator[tuple[Written, Hit]]:
    standing = [
        (name, written, part, start, end)
        for written in members
        for part in written.prose
        for name, start, end in places(term, part)
    ]
    used = Counter(name for name, *_ in standing)
    if len(used) < 2:
        return
    kept = max(used, key=lambda name: (used[name], -term.names.index(name)))
    for name, written, part, start, end in standing:
        if name != kept:
            yield written, Hit("WD06", part.text[start:end], part.place, start, end, f"elsewhere it is '{kept}'")


def places(term: Term, part: Passage) -> Iterator[tuple[str, int, int]]:
    """Where the names of a thing stand; a name inside a longer one of the same thing does not count."""
    text = plain(part.text)
    small = text.lower()
    taken: list[tuple[int, int]] = []
    for name in sorted(term.names, key=len, reverse=True):
        for found in finder(name).find(text, small):
            if not any(start < found.end() and found.start() < end for start, end in taken):
                taken.append(found.span())
                yield name, found.start(), found.end()
