"""Words that promise nothing, from the list."""

from __future__ import annotations

from collections.abc import Iterator

from ccm.compliance.writing.listed import listed
from ccm.compliance.writing.written import Code, Context, Hit, Written

CODES = (
    Code(
        "WD05",
        "vague",
        "a customer can't tell when or how much",
        "give a date, an amount or a condition",
        "info",
        "The bank's own list; FCA PRIN 2A.5 (consumer understanding)",
    ),
)


def check(written: Written, context: Context) -> Iterator[Hit]:
    """A hit for each entry of the list that stands in the message."""
    return listed("WD05", "weasel", written, context)
