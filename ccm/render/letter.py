"""Letters: complete HTML in, accessible PDF out.

`LetterRenderer` is all that the rest of the engine knows; WeasyPrint stands behind it, and a faster
renderer can. The same HTML gives the same bytes in any process on any machine: the fonts are the
engine's own, the document has no dates, and its identifier is the digest of what went in.
"""

from __future__ import annotations

import gc
import hashlib
import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Protocol

from weasyprint import CSS, HTML
from weasyprint.document import Document
from weasyprint.urls import FatalURLFetchingError

from ccm.errors import RenderError
from ccm.model.message import TypeRun
from ccm.render import letter_figures, letter_totals
from ccm.render.fonts import font_configuration, missing_glyph
from ccm.render.letter_brand import BASE_URL, STYLE_SHEET, BrandFetcher, open_brand
from ccm.render.letter_charts import Look
from ccm.render.letter_codes import Inserter
from ccm.render.letter_figures import draw_figures
from ccm.render.letter_finish import VARIANT, Finisher
from ccm.render.letter_markup import MAX_CHARACTERS, check_markup, visible_text
from ccm.render.letter_paper import sheet_classes, sheet_style, window_problems
from ccm.render.letter_sizes import type_runs
from ccm.render.letter_totals import carry_totals
from ccm.workspace.garbage import collected_later
from ccm.workspace.stationery import DEFAULT_SHEET, Sheet

MAX_PAGES = 200
LARGE_PRINT_CLASS = "large-print"
"""Class of the root element of a large print letter; `letter.css` says what it means."""

_BRANDS = 4
"""Kept open: the workspace's own, and the one that marks previews; the same again while a brand is being changed."""
_COLLECT_EVERY = 8
_PROGRESS = logging.getLogger("weasyprint.progress")
# Pango's objects are shared by all letters of a process and are not safe to use from two threads.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, slots=True)
class Letter:
    """A rendered letter.

    `pages` is the number of pages; `text` the visible text in reading order, one line a block or a table row;
    `problems` what `window_problems` says of its first page; `measured` the sizes of its words where they are known
    already.
    """

    pdf: bytes
    pages: int
    text: str
    problems: tuple[str, ...] = ()
    measured: tuple[TypeRun, ...] | None = None

    def type_runs(self) -> tuple[TypeRun, ...]:
        """The words of the letter and the sizes they are printed in."""
        return type_runs(self.pdf) if self.measured is None else self.measured


class LetterRenderer(Protocol):
    """Turns the complete HTML of one letter (layout and body) into a PDF."""

    def render(
        self, html: str, *, title: str, language: str, large_print: bool, sheet: Sheet = DEFAULT_SHEET,
        inserter: Inserter | None = None,
    ) -> Letter:  # fmt: skip
        """Return the letter as PDF/UA-1 and PDF/A-2a with `title` and `language` (a BCP 47 tag) in its metadata.

        `large_print` sets the class `LARGE_PRINT_CLASS` on the root element, `sheet` the paper and the place of
        the address; with `inserter` each sheet gets its code for the inserting machine.

        Raises `RenderError`, which stops this letter only, with reason ``missing_glyph``,
        ``forbidden_markup``, ``forbidden_fetch``, ``not_accessible``, ``too_large`` or ``layout_failed``.
        """


def open_letter_renderer(brand: Mapping[str, bytes]) -> LetterRenderer:
    """Return a renderer for the files of `templates/_brand`, given by their path relative to it.

    Raises `TemplateError` where `letter.css` or a picture is missing or not safe to render.
    """
    return _opened(tuple(sorted(brand.items())))


@lru_cache(maxsize=_BRANDS)
def _opened(files: tuple[tuple[str, bytes], ...]) -> LetterRenderer:
    # Every communication asks for the same brand, and its style sheet takes a tenth of a second to read.
    _install_page_limit()
    return _WeasyPrintRenderer(*open_brand(dict(files), font_configuration()))


def preload() -> None:
    """Load libraries and fonts, and set a few words in each font: done before a fork, children need not.

    Fork only while no letter is being rendered.
    """
    words = '<h1 lang="en">Ab 1</h1><p>Ab 1</p><h2 lang="ja">口座</h2><p lang="ja">口座</p>'
    sheet = b"body { font-family: 'Noto Sans' } :lang(ja) { font-family: 'Noto Sans JP' }"
    open_letter_renderer({STYLE_SHEET: sheet}).render(words, title="-", language="en", large_print=False)


