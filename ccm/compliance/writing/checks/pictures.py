"""Pictures have a text for those who do not see them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ccm.compliance.writing.pages import links_and_pictures
from ccm.compliance.writing.written import Code, Context, Hit, Written

_FILE_NAME = re.compile(r"[\w.-]+\.(?:png|jpe?g|gif|svg|webp)|image|picture|photo|画像|写真|img[\d_-]*", re.IGNORECASE)
CODES = (
    Code(
        "AL01",
        "picture without a text",
        "who does not see it is told nothing",
        'add alt="…" with what it says; alt="" for decoration outside a link',
        "warning",
        "WCAG 2.2, success criterion 1.1.1 Non-text Content",
    ),
)


def check(written: Written, context: Context) -> Iterator[Hit]:
    """A hit for each picture without ``alt``, with a file's name for one, or with an empty one inside a link."""
    sources = (written.source, *(source for source in written.shared if source.path.endswith((".mjml", ".html"))))
    for source in sources:
        if "<img" not in source.text and "<mj-image" not in source.text:
            continue
        for element in links_and_pictures(source.text):
            alt = element.attributes.get("alt")
            missing = alt is None or _FILE_NAME.fullmatch(alt.strip()) or (element.inside and not alt.strip())
            if element.tag == "img" and missing:
                shown = str(element.attributes.get("src") or "")
                line = source.first_line + element.line - 1
                yield Hit("AL01", shown, path=source.path, line=line, column=element.column)
