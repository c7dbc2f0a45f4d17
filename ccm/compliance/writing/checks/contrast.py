"""Colours of the brand that are hard to read on their ground."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from html.parser import HTMLParser

import tinycss2

from ccm.compliance.writing.colours import LARGE, NORMAL, WHITE, Colour, colour, contrast, is_large
from ccm.compliance.writing.written import Code, Context, Hit, SourceText, Written

CODES = (
    Code(
        "CO01",
        "too little contrast",
        "people with weak sight can't read it",
        "make the text darker or its ground lighter",
        "warning",
        "WCAG 2.2, success criterion 1.4.3 Contrast (Minimum), level AA",
    ),
)
FOLDER = "templates/_brand"
_EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_BODY_POINTS = 12.0
_DARK = re.compile(r"prefers-color-scheme\s*:\s*dark")
_OUTLOOK = re.compile(r"^\[data-ogs[cb]\] ")
_VARIABLE = re.compile(r"var\(\s*(--[\w-]+)\s*(?:,([^()]*))?\)")


@dataclass(frozen=True, slots=True)
class Rule:
    """One selector of a style sheet with what it declares."""

    selector: str
    values: Mapping[str, str]
    line: int
    column: int
    dark: bool = False
    """For dark mode: within ``prefers-color-scheme: dark``, or Outlook.com's mark on what it has darkened."""


def check_brand(context: Context) -> Iterator[Hit]:
    """A hit for each rule and each element of the layouts whose text stands out too little."""
    for name, content in sorted(context.brand.items()):
        text = content.decode("utf-8", errors="replace")
        if name.endswith(".css"):
            yield from _in_sheet(style_rules(text), f"{FOLDER}/{name}", {}, WHITE)
        elif name.endswith(".mjml"):
            yield from _in_mjml(text, f"{FOLDER}/{name}")


def style_rules(sheet: str, line: int = 1) -> tuple[Rule, ...]:
    """The rules of a style sheet, one a selector, those inside ``@media`` too; variables are filled in."""
    found: list[Rule] = []
    _collect(tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True), found, line - 1)
    variables = {name: value for rule in found for name, value in rule.values.items() if name.startswith("--")}

    def filled(value: str) -> str:
        return _VARIABLE.sub(lambda use: variables.get(use[1], (use[2] or "")).strip(), value)

    return tuple(replace(rule, values={name: filled(value) for name, value in rule.values.items()}) for rule in found)


def _collect(nodes: list[object], found: list[Rule], lines: int, *, dark: bool = False) -> None:
    for node in nodes:
        kind = getattr(node, "type", "")
        if kind == "at-rule" and getattr(node, "lower_at_keyword", "") == "media":
            content = getattr(node, "content", None)
            inner = tinycss2.parse_rule_list(content or [], skip_comments=True, skip_whitespace=True)
            asked = tinycss2.serialize(getattr(node, "prelude", []))
            _collect(inner, found, lines, dark=dark or bool(_DARK.search(asked)))
        elif kind == "qualified-rule":
            values = _declared(node)
            for selector in tinycss2.serialize(getattr(node, "prelude", [])).split(","):
                line, column = getattr(node, "source_line", 0), getattr(node, "source_column", 0)
                name, marks = _OUTLOOK.subn("", " ".join(selector.split()))
                found.append(Rule(name, values, line + lines, column, dark or bool(marks)))


def _declared(node: object) -> dict[str, str]:
    declarations = tinycss2.parse_blocks_contents(getattr(node, "content", []))
    return {item.name: tinycss2.serialize(item.value).strip() for item in declarations if item.type == "declaration"}


def _ground(values: Mapping[str, str]) -> Colour | None:
    for name in ("background-color", "background"):
        for word in (values.get(name) or "").replace(", ", ",").split():
            if found := colour(word):
                return found
    return None


def _in_sheet(rules: tuple[Rule, ...], path: str, base: Mapping[str, str], page: Colour) -> Iterator[Hit]:
    """Each rule's text on its own ground, else on that of the rule for what it stands in, else on the page's.

    A rule with a ground but no colour is looked at with the page's own text colour, unless a rule for what
    stands in it has one.
    """
    by_selector: dict[str, dict[str, str]] = {}
    for rule in rules:
        by_selector.setdefault(rule.selector, {}).update(rule.values)
    root = by_selector.get("html", {}) | by_selector.get("body", {}) | dict(base)
    points = _BODY_POINTS
    if found := re.match(r"([0-9.]+)pt$", root.get("font-size", "")):
        points = float(found[1])
    for rule in rules:
        merged = {**by_selector[rule.selector], **rule.values}
        own_ground = _ground(merged)
        shown = colour(merged.get("color", ""))
        inner = f"{rule.selector} "
        if (
            shown is None
            and own_ground
            and not any(other.startswith(inner) and "color" in values for other, values in by_selector.items())
        ):
            shown = colour(root.get("color", ""))
        if shown is None:
            continue
        ground = own_ground or _ground_around(rule.selector, by_selector) or page
        size, weight = merged.get("font-size", root.get("font-size", "")), merged.get("font-weight", "")
        if re.fullmatch(r"h[1-6]", rule.selector.split()[-1]):
            weight = weight or "bold"
        if rule.values.keys() & {"color", "background", "background-color"}:
            yield from _told(rule.selector, shown, ground, is_large(size, weight, points), path, rule.line, rule.column)


