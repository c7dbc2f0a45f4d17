"""Names of people who work here."""

from __future__ import annotations

from collections.abc import Iterator

from ccm.compliance.text import CJK, LATIN
from ccm.compliance.writing.written import Code, Context, Hit, Written

import re

CODES = (
    Code(
        "PB01", "name of a member of staff", "a message may be shown to anybody, and people leave",
        "sign with the team or the bank", "warning", "The bank's own rule",
    ),
)  # fmt: skip


def check(written: Written, context: Context) -> Iterator[Hit]:
    """A hit for each whole name of ``ccm.toml`` or ``writing.yaml``, in either order."""
    for name in context.staff:
        words = name.split()
        orders = {r"\s*".join(map(re.escape, words)) if re.search(f"[{CJK}]", name) else r"\s+".join(map(re.escape, order))
                  for order in (words, words[::-1])}  # fmt: skip
        for part in written.own if words else ():
            if words[0].lower() not in part.text.lower():
                continue
            for order in sorted(orders):
                for found in re.finditer(rf"(?<![{LATIN}]){order}(?![{LATIN}])", part.text, re.IGNORECASE):
                    yield Hit("PB01", found[0], part.place, found.start(), found.end())
