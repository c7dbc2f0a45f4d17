"""An apology says what happens next, and is said in the right words."""

from __future__ import annotations

from collections.abc import Iterator

from ccm.compliance.writing.listed import listed
from ccm.compliance.writing.phrases import search
from ccm.compliance.writing.sentences import sentences
from ccm.compliance.writing.written import Code, Context, Hit, Written

MOST = 2
"""Apologies in one message; more sound hollow."""
_BEFORE, _AFTER = 2, 3
"""Sentences around an apology in which what happens next must stand."""
_SOURCE = "UK Parliamentary and Health Service Ombudsman, Principles for Remedy (2009), Putting things right"
CODES = (
    Code(
        "TN02",
        "apology without what happens next",
        "words alone put nothing right",
        "say what we do, by when, or what the customer can do",
        "warning",
        _SOURCE,
    ),
    Code(
        "TN06",
        "apology in the wrong words",
        "it sounds careless or hollow",
        "say sorry once, plainly",
        "warning",
        _SOURCE,
    ),
)


def check(written: Written, context: Context) -> Iterator[Hit]:
    """Hits for apologies that nothing follows, for poor words, and for more than two apologies."""
    yield from listed("TN06", "poor_apology", written, context)
    apology = context.writing.of(written.language, "apology")
    following = context.writing.of(written.language, "what_next")
    text = next((part.text for part in written.prose if part.place == "text"), "")
    if next(search(apology, text), None) is None:
        return
    parts = sentences(text, written.spoken)
    sorry = [number for number, part in enumerate(parts) if next(search(apology, part.text), None)]
    for number in sorry:
        around = parts[max(0, number - _BEFORE) : number + _AFTER + 1]
        if not any(next(search(following, part.text), None) for part in around):
            yield Hit("TN02", parts[number].text, "text", parts[number].start, parts[number].end)
    for number in sorry[MOST:]:
        found = f"{parts[number].text[:30]} (apology {sorry.index(number) + 1})"
        yield Hit("TN06", found, "text", parts[number].start, parts[number].end)
