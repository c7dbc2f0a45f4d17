"""What of an HTML page a customer can see, and how large, by the styles that its elements carry themselves.

Comments, undisplayed elements, text in the colour of its ground and text without size are not seen. Style sheets are
not looked at: what hides by a class is found by eye, in the preview.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from html import escape, unescape
from itertools import chain, compress

from ccm.compliance.folding import fold
from ccm.compliance.writing.colours import WHITE, Colour, colour, contrast

_TAG = re.compile(r"""(<(?:!--.*?--|[!?/a-zA-Z][^>"']*(?:"[^"]*"[^>"']*|'[^']*'[^>"']*)*)>)""", re.DOTALL)
_NAME = re.compile(r"</?([a-zA-Z0-9:-]+)")
_STYLE = re.compile(r"""\bstyle\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_HIDDEN = re.compile(r"\s(?:hidden|aria-hidden\s*=\s*[\"']?true)(?=[\s=>/])", re.IGNORECASE)
_COLOURS = re.compile(r"""\b(color|bgcolor)\s*=\s*["']?([#a-zA-Z0-9]+)""", re.IGNORECASE)
_LENGTH = re.compile(r"(-?[0-9.]+)\s*(px|pt|em|rem|%)?$")
_VOID = frozenset((
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
))  # fmt: skip
_INLINE = frozenset((
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "em", "font", "i", "kbd", "mark", "q", "rt", "ruby", "s",
    "small", "span", "strong", "sub", "sup", "u", "wbr",
))  # fmt: skip
_NEVER = frozenset(("style", "script", "head", "title", "template", "noscript"))
LEAST_CONTRAST = 1.5
"""Below this ratio (WCAG 2 gives 1 to 21) words are as good as their ground; our own figure, well under any design."""
_BODY = 16.0
"""Pixels that a page's text has where nothing says so, in all usual programs."""


BLACK = Colour(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Seen:
    """How the words after a tag show."""

    shown: bool = True
    points: float = _BODY * 0.75
    ink: Colour = BLACK
    ground: Colour = WHITE
    inline: bool = True
    """Whether the tag before stands within a line, so that the words join."""

    @property
    def visible(self) -> bool:
        return self.shown and self.points > 1 and contrast(self.ink, self.ground) >= LEAST_CONTRAST


def page_words(html: str) -> str:
    """The words of a page that a customer sees, white space evened out, references (``&#12402;``) as they are."""
    parts = _TAG.split(html)
    plan = _plan("\0".join(parts[1::2]))
    return " ".join("".join(chain.from_iterable(zip(plan.between, compress(parts[0::2], plan.visible)))).split())


def stands_in(passage: str, words: str) -> bool:
    """Whether a passage stands in what `page_words` found."""
    # As the engine writes references first: resolving them all takes longer than everything else here.
    return any(form in words for form in _written(passage)) or fold(passage) in fold(unescape(words))


@lru_cache(maxsize=256)
def _written(passage: str) -> tuple[str, ...]:
    even = " ".join(passage.split())
    return even, escape(even).encode("ascii", "xmlcharrefreplace").decode()


def visible_sizes(html: str) -> tuple[tuple[float, str], ...]:
    """The visible words of a page with their sizes in points (a pixel is 0.75)."""
    parts = _TAG.split(html)
    plan = _plan("\0".join(parts[1::2]))
    found = zip(plan.visible, plan.points, map(unescape, parts[0::2]), strict=True)
    return tuple((points, text) for visible, points, text in found if visible and text.strip())


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the tags of a page do to the words before, between and after them."""

    visible: tuple[bool, ...]
    points: tuple[float, ...]
    between: tuple[str, ...]
    """Before each visible piece of words: a space where a block begins or ends, else nothing."""


# Messages of one template have the same tags: what they do is found out once.
@lru_cache(maxsize=512)
def _plan(tags: str) -> _Plan:
    visible, points, between, parted = [True], [_BODY * 0.75], [""], False
    stack: list[tuple[str, Seen]] = []
    now = Seen()
    for tag in tags.split("\0") if tags else ():
        name = _NAME.match(tag)
        inline = True
        if name is not None:
            word = name[1].lower()
            inline = word in _INLINE
            if tag.startswith("</"):
                while any(open_ == word for open_, _ in stack):
                    closed, now = stack.pop()
                    if closed == word:
                        break
            elif word not in _VOID and not tag.endswith("/>"):
                stack.append((word, now))
                now = _within(now, word, tag)
        parted = parted or not inline
        visible.append(now.visible)
        points.append(round(now.points, 2))
        if now.visible:
            between.append(" " if parted else "")
            parted = False
    return _Plan(tuple(visible), tuple(points), tuple(between))


def _within(around: Seen, name: str, tag: str) -> Seen:
    style = _STYLE.search(tag)
    values = {
        key.strip().lower(): value.replace("!important", "").strip().lower()
        for key, _, value in (part.partition(":") for part in unescape(style[1] or style[2] or "").split(";"))
        if value
    } if style else {}  # fmt: skip
    marks = {key.lower(): value for key, value in _COLOURS.findall(_STYLE.sub("", tag))}
    ground = _ground(values) or (colour(marks["bgcolor"]) if "bgcolor" in marks else None)
    ink = colour(values.get("color", marks.get("color", "")))
    now = replace(
        around,
        shown=around.shown and name not in _NEVER and not _HIDDEN.search(_STYLE.sub("", tag)) and not _hides(values),
        ink=ink.over(ground or around.ground) if ink else around.ink,
        ground=ground.over(around.ground) if ground else around.ground,
    )
    size = _points(values.get("font-size", ""), around.points)
    return now if size is None else replace(now, points=size)


def _hides(values: dict[str, str]) -> bool:
    sides = ("max-height", "height", "max-width", "width")
    clipped = values.get("overflow") == "hidden" and any(_is_zero(values.get(side, "")) for side in sides)
    away = any(
        (shift := _points(values.get(name, ""), 12)) is not None and shift < -500
        for name in ("left", "top", "text-indent", "margin-left")
    )
    return (
        values.get("display") == "none" or values.get("visibility") in ("hidden", "collapse")
        or values.get("mso-hide") == "all" or _is_zero(values.get("opacity", "")) or clipped or away
    )  # fmt: skip


def _is_zero(value: str) -> bool:
    found = _LENGTH.match(value)
    return found is not None and float(found[1]) == 0


def _ground(values: dict[str, str]) -> Colour | None:
    for name in ("background-color", "background"):
        for word in values.get(name, "").replace(", ", ",").split():
            if found := colour(word):
                return found
    return None


def _points(value: str, around: float) -> float | None:
    found = _LENGTH.match(value)
    if not found:
        return None
    number, unit = float(found[1]), found[2] or "px"
    factor = {"px": 0.75, "pt": 1.0, "em": around, "rem": _BODY * 0.75, "%": around / 100}
    return number * factor[unit]
