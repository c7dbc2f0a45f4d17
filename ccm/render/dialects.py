"""Which tags and attributes each kind of markup may have."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ccm.render.letter_markup import ELEMENTS

VOID = frozenset({"br", "hr", "wbr", "col", "img", "meta", "link", "ccm-content"})
CONTENT = "ccm-content"
"""The layout's marker where the communication's own template goes."""

_TEXT_TAGS = frozenset({
    "a", "abbr", "b", "bdi", "blockquote", "br", "caption", "code", "col", "colgroup", "dd", "div", "dl", "dt", "em",
    "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol", "p", "rp", "rt", "ruby", "s", "small", "span",
    "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "u", "ul", "wbr",
})  # fmt: skip
_PAGE = frozenset({"html", "head", "title", "meta", "body"})
MJML_PARENTS = {
    "mjml": {""}, "mj-head": {"mjml"}, "mj-body": {"mjml"}, "mj-attributes": {"mj-head"}, "mj-style": {"mj-head"},
    "mj-breakpoint": {"mj-head"}, "mj-all": {"mj-attributes"}, "mj-class": {"mj-attributes"},
    "mj-wrapper": {"mj-body"}, "mj-section": {"mj-body", "mj-wrapper"}, "mj-group": {"mj-section"},
    "mj-column": {"mj-section", "mj-group"}, "mj-text": {"mj-column"}, "mj-button": {"mj-column"},
    "mj-table": {"mj-column"}, "mj-divider": {"mj-column"}, "mj-spacer": {"mj-column"},
    "mj-image": {"mj-column"}, "mj-raw": {"mj-body", "mj-column"},
}  # fmt: skip
"""Where each tag may stand; in mj-attributes any. mrml 0.2.4 takes a tag anywhere and drops or misplaces it."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One kind of markup."""

    name: str
    tags: frozenset[str]
    max_depth: int
    """Of tags in each other. mrml 0.2.4 crashes at some thousands, WeasyPrint 70 hangs at 60 nested flex boxes."""
    expression_attributes: frozenset[str]
    text_tags: frozenset[str] | None = None
    """Tags in whose text expressions and HTML may stand; None: in all but `style`."""
    block_tags: frozenset[str] = frozenset()
    """Tags between whose children `if` and `for` may stand, beyond those of `text_tags`."""
    root: str = ""
    """The tag around a communication's own template."""
    layout_tags: frozenset[str] = frozenset()
    """Tags that only a layout may have."""
    letter: bool = False
    """Obeys the rules for letters besides: see `letter_body`."""
    figures: bool = False
    """Whether charts and codes can be drawn."""


_READ_ALOUD = frozenset({"href", "alt", "title", "aria-label"})
HTML = Dialect("letter", ELEMENTS - _PAGE, 32, _READ_ALOUD | {"lang"}, layout_tags=_PAGE, letter=True)
LETTER = replace(HTML, figures=True)
MJML = Dialect(
    "MJML", _TEXT_TAGS | MJML_PARENTS.keys() | {"img"}, 64, _READ_ALOUD,
    frozenset({"mj-text", "mj-button", "mj-table", "mj-raw"}),
    frozenset({"mj-body", "mj-column"}), "mj-body",
)  # fmt: skip
