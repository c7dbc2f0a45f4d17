"""Double negatives, from the list."""

from __future__ import annotations

from collections.abc import Iterator

from ccm.compliance.writing.listed import listed
from ccm.compliance.writing.written import Code, Context, Hit, Written

CODES = (
    Code(
        "WD03",
        "double negative",
        "it has to be read twice",
        "say what is so",
        "warning",
        "The bank's own list; 文化審議会建議「公用文作成の考え方」(2022), 二重否定",
    ),
)


def check(written: Written, context: Context) -> Iterator[Hit]:
    """A hit for each entry of the list that stands in the message."""
    return listed("WD03", "double_negative", written, context)
