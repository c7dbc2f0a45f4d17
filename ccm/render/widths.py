"""Full-width and half-width forms of letters, digits and signs (Unicode Standard Annex #11).

For numbers, codes and words of the organisation. Never for people's names, which print as they were given.
"""

from __future__ import annotations

import re
from unicodedata import normalize

_ASCII = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_SIGNS = {0x20: 0x3000, 0xA2: 0xFFE0, 0xA3: 0xFFE1, 0xA5: 0xFFE5, 0xA6: 0xFFE4, 0xAC: 0xFFE2}
_WIDE = {**_ASCII, **_SIGNS}
_NARROW = {wide: narrow for narrow, wide in _WIDE.items()}
_NARROW_KANA = re.compile("[\uff61-\uff9f]+")
_LONE_MARKS = {0x3099: 0x309B, 0x309A: 0x309C}


def full_width(text: str) -> str:
    """`text` with full-width letters, digits, signs and spaces, and half-width kana made full-width.

    A kana and the voiced mark behind it become one character (ｶﾞ is ガ). Everything else stays.
    """
    return _NARROW_KANA.sub(_wide_kana, text).translate(_WIDE)


def half_width(text: str) -> str:
    """`text` with half-width Latin letters, digits, signs and spaces.

    Kana stay full-width: half-width ones are for machines, and some mail programs cannot show them.
    """
    return text.translate(_NARROW)


def _wide_kana(found: re.Match[str]) -> str:
    # Compatibility normalisation of this one block only; over a whole text it would change other characters too.
    return normalize("NFKC", found[0]).translate(_LONE_MARKS)
