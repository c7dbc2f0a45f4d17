"""How an SMS is counted, against 3GPP TS 23.038 and 23.040."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.render import SmsInfo, encode_info
from ccm.render.sms import BASIC, EXTENSION, Encoding, split_parts


def test_alphabet_has_its_127_characters_without_the_escape() -> None:
    assert (len(BASIC), len(EXTENSION)) == (127, 10)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", SmsInfo("GSM-7", 0, 1)),
        ("a" * 160, SmsInfo("GSM-7", 160, 1)),
        ("a" * 161, SmsInfo("GSM-7", 161, 2)),
        ("a" * 306, SmsInfo("GSM-7", 306, 2)),
        ("a" * 307, SmsInfo("GSM-7", 307, 3)),
        ("€" * 80, SmsInfo("GSM-7", 160, 1)),
        ("a" + "€" * 80, SmsInfo("GSM-7", 161, 2)),
        ("a" * 152 + "€" + "a" * 152, SmsInfo("GSM-7", 306, 3)),  # the sign does not fit the first part's last septet
        ("あ" * 70, SmsInfo("UCS-2", 70, 1, ("あ",))),
        ("あ" * 71, SmsInfo("UCS-2", 71, 2, ("あ",))),
        ("あ" * 66 + "𠮷" + "あ" * 66, SmsInfo("UCS-2", 134, 3, ("あ", "𠮷"))),  # nor does the surrogate pair
        ("naïve ë", SmsInfo("UCS-2", 7, 1, ("ï", "ë"))),
        ("a\u00a0b", SmsInfo("UCS-2", 3, 1, ("\u00a0",))),
    ],
)
def test_text_is_counted_exactly(text: str, expected: SmsInfo) -> None:
    assert encode_info(text) == expected


TEXTS = st.text(st.sampled_from("ab €{}~あ𠮷é\n"), max_size=500)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_parts_join_to_the_text_and_each_fits(text: str) -> None:
    info = encode_info(text)
    parts = split_parts(text, info.encoding)
    assert "".join(parts) == text
    assert len(parts) == info.segments
    limit = {("GSM-7", False): 160, ("GSM-7", True): 153, ("UCS-2", False): 70, ("UCS-2", True): 67}
    for part in parts:
        gsm = sum(1 + (char in EXTENSION) for char in part)
        size = gsm if info.encoding == "GSM-7" else len(part.encode("utf-16-be")) // 2
        assert size <= limit[info.encoding, len(parts) > 1]


def counted_by_character(text: str) -> SmsInfo:
    """The definition: each character by itself."""
    offending = tuple(dict.fromkeys(char for char in text if char not in BASIC and char not in EXTENSION))
    encoding: Encoding = "UCS-2" if offending else "GSM-7"
    wide = (lambda char: ord(char) > 0xFFFF) if offending else (lambda char: char in EXTENSION)
    units = sum(1 + wide(char) for char in text)
    return SmsInfo(encoding, units, len(split_parts(text, encoding)), offending)


@settings(max_examples=200, deadline=None)
@given(TEXTS | st.text(max_size=200) | st.text(st.sampled_from(sorted(BASIC | EXTENSION)), max_size=400))
def test_quick_count_is_that_of_every_character_by_itself(text: str) -> None:
    assert encode_info(text) == counted_by_character(text)
