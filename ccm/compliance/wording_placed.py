"""How approved wording must stand in a message: how often, where, and in what size of type.

Checked on the rendered result, as its file asks; each part of a message (an e-mail, the letter that is attached to
it) by itself.

- ``start``: begins in the first third of the words; ``end``: ends in the last third. Thirds, because letterhead,
  address and greeting stand before everything.
- ``beside``: wherever one of the named words stands, the wording is at most `BESIDE` characters away.
- ``minimum_points``: no character of it is printed smaller on a letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from ccm.compliance.text import CheckedText, count_standing, folded
from ccm.model.message import Rendered, TypeRun, WordingUse

BESIDE = 300
"""Characters between a promise and its notice: about four lines of a letter, two of them Japanese."""
TOLERANCE = 0.05
"""Points that rounding may take from a size."""
_NO_LETTERS = re.compile("[\\s\u0002\u00ad\u200b\u2010\u2060\ufeff\ufffe-]+")
"""What layout puts in or takes out: spaces, and hyphens where a line ends."""


def misplaced(rendered: Rendered, message: CheckedText) -> Iterator[str]:
    """A sentence for each wording that does not stand as its file asks; no personal data.

    `message` is what rules see of `rendered`; its folded text is used again.
    """
    parts: list[CheckedText] = []
    for use in dict.fromkeys(rendered.wording):
        if (use.occurs, use.position) != ("at_least_once", "anywhere"):
            parts = parts or _parts(rendered, message)
            yield from _in_text(use, parts)
        if use.minimum_points is not None:
            yield from _in_print(use, use.minimum_points, rendered)


def smallest_of(passage: str, runs: Iterable[TypeRun]) -> float | None:
    """The smallest size, in points, of any character of a passage wherever it is printed; None: nowhere.

    Spaces, line breaks and hyphens make no difference. A passage may go on over a page break.
    """
    wanted = _NO_LETTERS.sub("", passage)
    letters: list[str] = []
    sizes: list[float] = []
    for run in runs:
        letters.append(_NO_LETTERS.sub("", run.text))
        sizes += [run.points] * len(letters[-1])
    text = "".join(letters)
    found: list[float] = []
    start = text.find(wanted) if wanted else -1
    while start >= 0:
        found += sizes[start : start + len(wanted)]
        start = text.find(wanted, start + len(wanted))
    return min(found) if found else None


def _parts(rendered: Rendered, message: CheckedText) -> list[CheckedText]:
    if not rendered.attached:
        return [message]
    texts = (rendered.text.removesuffix(rendered.attached), rendered.attached)
    return [CheckedText(rendered.channel, text) for text in texts if text]


def _in_text(use: WordingUse, parts: Sequence[CheckedText]) -> Iterator[str]:
    counts = [count_standing(use.text, part) for part in parts]
    if not any(counts):
        yield f"wording '{use.id}' was used, but its text is not in what the customer reads"
        return
    for part, count in zip(parts, counts, strict=True):
        if not count:
            continue
        if count > 1 and use.occurs == "exactly_once":
            yield f"wording '{use.id}' stands {count} times, not exactly once"
        text, passage = part.folded_case, folded(use.text).casefold()
        if use.position == "start" and text.find(passage) > len(text) / 3:
            yield f"wording '{use.id}' must stand at the start, in the first third of the words"
        if use.position == "end" and text.rfind(passage) + len(passage) < len(text) * 2 / 3:
            yield f"wording '{use.id}' must stand at the end, in the last third of the words"
        if use.position == "beside":
            yield from _beside(use, text, passage)


def _beside(use: WordingUse, text: str, passage: str) -> Iterator[str]:
    notices = [found.span() for found in re.finditer(re.escape(passage), text)]
    for word in use.beside:
        for found in re.finditer(re.escape(folded(word).casefold()), text):
            # Inside the notice the distance is negative.
            gaps = [max(begin - found.end(), found.start() - end) for begin, end in notices]
            if min(gaps) > BESIDE:
                yield f"wording '{use.id}' must stand beside '{word}', at most {BESIDE} characters away"
                break


def _in_print(use: WordingUse, minimum: float, rendered: Rendered) -> Iterator[str]:
    if rendered.channel != "letter" and not rendered.attached:
        return
    size = smallest_of(use.text, rendered.type_runs())
    if size is None and rendered.channel == "letter":
        yield f"wording '{use.id}' is not found among the printed words, so that its type cannot be measured"
    elif size is not None and size < minimum - TOLERANCE:
        yield f"wording '{use.id}' is printed in {size:g} points; {minimum:g} are asked for"