def _ground_around(selector: str, by_selector: Mapping[str, Mapping[str, str]]) -> Colour | None:
    """The ground of the nearest rule for an element around: ``.summary .closing`` for ``.summary .closing dt``."""
    compounds = selector.split()
    for end in range(len(compounds) - 1, 0, -1):
        if found := _ground(by_selector.get(" ".join(compounds[:end]), {})):
            return found
    return None


def _told(name: str, shown: Colour, ground: Colour, large: bool, path: str, line: int, column: int) -> Iterator[Hit]:
    ratio, least = contrast(shown, ground), LARGE if large else NORMAL
    if ratio < least:
        yield Hit("CO01", f"{name} has {ratio:.1f}:1, at least {least:g}:1", path=path, line=line, column=column)


def check(written: Written, context: Context) -> Iterator[Hit]:
    """Hits for colours that an e-mail's own template sets, on the layout's grounds."""
    if not written.source.path.endswith(".mjml"):
        return
    yield from _in_template(written.source, context.brand.get("email.mjml", b""))


@lru_cache(maxsize=256)
def _in_template(source: SourceText, layout: bytes) -> tuple[Hit, ...]:
    parser = _Mjml(source.path, _defaults(layout))
    parser.read(source.text)
    return tuple(replace(hit, line=hit.line + source.first_line - 1) for hit in parser.hits)


@lru_cache(maxsize=8)
def _defaults(layout: bytes) -> dict[str, dict[str, str]]:
    parser = _Mjml("")
    parser.read(layout.decode("utf-8", errors="replace"))
    return parser.defaults


def _in_mjml(text: str, path: str) -> Iterator[Hit]:
    parser = _Mjml(path)
    parser.read(text)
    yield from parser.hits
    yield from parser.default_hits()
    base = parser.defaults.get("mj-text", {})
    page = colour(parser.defaults.get("mj-section", {}).get("background-color", "")) or WHITE
    for sheet, line in parser.sheets:
        rules = style_rules(sheet, line)
        yield from _in_sheet(tuple(rule for rule in rules if not rule.dark), path, base, page)
        dark = tuple(rule for rule in rules if rule.dark)
        grounds = (_ground(rule.values) for rule in dark if rule.selector == "body")
        yield from _in_sheet(dark, path, {}, next(filter(None, grounds), page))


class _Mjml(HTMLParser):
    """Walks MJML: text colours of elements on the ground of what they stand in."""

    def __init__(self, path: str, defaults: Mapping[str, dict[str, str]] | None = None) -> None:
        super().__init__(convert_charrefs=True)
        self.path = path
        self.hits: list[Hit] = []
        self.defaults: dict[str, dict[str, str]] = dict(defaults or {})
        self.default_places: dict[str, tuple[int, int]] = {}
        self.sheets: list[tuple[str, int]] = []
        self.open: list[tuple[str, dict[str, str]]] = []

    def read(self, text: str) -> None:
        """Reads a whole file; its code keeps its length and its lines, so that places stay what they are."""
        self.feed(_EXPRESSION.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text))
        self.close()

    def default_hits(self) -> Iterator[Hit]:
        """Colours that elements have by ``mj-attributes``, on their own ground or a section's."""
        section = _ground(self.defaults.get("mj-section", {})) or WHITE
        for tag, (line, column) in self.default_places.items():
            values = {**self.defaults.get("mj-all", {}), **self.defaults[tag]}
            shown = colour(values.get("color", ""))
            if shown is not None:
                large = is_large(values.get("font-size", ""), values.get("font-weight", ""), _BODY_POINTS)
                yield from _told(f"<{tag}>", shown, _ground(values) or section, large, self.path, line, column + 1)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        values |= dict(re.findall(r"([\w-]+)\s*:\s*([^;]+)", values.get("style", "")))
        if any(name == "mj-attributes" for name, _ in self.open):
            self.defaults[tag] = values
            self.default_places[tag] = self.getpos()
            return
        merged = {**self.defaults.get("mj-all", {}), **self.defaults.get(tag, {}), **values}
        self.open.append((tag, merged))
        shown = colour(merged.get("color", ""))
        if shown is not None:
            line, column = self.getpos()
            size, weight = (self._nearest(name) for name in ("font-size", "font-weight"))
            large = is_large(size, weight, _BODY_POINTS)
            self.hits += _told(f"<{tag}>", shown, self._ground(), large, self.path, line, column + 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        depth = len(self.open)
        self.handle_starttag(tag, attrs)
        del self.open[depth:]

    def handle_endtag(self, tag: str) -> None:
        if any(name == tag for name, _ in self.open):
            while self.open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1][0] == "mj-style":
            self.sheets.append((data, self.getpos()[0]))

    def _ground(self) -> Colour:
        for _, values in reversed(self.open):
            if found := _ground(values):
                return found
        return _ground(self.defaults.get("mj-section", {})) or WHITE

    def _nearest(self, name: str) -> str:
        return next((values[name] for _, values in reversed(self.open) if values.get(name)), "")
