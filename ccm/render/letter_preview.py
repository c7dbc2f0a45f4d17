"""The mark across every page of a letter that is only a preview."""

from __future__ import annotations

from collections.abc import Mapping

from ccm.render.letter import open_letter_renderer
from ccm.render.letter_brand import STYLE_SHEET

MARKS = {"en": "PREVIEW", "ja": "プレビュー"}
"""Language to what stands across its pages; others have the first one's."""
_STYLE = """
body::before {
  content: "%(en)s" !important; position: fixed !important; display: block !important;
  left: 0 !important; top: 47%% !important; width: 100%% !important; height: auto !important; margin: 0 !important;
  text-align: center !important; white-space: nowrap !important; transform: rotate(-32deg) !important;
  font: 700 76pt/1 "Noto Sans", "Noto Sans JP" !important; letter-spacing: 5pt !important;
  color: #b3261e !important; opacity: 0.15 !important;
}
:lang(ja) > body::before { content: "%(ja)s" !important; font-family: "Noto Sans JP" !important }
"""


def marked_brand(brand: Mapping[str, bytes]) -> dict[str, bytes]:
    """The brand's files with a style sheet that marks every page.

    The mark is drawn by the style sheet, so that the letter's own text stays what a customer would get. It lies below
    the window of an envelope, lest the check of the window find it there.
    """
    sheet = brand.get(STYLE_SHEET)
    return {**brand, **({} if sheet is None else {STYLE_SHEET: sheet + (_STYLE % MARKS).encode()})}


def open_brands(brand: Mapping[str, bytes]) -> None:
    """Opens the brand for letters and for their previews; done before a fork, children need not.

    Fonts are left to who lays out the first letter: most checks find every letter in the cache. Raises `TemplateError`.
    """
    for files in (brand, marked_brand(brand)):
        open_letter_renderer(files)