class _WeasyPrintRenderer:
    def __init__(self, fetcher: BrandFetcher, style_sheet: CSS, look: Look) -> None:
        self._fetcher = fetcher
        self._style_sheet = style_sheet
        self._look = look
        self._rendered = 0

    def render(
        self, html: str, *, title: str, language: str, large_print: bool, sheet: Sheet = DEFAULT_SHEET,
        inserter: Inserter | None = None,
    ) -> Letter:  # fmt: skip
        if len(html) > MAX_CHARACTERS:
            raise RenderError("too_large", f"the letter has more than {MAX_CHARACTERS:,} characters of HTML")
        if not title.strip() or not language:
            raise RenderError("not_accessible", "the letter has no title or no language")
        document = HTML(string=html, base_url=BASE_URL, url_fetcher=self._fetcher)
        root = document.etree_element
        check_markup(root)
        carry_totals(root)
        text = visible_text(root)
        draw_figures(root, self._look, large_print=large_print)
        if missing := missing_glyph(f"{text}\n{title}"):
            raise RenderError("missing_glyph", missing)
        root.set("lang", language)
        classes = f"{root.get('class', '')} {sheet_classes(sheet)} {LARGE_PRINT_CLASS if large_print else ''}"
        root.set("class", classes.strip())
        identifier = hashlib.sha256(
            f"{title}\0{language}\0{large_print}\0{sheet}\0{inserter}\0{html}".encode(errors="surrogatepass")
        ).hexdigest()[:32]
        with _ONE_AT_A_TIME, self._without_collector():
            pages, pdf = self._draw(document, title, language, sheet, identifier.encode(), Finisher(inserter))
        # A layout without an address is meant for another kind of envelope.
        address = _address(root)
        problems = window_problems(pdf, sheet, address) if address else ()
        return Letter(pdf, pages, text, problems)

    def _draw(
        self, document: HTML, title: str, language: str, sheet: Sheet, identifier: bytes, finisher: Finisher
    ) -> tuple[int, bytes]:
        try:
            drawn: Document = document.render(
                font_config=font_configuration(),
                stylesheets=[_figure_css(), self._style_sheet, _sheet_css(sheet)],
                presentational_hints=False,
            )
            if len(drawn.pages) > MAX_PAGES:
                raise _too_many_pages()
            drawn.metadata.title = title
            drawn.metadata.lang = language
            pdf: bytes = drawn.write_pdf(finisher=finisher, pdf_variant=VARIANT, pdf_identifier=identifier)
        except FatalURLFetchingError as error:
            raise RenderError("forbidden_fetch", str(error)) from error
        except RenderError:
            raise
        except Exception as error:
            # Whatever the library trips over is this letter's trouble; the next one is rendered all the same.
            raise RenderError("layout_failed", f"WeasyPrint stopped with {type(error).__name__}") from error
        return len(drawn.pages), pdf

    @contextmanager
    def _without_collector(self) -> Iterator[None]:
        """Pause the cyclic collector, which costs up to a tenth of a letter, and collect once per some letters."""
        try:
            with collected_later():
                yield
        finally:
            self._rendered += 1
            if self._rendered % _COLLECT_EVERY == 0:
                gc.collect()


@cache
def _figure_css() -> CSS:
    return CSS(string=letter_figures.STYLE, font_config=font_configuration())


@cache
def _sheet_css(sheet: Sheet) -> CSS:
    return CSS(string=sheet_style(sheet) + letter_totals.STYLE, font_config=font_configuration())


def _address(root: Any) -> tuple[str, ...]:
    """The lines of the first ``<address>``."""
    address = root.find(".//address")
    return () if address is None else tuple(visible_text(address).split("\n"))


class _PageLimit(logging.Filter):
    """Ends a letter that grows over `MAX_PAGES` while it is laid out.

    WeasyPrint tells of each page it starts on its documented progress logger, which is its one public
    window into a running layout. The lines themselves are dropped.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        arguments = record.args
        starts_page = record.msg.startswith("Step 5 - Creating layout - Page")
        if starts_page and isinstance(arguments, tuple) and isinstance(page := arguments[0], int) and page > MAX_PAGES:
            raise _too_many_pages()
        return False


def _too_many_pages() -> RenderError:
    return RenderError("too_large", f"the letter has more than {MAX_PAGES} pages")


def _install_page_limit() -> None:
    if not any(isinstance(existing, _PageLimit) for existing in _PROGRESS.filters):
        _PROGRESS.addFilter(_PageLimit())
        _PROGRESS.setLevel(logging.INFO)
