"""Names of people who work here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ccm.compliance.folding import CJK, LATIN
from ccm.compliance.writing.written import Code, Context, Hit, Written

CODES = (
    Code(
        "PB01",
        "name of a member of staff",
        "a message may be shown to anybody, and people leave",
        "sign with the team or the bank",
        "warning",
        "The bank's own rule",
    ),
)


def check(written: Written, context: Context) -> Iterator[Hit]:
    """A hit for each whole name of ``ccm.toml`` or ``writing.yaml``, in either order."""
    for name in context.staff:
        words = name.lower().split()
        for part in written.own if words else ():
            if words[0] in part.text.lower():
                for found in _pattern(name).finditer(part.text):
                    yield Hit("PB01", found[0], part.place, found.start(), found.end())


@lru_cache(maxsize=1024)
def _pattern(name: str) -> re.Pattern[str]:
    words = [re.escape(word) for word in name.split()]
    between = r"\s*" if re.search(f"[{CJK}]", name) else r"\s+"
    either = "|".join(between.join(order) for order in (words, words[::-1]))
    return re.compile(rf"(?<![{LATIN}])(?:{either})(?![{LATIN}])", re.IGNORECASE)
