"""Words of the trade, from the list."""

from __future__ import annotations

from collections.abc import Iterator

from ccm.compliance.writing.listed import listed
from ccm.compliance.writing.written import Code, Context, Hit, Written

CODES = (
    Code(
        "WD01",
        "jargon",
        "a customer may not know this word",
        "say it in everyday words",
        "warning",
        "The bank's own list; ISO 24495-1:2023, Plain language",
    ),
)


def check(written: Written, context: Context) -> Iterator[Hit]:
    """A hit for each entry of the list that stands in the message."""
    return listed("WD01", "jargon", written, context)
