"""How an SMS is counted: encoding, units and parts, exactly.

Sources: 3GPP TS 23.038 (GSM 7-bit default alphabet and its extension table), 3GPP TS 23.040 (140 octets a
part, 6 of them for the header of a concatenated message, hence 160/153 septets and 70/67 UCS-2 units).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Encoding = Literal["GSM-7", "UCS-2"]

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")
"""Each takes two septets: the escape and itself."""
GSM_SINGLE, GSM_PART = 160, 153
UCS_SINGLE, UCS_PART = 70, 67


@dataclass(frozen=True, slots=True)
class SmsInfo:
    """What a text costs: `units` are septets (GSM-7) or 16-bit units (UCS-2), `segments` the parts sent.

    `offending` are the distinct characters, in order, for which GSM-7 was not possible.
    """

    encoding: Encoding
    units: int
    segments: int
    offending: tuple[str, ...] = ()


def encode_info(text: str) -> SmsInfo:
    """Counts `text` as it stands: nothing is replaced or normalised to save a part."""
    offending = tuple(dict.fromkeys(char for char in text if char not in BASIC and char not in EXTENSION))
    encoding: Encoding = "UCS-2" if offending else "GSM-7"
    units = sum(_width(char, encoding) for char in text)
    return SmsInfo(encoding, units, len(split_parts(text, encoding)), offending)


def split_parts(text: str, encoding: Encoding) -> tuple[str, ...]:
    """The text of each part; an extension character or a surrogate pair is never split. Empty text is one part."""
    single, part_size = (GSM_SINGLE, GSM_PART) if encoding == "GSM-7" else (UCS_SINGLE, UCS_PART)
    widths = [_width(char, encoding) for char in text]
    if sum(widths) <= single:
        return (text,)
    parts: list[str] = []
    start = used = 0
    for position, width in enumerate(widths):
        if used + width > part_size:
            parts.append(text[start:position])
            start, used = position, 0
        used += width
    return (*parts, text[start:])


def worst_case(literal: str, values: Iterable[int], *, ucs2: bool) -> int:
    """The most parts a text can take whose fixed words are `literal` and whose values have at most so many characters.

    A value may hold any character: with `ucs2` each of its characters may be a surrogate pair, without it
    each may be an extension character. Both take two units, and up to one unit of a part is lost where one
    would be split.
    """
    encoding: Encoding = "UCS-2" if ucs2 or encode_info(literal).encoding == "UCS-2" else "GSM-7"
    single, part_size = (GSM_SINGLE, GSM_PART) if encoding == "GSM-7" else (UCS_SINGLE, UCS_PART)
    units = sum(_width(char, encoding) for char in literal) + 2 * sum(values)
    return 1 if units <= single else -(-units // (part_size - 1))


def _width(char: str, encoding: Encoding) -> int:
    if encoding == "GSM-7":
        return 2 if char in EXTENSION else 1
    return 2 if ord(char) > 0xFFFF else 1
