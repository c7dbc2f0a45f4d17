"""Links in plain text."""

from __future__ import annotations

import re

_URL = re.compile(r"https?://(?=[!-~])(?:[!-~]+(?<![.,;:!?)]))?", re.ASCII)
"""Of printable ASCII, since Japanese text goes on right behind a link, and without punctuation at its end."""


def links_in(text: str) -> tuple[str, ...]:
    """The distinct web addresses of a text in order, without the punctuation that follows them."""
    if "://" not in text:
        return ()
    return tuple(dict.fromkeys(_URL.findall(text)))
