"""The brand's files for letters (`templates/_brand`): checked once, then the only thing a letter can load."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree import ElementTree as ET

import tinycss2
from PIL import Image, UnidentifiedImageError
from weasyprint import CSS
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from ccm.errors import Problem, TemplateError
from ccm.render.letter_charts import Look
from ccm.render.letter_figures import chart_look, look_problem

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
# Measured with WeasyPrint 70. Nested 10 deep, flex boxes and columns take more than 20 seconds. Font features are
# allocated anew for each line of text and never freed: 60 kB a statement.
_SLOW = "takes exponential time when nested; use blocks and tables instead"
_LEAKS = "leaks memory with each letter; figures of the engine's fonts have equal widths without it"
_SLOW_DISPLAY = frozenset({"flex", "inline-flex", "grid", "inline-grid"})
_SLOW_PROPERTIES = frozenset({"columns", "column-count", "column-width"})
_LEAKING_PROPERTIES = ("font-variant", "font-feature-settings", "font-kerning")


class BrandFetcher(URLFetcher):  # type: ignore[misc]
    """Serves the pictures of the brand; anything else ends the letter.

    Raises `FatalURLFetchingError`, which WeasyPrint lets through, for every other address.
    """

    def __init__(self, pictures: Mapping[str, bytes]) -> None:
        super().__init__(allowed_protocols=(), allow_redirects=False, fail_on_errors=True)
        self._pictures = pictures

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        """Return the brand's picture at `url`; `headers` play no part, since nothing is asked over a network."""
        name = _picture_name(url)
        if name not in self._pictures:
            scheme = urlsplit(url).scheme
            raise FatalURLFetchingError(f"the letter asks for something outside templates/_brand (scheme '{scheme}')")
        return URLFetcherResponse(url, self._pictures[name], {"Content-Type": _kind(name)})


def open_brand(brand: Mapping[str, bytes], fonts: FontConfiguration) -> tuple[BrandFetcher, CSS, Look]:
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
        rules = tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True)
        problems.extend(_style_problems(rules, pictures))
    except KeyError:
        problems.append(Problem(_path(STYLE_SHEET), 0, "is missing; letters need their style sheet"))
    except UnicodeDecodeError:
        problems.append(Problem(_path(STYLE_SHEET), 0, "is not UTF-8"))
    if problems:
        raise TemplateError(problems)
    fetcher = BrandFetcher(pictures)
    css = CSS(string=sheet, base_url=BASE_URL, url_fetcher=fetcher, font_config=fonts)
    return fetcher, css, chart_look(_custom_properties(rules))


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


def _style_problems(rules: list[Any], pictures: Collection[str]) -> Iterator[Problem]:
    for rule in rules:
        if rule.type == "error":
            yield _style_problem(rule, f"is no CSS: {rule.message}")
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("font-face", "import", "color-profile"):
            message = f"@{rule.lower_at_keyword} is not possible; letters are set in the fonts of the engine"
            yield _style_problem(rule, message)
        elif rule.type in ("at-rule", "qualified-rule") and rule.content:
            inner = tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)
            yield from _style_problems(inner, pictures)
        elif rule.type == "declaration":
            for message in _declaration_problems(rule, pictures):
                yield _style_problem(rule, message)


def _custom_properties(rules: list[Any]) -> dict[str, str]:
    """The custom properties of the root element."""
    found: dict[str, str] = {}
    for rule in rules:
        if rule.type == "qualified-rule" and tinycss2.serialize(rule.prelude).strip() in ("html", ":root"):
            for part in tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True):
                if part.type == "declaration" and part.name.startswith("--"):
                    found[part.name] = tinycss2.serialize(part.value)
    return found


def _style_problem(rule: Any, message: str) -> Problem:
    return Problem(_path(STYLE_SHEET), rule.source_line, message)


def _declaration_problems(declaration: Any, pictures: Collection[str]) -> Iterator[str]:
    if wrong := look_problem(declaration.name, tinycss2.serialize(declaration.value)):
        yield wrong
    if slow := _slow(declaration):
        yield f"'{slow}' {_SLOW}"
    if declaration.lower_name.startswith(_LEAKING_PROPERTIES):
        yield f"'{declaration.lower_name}' {_LEAKS}"
    for url in _urls(declaration.value):
        if _picture_name(url) not in pictures:
            yield f"'{url[:60]}' is no picture of templates/_brand; nothing else can be loaded"


def _slow(declaration: Any) -> str | None:
    """Return what in a declaration is laid out in exponential time, or None."""
    name: str = declaration.lower_name
    if name in _SLOW_PROPERTIES:
        return name
    if name == "display" or name.startswith("--"):
        words = {token.lower_value for token in declaration.value if token.type == "ident"}
        return next(iter(sorted(words & _SLOW_DISPLAY)), None)
    return None


def _urls(tokens: list[Any]) -> Iterator[str]:
    for token in tokens:
        if token.type == "url":
            yield token.value
        elif token.type == "function":
            if token.lower_name == "url":
                yield "".join(argument.value for argument in token.arguments if argument.type == "string")
            else:
                yield from _urls(token.arguments)


def _picture_name(url: str) -> str:
    """Return the path below `templates/_brand` that an address of a letter or of its style sheet means, or ""."""
    address = urljoin(BASE_URL, url)
    return unquote(address.removeprefix(BASE_URL)) if address.startswith(BASE_URL) else ""
