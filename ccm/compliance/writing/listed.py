"""Checks that look for the entries of one list."""

from __future__ import annotations

from collections.abc import Iterator

from ccm.compliance.writing.phrases import search
from ccm.compliance.writing.written import Context, Hit, Written


def listed(code: str, section: str, written: Written, context: Context) -> Iterator[Hit]:
    """A hit for each place where an entry of the section stands in what the writer wrote."""
    entries = context.writing.of(written.language, section)
    for part in written.prose if entries else ():
        for entry, start, end in search(entries, part.text, written.channel):
            mend = f"write: {entry.say}" if entry.say else ""
            yield Hit(code, part.text[start:end], part.place, start, end, mend)
