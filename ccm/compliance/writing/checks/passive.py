"""Passive voice, from the list of patterns."""

from __future__ import annotations

from collections.abc import Iterator

from ccm.compliance.writing.listed import listed
from ccm.compliance.writing.written import Code, Context, Hit, Written

CODES = (
    Code(
        "WD02",
        "passive voice",
        "it hides who does what",
        "name who acts: we, you",
        "info",
        "The bank's own list; ISO 24495-1:2023, Plain language",
    ),
)


def check(written: Written, context: Context) -> Iterator[Hit]:
    """A hit for each entry of the list that stands in the message."""
    return listed("WD02", "passive", written, context)
