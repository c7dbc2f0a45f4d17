"""Charts and QR codes that a letter's author asks for with a filter: `bar_chart`, `line_chart`, `qr_code`.

A filter does not draw. It prints one element that only the engine can write, ``<ccm-figure data-figure="{…}">words
</ccm-figure>``: what to draw as JSON, and in words what the picture shows, for whoever cannot see it. The letter's
renderer draws it (`letter_figures`).
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from ccm.errors import RenderError
from ccm.render.formats import Formats, Money

ELEMENT = "ccm-figure"
DATA = "data-figure"
MAX_BARS = 24
MAX_POINTS = 400
"""Of a line; more are thinned, a letter is not wide enough to show them."""
MAX_TITLE = 120
MAX_CODE = 300
"""Characters in a QR code: its squares stay over 0.4 mm, which cameras read from paper."""

_WORDS_ALL = 12
_STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
_LINK = re.compile(r"\s*[a-z][a-z0-9+.-]*:|\s*www\.", re.IGNORECASE)
_CODE = {"ja": "QRコード"}
_PUNCTUATION = {"ja": ("：", "、")}


def bar_chart(rows: Sequence[Mapping[str, Any]], formats: Formats, label: str, value: str, title: str) -> Markup:
    """One bar a row, with the text field `label` at its left and the number `value` at its right.

    Raises `RenderError` (``bad_data``) for more than `MAX_BARS` rows.
    """
    if len(rows) > MAX_BARS:
        raise RenderError("bad_data", f"a chart has at most {MAX_BARS} bars")
    bars = [(row[label], float(row[value]), _number(row[value], formats)) for row in rows]
    words = [f"{name} {text}" for name, _, text in bars]
    return _figure({"kind": "bar", "title": title, "bars": bars}, _sentence(title, words, formats))


def line_chart(rows: Sequence[Mapping[str, Any]], formats: Formats, day: str, value: str, title: str) -> Markup:
    """The number `value` over the dates `day`: it holds from its date until the next, and the last of a date counts."""
    by_day = {row[day]: row[value] for row in sorted(rows, key=lambda row: row[day])}
    points = list(by_day.items())
    shown = points[:: math.ceil(len(points) / MAX_POINTS)] if points else []
    if points and shown[-1] != points[-1]:
        shown.append(points[-1])
    figure = {
        "kind": "line", "title": title,
        "points": [(date.toordinal(), float(number)) for date, number in shown],
        "days": [(date.toordinal(), formats.date(date, "medium")) for date in _ends(shown)],
        "ticks": [(float(tick), _number(tick, formats)) for tick in ticks([number for _, number in shown])],
    }  # fmt: skip
    words = [f"{formats.date(date)} {_number(number, formats)}" for date, number in _told(points)]
    return _figure(figure, _sentence(title, words, formats))


def qr_text(text: str, formats: Formats, caption: str) -> Markup:
    """A QR code (ISO/IEC 18004) of a text, such as a payment slip's reference, with the text beside it.

    Raises `RenderError` (``bad_data``) for a text that a telephone would open as a link: data must not lead a
    customer somewhere.
    """
    if _LINK.match(text):
        raise RenderError("bad_data", "a QR code's text is a link; only the organisation's own links can be codes")
    return _code(text, formats, caption)


def qr_link(start: str, formats: Formats, caption: str, *parts: Any) -> Markup:
    """A QR code of the organisation's own link: `start`, then literal `parts` (a list of one) and encoded texts."""
    return _code(
        start + "".join(p[0] if isinstance(p, list) else quote(str(p), safe="") for p in parts), formats, caption
    )


FILTERS: Mapping[str, Callable[..., Markup]] = {
    "_bar_chart": bar_chart, "_line_chart": line_chart, "_qr_text": qr_text, "_qr_link": qr_link,
}  # fmt: skip
"""For the environment: the functions behind the filters, by internal name."""


def ticks(numbers: Sequence[Decimal]) -> list[Decimal]:
    """Round numbers from at most the lowest to at least the highest of `numbers`, four to seven, zero among them.

    Money keeps its currency. Steps are 1, 2, 2.5 or 5 times a power of ten.
    """
    zero = Decimal(0)
    low, high = min((zero, *numbers)), max((zero, *numbers))
    rough = ((high - low) or Decimal(1)) / 5
    power = Decimal(1).scaleb(rough.adjusted())
    step = next(power * factor for factor in _STEPS if power * factor >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    marks = [step * count for count in range(first, max(last, first + 1) + 1)]
    currency = next((number.currency for number in numbers if isinstance(number, Money)), None)
    return [Money.of(mark, currency) for mark in marks] if currency else marks


def _code(text: str, formats: Formats, caption: str) -> Markup:
    if not 0 < len(text) <= MAX_CODE:
        raise RenderError("bad_data", f"a QR code holds 1 to {MAX_CODE} characters")
    kind = _CODE.get(formats.locale.language, "QR code")
    figure = {"kind": "qr", "title": caption, "text": text}
    return _figure(figure, _sentence(f"{kind} {caption}", [text], formats))


def _figure(figure: Mapping[str, Any], words: str) -> Markup:
    written = json.dumps(figure, ensure_ascii=False, separators=(",", ":"))
    return Markup('<{0} {1}="{2}">{3}</{0}>').format(ELEMENT, DATA, written, words)


def _number(value: Any, formats: Formats) -> str:
    return formats.money(value) if isinstance(value, Money) else formats.number(value)


def _sentence(title: str, parts: Sequence[str], formats: Formats) -> str:
    colon, comma = _PUNCTUATION.get(formats.locale.language, (": ", "; "))
    return f"{title}{colon}{comma.join(parts)}" if parts else title


def _ends(points: Sequence[tuple[dt.date, Any]]) -> list[dt.date]:
    days = [points[index][0] for index in (0, -1)] if points else []
    return list(dict.fromkeys(days))


def _told(points: list[tuple[dt.date, Any]]) -> list[tuple[dt.date, Any]]:
    """All of a few points; of many the first, the lowest, the highest and the last."""
    if len(points) <= _WORDS_ALL:
        return points
    low, high = min(points, key=lambda point: point[1]), max(points, key=lambda point: point[1])
    return [point for point in points if point in (points[0], low, high, points[-1])]
