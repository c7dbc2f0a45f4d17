"""Readability: sentences, syllables, scores."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from writing_parts import codes, told, with_settings, written

from ccm.compliance.writing.phrases import GONE
from ccm.compliance.writing.readability import flesch, kanji_percent, measure, syllables
from ccm.compliance.writing.sentences import sentences

SYLLABLES = {
    "account": 2, "statement": 2, "payment": 2, "transaction": 3, "interest": 3, "deposit": 3, "please": 1, "away": 2,
    "opened": 2, "minutes": 2, "balance": 2, "closing": 2, "organisation": 5, "customer": 3, "apologise": 4,
    "information": 4, "immediately": 5, "beneficiary": 6, "people": 2, "little": 2, "used": 1, "needed": 2,
    "created": 3, "area": 3, "idea": 3, "business": 2, "money": 2, "changes": 2, "before": 2, "table": 2,
    "something": 2, "reliable": 4, "queue": 1, "asked": 1, "houses": 2, "fees": 1, "charged": 1, "period": 3,
    "listed": 2, "eligible": 4, "financial": 3, "services": 3, "quiet": 2, "value": 2, "refunded": 3, "previous": 3,
    "going": 2, "agreement": 3, "couldn't": 2, "don't": 1, "handled": 2, "cheque": 1, "safety": 2, "the": 1,
}  # fmt: skip


@pytest.mark.parametrize(("word", "spoken"), SYLLABLES.items())
def test_syllables_are_those_one_hears(word: str, spoken: int) -> None:
    assert syllables(word) == spoken


def test_a_figure_is_one_word_of_one_syllable() -> None:
    assert [syllables(word) for word in ("$1,250.00", "2026-04-01", "12-month")] == [1, 1, 1]


def test_flesch_reading_ease_is_the_formula_of_1948() -> None:
    found = sentences("The cat sat on the mat. We ran away.", "en")
    # 9 words, 2 sentences, 10 syllables.
    assert flesch(found) == pytest.approx(206.835 - 1.015 * 9 / 2 - 84.6 * 10 / 9)
    assert flesch(()) is None


def test_headings_rows_and_addresses_are_no_sentences() -> None:
    text = (
        "Your quarterly statement\n\nDear Dr. Margaret Osborne,\n\nIt is ready. Call us at 9 a.m. or later.\n"
        "Amount: £1,250.00\n2 Jan 2026 Standing order: rent Firth Lettings -940.00 1,478.06\n87 Maple Road\nEH1 1YZ"
    )
    assert [one.text for one in sentences(text, "en")] == ["It is ready.", "Call us at 9 a.m. or later."]
    japanese = "お取引明細書\n高橋 春香 様\n明細書ができました。ご確認ください。\nご入金額: ￥128,000\n〒650-0021"
    assert [one.text for one in sentences(japanese, "ja")] == ["明細書ができました。", "ご確認ください。"]


def test_a_sentence_that_a_text_file_wraps_is_one() -> None:
    assert [one.text for one in sentences("We have sent\nyour card today.", "en")] == ["We have sent your card today."]


@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet="aB .!?\n、。あ漢1" + GONE, max_size=80), language=st.sampled_from(["en", "ja", "fr"]))
def test_sentences_never_overlap_and_stand_where_they_say(text: str, language: str) -> None:
    end = 0
    for one in sentences(text, language):
        assert end <= one.start < one.end <= len(text)
        assert text[one.start : one.end].replace("\n", " ").startswith(one.text)
        end = one.end


def test_a_long_sentence_is_told_at_its_line() -> None:
    words = " ".join(["word"] * 25)
    assert "RD02" not in codes(f"{words}.")
    source = f"Dear you,\n{{{{ payment.payer }}}} {words}.\n"
    [remark] = [r for r in told(written(f"Dear you,\nACME {words}.", source=source)) if r.code == "RD02"]
    assert (remark.line, remark.severity) == (2, "warning")
    assert "26 words, at most 25" in remark.found


def test_a_long_japanese_sentence_is_told_without_its_spaces_counted() -> None:
    assert "RD03" not in codes("あ" * 59 + " 。", "ja")
    assert "RD03" in codes("あ" * 60 + "。", "ja")


HARD_ENGLISH = (
    "The committee unanimously recommends discontinuation of preferential remuneration arrangements. "
    "Notwithstanding considerable representations, administrative reorganisation necessitates modification. "
    "Institutional considerations predominate. Documentation requirements accompany applications henceforth. "
    "Supplementary verification procedures additionally require comprehensive authentication information."
)
EASY_ENGLISH = "We stopped your card today. A new one is on its way. You will have it in three days. " * 3
HARD_JAPANESE = "本規定第三条各号所定事由発生時、期限利益喪失通知送付後、残債務全額即時弁済請求権を行使する。" * 4
EASY_JAPANESE = "カードを止めました。新しいカードは、三日ほどでお手元にとどきます。お待ちください。" * 4


@pytest.mark.parametrize(
    ("language", "hard", "easy", "code"),
    [("en", HARD_ENGLISH, EASY_ENGLISH, "RD01"), ("ja", HARD_JAPANESE, EASY_JAPANESE, "RD04")],
)
def test_a_hard_text_is_told_and_an_easy_one_is_not(language: str, hard: str, easy: str, code: str) -> None:
    assert code in codes(hard, language)
    assert code not in codes(easy, language)


def test_jreadability_is_used_where_it_is_installed() -> None:
    pytest.importorskip("jreadability")
    assert "RD05" in codes(HARD_JAPANESE, "ja")
    assert "RD05" not in codes(EASY_JAPANESE, "ja")
    score = measure(EASY_JAPANESE, "ja").jreadability
    assert score is not None
    assert score > 3


def test_a_short_text_gets_no_score() -> None:
    assert not codes("Discontinuation of remuneration necessitates authentication.") & {"RD01"}


def test_the_share_of_kanji_is_of_all_characters() -> None:
    assert kanji_percent(sentences("漢字とかな。", "ja")) == pytest.approx(100 * 2 / 6)
    assert kanji_percent(()) is None


def test_limits_come_from_the_workspace() -> None:
    strict = with_settings(limits={"sentence_words": 5})
    assert "RD02" in {remark.code for remark in told(written("One two three four five six."), context=strict)}


def test_a_long_name_does_not_make_the_writers_sentence_long() -> None:
    name = "The Society of " + "Many " * 30 + "Names"
    text = f"You received a payment from {name} today."
    assert "RD02" in codes(text)
    assert "RD02" not in codes(text, data={"payment": {"payer": name}})


def test_approved_wording_does_not_count() -> None:
    from ccm.model.message import WordingUse

    use = WordingUse("deposit", "1", "", " ".join(["protection"] * 40) + ".")
    text = f"Your money is safe. {use.text}"
    assert "RD02" in codes(text)
    assert "RD02" not in codes(text, wording=(use,))
