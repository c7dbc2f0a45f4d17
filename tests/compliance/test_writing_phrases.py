"""The phrase language of the lists."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.compliance.writing.phrases import PhraseError, finder, search
from ccm.workspace.writing import Entry


def found(phrase: str, text: str, *but: str) -> list[str]:
    entry = Entry(find=phrase, but=but, found="x", passes="y")
    return [text[start:end] for _, start, end in search((entry,), text)]


@pytest.mark.parametrize(
    ("phrase", "text", "wanted"),
    [
        ("risk free", "Risk-free, RISK  FREE, risk\nfree, riskfree", ["Risk-free", "RISK  FREE", "risk\nfree"]),
        ("utilis*", "We Utilised it; reutilise", ["Utilised"]),
        ("*ed", "opened, a bed, ed.", ["opened", "bed", "ed"]),
        ("(is|are) (not|) open", "is open, are not open, this open", ["is open", "are not open"]),
        (
            "prod(uction|) system",
            "prod system, production system, product system",
            ["prod system", "production system"],
        ),
        ("from ... to", "from A to B; from one two three to; from 1 2 3 4 to", ["from A to", "from one two three to"]),
        ("{capitals}-{digits}", "CRM-12, crm-12, C-1", ["CRM-12"]),
        ("{word}_{word}", "mass_affluent, Mass_affluent", ["mass_affluent"]),
        ("don't", "I don’t, I don't", ["don’t", "don't"]),
        ("pin", "spinning PINs 暗証番号PINです", ["PIN"]),
        ("当該", "この当該口座", ["当該"]),
        ("お客さま番号", "お客さま\n番号", ["お客さま番号"][:0]),
        ("お客さま 番号", "お客さま\n番号、お客さま番号", ["お客さま\n番号", "お客さま番号"]),
        ("ない...ません", "ない限りできません。", ["ない限りできません"]),
        ("ない...ません", "ない。できません", []),
    ],
)
def test_what_a_phrase_finds(phrase: str, text: str, wanted: list[str]) -> None:
    assert found(phrase, text) == wanted


def test_what_stands_in_a_longer_right_phrase_is_not_found() -> None:
    assert found("not un*", "not until, not unusual", "not until") == ["not unusual"]


@pytest.mark.parametrize(
    ("phrase", "why"),
    [
        ("a|b", "a | stands between ( and ) only"),
        ("(a|b", "a bracket is not closed"),
        ("((a)|b)", "( ) can't stand in each other"),
        ("a)", "brackets do not fit"),
        ("{number}", "is none of {digits}, {capitals}, {word}"),
        ("a ... b ... c ... d", "more than 2 gaps"),
        ("*", "would be found everywhere"),
        ("(a|)", "would be found everywhere"),
        ("  ", "is empty"),
    ],
)
def test_a_phrase_that_is_none_says_why(phrase: str, why: str) -> None:
    with pytest.raises(PhraseError) as caught:
        finder(phrase)
    assert why in str(caught.value)


@settings(max_examples=150, deadline=None)
@given(
    phrase=st.text(alphabet="ab* .(|){}-漢字digts", min_size=1, max_size=30),
    text=st.text(alphabet="ab -漢字1A.\n", max_size=200),
)
def test_any_phrase_either_says_why_it_is_none_or_ends_and_finds_real_places(phrase: str, text: str) -> None:
    try:
        finder(phrase)
    except PhraseError:
        return
    for words in found(phrase, text):
        assert words
        assert words in text


def test_a_hostile_text_takes_no_longer_than_others() -> None:
    # A pattern that could run away would never come back from these.
    for phrase in ("from ... to ... by", "*a*b*c", "(*a|*b) (*a|*b) ... x", "ない...ない...ません"):
        assert found(phrase, "a " * 20_000 + "aa-" * 20_000 + "ない" * 20_000) is not None
