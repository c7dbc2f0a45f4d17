"""What an inbox shows: subject and preheader."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from ccm.compliance.writing.written import Code, Context, Hit, Written

VALUE_COLUMNS = 20
_CUT = "inboxes cut it off"
CODES = (
    Code(
        "SU01",
        "long subject",
        _CUT,
        "shorten it, the important words first",
        "warning",
        "The bank's own limit: about what a desktop inbox shows; a full-width character takes two columns",
    ),
    Code(
        "SU02",
        "no preheader",
        "inboxes show the first words of the page instead",
        "add a preheader to the front matter",
        "warning",
        "The bank's own rule",
    ),
    Code("SU03", "long preheader", _CUT, "shorten it", "warning", "The bank's own limit"),
    Code(
        "SU04",
        "preheader repeats the subject",
        "the same words twice are a line wasted",
        "say what the subject leaves out",
        "info",
        "The bank's own rule",
    ),
)


def columns(text: str) -> int:
    """Width of a text: two for a full-width or wide character (Unicode Standard Annex 11), one for others."""
    return sum(2 if unicodedata.east_asian_width(letter) in "FW" else 1 for letter in text)


def own_columns(text: str, written: Written) -> int:
    """Width of a text in which no value counts more than `VALUE_COLUMNS`: a longer name is cut off anyway."""
    width = columns(text)
    for value in written.long_values:
        if value in text:
            width -= max(0, columns(value) - VALUE_COLUMNS)
            text = text.replace(value, "", 1)
    return width


def check(written: Written, context: Context) -> Iterator[Hit]:
    """Hits for an e-mail's subject and preheader."""
    if written.channel != "email":
        return
    limits = context.writing.settings.limits
    subject, preheader = written.subject, written.preheader
    wide = own_columns(subject, written)
    if wide > limits.subject_columns:
        found = f"{subject[:30]}… ({wide} columns, at most {limits.subject_columns})"
        yield Hit("SU01", found, "subject", 0, len(subject))
    if written.html and not preheader:
        yield Hit("SU02", "", path=written.source.path, line=written.source.first_line)
    wide = own_columns(preheader, written)
    if wide > limits.preheader_columns:
        found = f"{preheader[:30]}… ({wide} columns, at most {limits.preheader_columns})"
        yield Hit("SU03", found, "preheader", 0, len(preheader))
    if preheader and preheader.strip(" .。!！").casefold() == subject.strip(" .。!！").casefold():
        yield Hit("SU04", preheader, "preheader", 0, len(preheader))
