"""The brand's files for letters (`templates/_brand`): checked once, then the only thing a letter can load."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

import tinycss2
from PIL import Image, UnidentifiedImageError
from weasyprint import CSS
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from ccm.errors import Problem, TemplateError

BASE_URL = "https://brand.invalid/"
"""Where a letter's relative addresses lead: a name that can't exist (RFC 2606) and is never looked up."""
STYLE_SHEET = "letter.css"
MAX_FILE_BYTES = 2_000_000
MAX_PIXELS = 20_000_000
MAX_SVG_ELEMENTS = 2_000

_PICTURES = {".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
_RASTER_FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG"}
_SVG = "{http://www.w3.org/2000/svg}"
# Shapes and gradients. References (use, image, href) can multiply the work without end or load something.
_SVG_ELEMENTS = frozenset({
    "svg", "g", "title", "desc", "defs", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon",
    "linearGradient", "radialGradient", "stop",
})  # fmt: skip
_SLOW_DISPLAY = frozenset({"flex", "inline-flex", "grid", "inline-grid"})
_SLOW_PROPERTIES = frozenset({"columns", "column-count", "column-width"})


class BrandFetcher(URLFetcher):  # type: ignore[misc]
    """Serves the pictures of the brand; anything else ends the letter.

    Raises `FatalURLFetchingError`, which WeasyPrint lets through, for every other address.
    """

    def __init__(self, pictures: Mapping[str, bytes]) -> None:
        super().__init__(allowed_protocols=(), allow_redirects=False, fail_on_errors=True)
        self._pictures = pictures

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        """Return the brand's picture at `url`; `headers` play no part, since nothing is asked over a network."""
        name = unquote(url.removeprefix(BASE_URL)) if url.startswith(BASE_URL) else ""
        if name not in self._pictures:
            scheme = urlsplit(url).scheme
            raise FatalURLFetchingError(f"the letter asks for something outside templates/_brand (scheme '{scheme}')")
        return URLFetcherResponse(url, self._pictures[name], {"Content-Type": _kind(name)})


def open_brand(brand: Mapping[str, bytes], fonts: FontConfiguration) -> tuple[BrandFetcher, CSS]:
    """Check the brand's pictures and `letter.css`, and return what letters are rendered with.

    `brand` holds the files of `templates/_brand` by relative path; files of other channels are let be.
    Raises `TemplateError` naming the file (and line, for the style sheet).
    """
    problems: list[Problem] = []
    pictures = {name: body for name, body in brand.items() if _kind(name)}
    for name, body in sorted(pictures.items()):
        problems.extend(Problem(_path(name), 0, message) for message in _picture_problems(name, body))
    try:
        sheet = brand[STYLE_SHEET].decode("utf-8")
        problems.extend(_style_problems(tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True)))
    except KeyError:
        problems.append(Problem(_path(STYLE_SHEET), 0, "is missing; letters need their style sheet"))
    except UnicodeDecodeError:
        problems.append(Problem(_path(STYLE_SHEET), 0, "is not UTF-8"))
    if problems:
        raise TemplateError(problems)
    fetcher = BrandFetcher(pictures)
    try:
        return fetcher, CSS(string=sheet, base_url=BASE_URL, url_fetcher=fetcher, font_config=fonts)
    except FatalURLFetchingError as error:
        _refuse_sheet(str(error))


def _refuse_sheet(message: str) -> NoReturn:
    raise TemplateError([Problem(_path(STYLE_SHEET), 0, message)])


def _path(name: str) -> str:
    return f"templates/_brand/{name}"


def _kind(name: str) -> str:
    """Return the media type by the file's ending, or "" for what letters can't show."""
    return next((kind for ending, kind in _PICTURES.items() if name.lower().endswith(ending)), "")


def _picture_problems(name: str, body: bytes) -> Iterator[str]:
    if len(body) > MAX_FILE_BYTES:
        yield f"has {len(body):,} bytes; at most {MAX_FILE_BYTES:,} are possible"
    elif _kind(name) == "image/svg+xml":
        yield from _svg_problems(body)
    else:
        yield from _raster_problems(body, _RASTER_FORMATS[_kind(name)])


def _raster_problems(body: bytes, expected: str) -> Iterator[str]:
    """Only the header is read: the pixels of a small file can fill all memory."""
    try:
        with Image.open(io.BytesIO(body), formats=[expected]) as image:
            width, height = image.size
    except (UnidentifiedImageError, OSError):
        yield f"is no {expected} picture"
    except Image.DecompressionBombError:
        yield f"has more than {MAX_PIXELS:,} pixels"
    else:
        if width * height > MAX_PIXELS:
            yield f"has {width} x {height} pixels; at most {MAX_PIXELS:,} in all are possible"


def _svg_problems(body: bytes) -> Iterator[str]:
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        yield "has a document type declaration; write the SVG without one"
        return
    try:
        root = ET.fromstring(body)  # noqa: S314 (entities were refused above)
    except ET.ParseError as error:
        yield f"is no SVG: {error.msg}"
        return
    elements = list(root.iter())
    if len(elements) > MAX_SVG_ELEMENTS:
        yield f"has {len(elements):,} elements; at most {MAX_SVG_ELEMENTS:,} are possible"
    for element in elements:
        tag = str(element.tag).removeprefix(_SVG)
        if tag not in _SVG_ELEMENTS:
            yield f"<{tag[:60]}> is none of {', '.join(sorted(_SVG_ELEMENTS))}"
        for name, value in element.items():
            local = name.rpartition("}")[2]
            if local == "href" or local.startswith("on") or local == "style":
                yield f"attribute '{local[:40]}' of <{tag[:60]}> is not possible"
            elif "url(" in value.replace(" ", "").lower() and not value.strip().startswith("url(#"):
                yield f"attribute '{local[:40]}' of <{tag[:60]}> refers to another file"


def _style_problems(rules: list[Any]) -> Iterator[Problem]:
    """Refuse what lays out in exponential time when nested, and fonts that not every machine would have."""
    for rule in rules:
        if rule.type == "error":
            yield Problem(_path(STYLE_SHEET), rule.source_line, f"is no CSS: {rule.message}")
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("font-face", "import", "color-profile"):
            message = f"@{rule.lower_at_keyword} is not possible; letters are set in the fonts of the engine"
            yield Problem(_path(STYLE_SHEET), rule.source_line, message)
        elif rule.type in ("at-rule", "qualified-rule") and rule.content:
            inner = tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)
            yield from _style_problems(inner)
        elif rule.type == "declaration":
            words = {token.lower_value for token in rule.value if token.type == "ident"}
            named = rule.lower_name if rule.lower_name in _SLOW_PROPERTIES else None
            if rule.lower_name == "display" or rule.lower_name.startswith("--"):
                named = next(iter(sorted(words & _SLOW_DISPLAY)), None)
            if named:
                message = f"'{named}' takes exponential time when nested, so letters do without; use blocks and tables"
                yield Problem(_path(STYLE_SHEET), rule.source_line, message)
