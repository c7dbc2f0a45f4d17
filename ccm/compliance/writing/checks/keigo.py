"""Mistakes in Japanese polite language, from the list."""

from __future__ import annotations

from collections.abc import Iterator

from ccm.compliance.writing.listed import listed
from ccm.compliance.writing.written import Code, Context, Hit, Written

CODES = (
    Code(
        "TN05",
        "polite language gone wrong",
        "a mistake in keigo reads as carelessness",
        "use the right form",
        "warning",
        "文化審議会答申「敬語の指針」(2007)",
    ),
)


def check(written: Written, context: Context) -> Iterator[Hit]:
    """A hit for each entry of the list that stands in the message."""
    return listed("TN05", "keigo", written, context)
