"""A message that speaks to nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ccm.compliance.writing.phrases import search
from ccm.compliance.writing.places import runs
from ccm.compliance.writing.written import Code, Context, Hit, Written

_NAME = re.compile(r"\{\{[^}]*\bcustomer\.(?:addressee|full_name|family_name|given_name|organisation_name)\b")
CODES = (
    Code(
        "TN01",
        "speaks to nobody",
        "it has neither the customer's name nor a word for 'you'",
        "use {{ customer.addressee }}, you or お客さま",
        "warning",
        "The bank's own rule; ISO 24495-1:2023, Plain language",
        channels=frozenset({"email", "letter", "inbox"}),
    ),
)


def check(written: Written, context: Context) -> Iterator[Hit]:
    """One hit where the template itself has no name and no word of the list `reader`.

    The template, not the rendered text: the layout prints the name into every window.
    """
    reader = context.writing.of(written.language, "reader")
    if not reader or _NAME.search(written.source.text):
        return
    words = "\n".join(run.text for run in runs(written.source))
    if words and next(search(reader, words), None) is None:
        yield Hit("TN01", "", path=written.source.path, line=written.source.first_line)
