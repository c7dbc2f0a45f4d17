"""How an SMS is counted: encoding, units and parts, exactly.

Sources: 3GPP TS 23.038 (GSM 7-bit default alphabet and its extension table), 3GPP TS 23.040 (140 octets a
part, 6 of them for the header of a concatenated message, hence 160/153 septets and 70/67 UCS-2 units).
"""

from __future__ import annotations

import re
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
_ALPHABET = BASIC | EXTENSION
_ONE_SEPTET_EACH = re.compile(f"[{re.escape(''.join(sorted(BASIC)))}]*")
_GSM = re.compile(f"[{re.escape(''.join(sorted(_ALPHABET)))}]*")


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
    offending = tuple([char for char in dict.fromkeys(text) if char not in _ALPHABET])
    return SmsInfo(*measure(text), offending)


def measure(text: str) -> tuple[Encoding, int, int]:
    """Encoding, units and segments, as `encode_info` gives them."""
    size = len(text)
    if _ONE_SEPTET_EACH.fullmatch(text):
        return "GSM-7", size, _even_parts(size, GSM_SINGLE, GSM_PART)
    if _GSM.fullmatch(text):
        units = sum(_width(char, "GSM-7") for char in text)
        return "GSM-7", units, 1 if units <= GSM_SINGLE else len(split_parts(text, "GSM-7"))
    units = len(text.encode("utf-16-le", "surrogatepass")) // 2
    # With as many units as characters, no surrogate pair moves the end of a part.
    even = units == size or units <= UCS_SINGLE
    return "UCS-2", units, _even_parts(units, UCS_SINGLE, UCS_PART) if even else len(split_parts(text, "UCS-2"))


def _even_parts(units: int, single: int, part_size: int) -> int:
    return 1 if units <= single else -(-units // part_size)


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


def _width(char: str, encoding: Encoding) -> int:
    if encoding == "GSM-7":
        return 2 if char in EXTENSION else 1
    return 2 if ord(char) > 0xFFFF else 1
