"""Words that blame the customer, from the list."""

from __future__ import annotations

from collections.abc import Iterator

from ccm.compliance.writing.listed import listed
from ccm.compliance.writing.written import Code, Context, Hit, Written

CODES = (
    Code(
        "TN03",
        "blames the customer",
        "blame makes a complaint out of a question",
        "say what happened and what to do",
        "warning",
        "The bank's own list",
    ),
)


def check(written: Written, context: Context) -> Iterator[Hit]:
    """A hit for each entry of the list that stands in the message."""
    return listed("TN03", "blame", written, context)
