"""Marks of a text that is not finished, from the list."""

from __future__ import annotations

from collections.abc import Iterator

from ccm.compliance.writing.listed import listed
from ccm.compliance.writing.written import Code, Context, Hit, Written

CODES = (
    Code(
        "PB03",
        "not finished",
        "a customer would read a note to ourselves",
        "finish the sentence or fill the field",
        "error",
        "The bank's own list",
    ),
)


def check(written: Written, context: Context) -> Iterator[Hit]:
    """A hit for each entry of the list that stands in the message."""
    return listed("PB03", "unfinished", written, context)
