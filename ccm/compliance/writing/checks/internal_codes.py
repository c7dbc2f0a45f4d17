"""Codes and names of systems, from the list."""

from __future__ import annotations

from collections.abc import Iterator

from ccm.compliance.writing.listed import listed
from ccm.compliance.writing.written import Code, Context, Hit, Written

CODES = (
    Code(
        "PB04",
        "internal code",
        "it means nothing outside, and tells how we work",
        "leave it out or say what it stands for",
        "warning",
        "The bank's own list",
    ),
)


def check(written: Written, context: Context) -> Iterator[Hit]:
    """A hit for each entry of the list that stands in the message."""
    return listed("PB04", "internal", written, context)
