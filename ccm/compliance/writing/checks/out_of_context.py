"""Phrases that read badly when quoted alone, from the list."""

from __future__ import annotations

from collections.abc import Iterator

from ccm.compliance.writing.listed import listed
from ccm.compliance.writing.written import Code, Context, Hit, Written

CODES = (
    Code(
        "PB05",
        "reads badly out of context",
        "quoted alone, it would embarrass the bank",
        "say it so that anybody may read it",
        "warning",
        "The bank's own list",
    ),
)


def check(written: Written, context: Context) -> Iterator[Hit]:
    """A hit for each entry of the list that stands in the message."""
    return listed("PB05", "out_of_context", written, context)
