"""A register that is too casual for a bank, from the list."""

from __future__ import annotations

from collections.abc import Iterator

from ccm.compliance.writing.listed import listed
from ccm.compliance.writing.written import Code, Context, Hit, Written

CODES = (
    Code(
        "TN04",
        "too casual",
        "it does not fit a letter from a bank",
        "use the polite form",
        "warning",
        "The bank's own list; 文化審議会建議「公用文作成の考え方」(2022), 文体の選択",
    ),
)


def check(written: Written, context: Context) -> Iterator[Hit]:
    """A hit for each entry of the list that stands in the message."""
    return listed("TN04", "casual", written, context)
