"""Personal data where others see it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from writing_parts import HARUKA, JANE, codes, told, written

from ccm.compliance.writing.checks.personal_data import is_card, is_iban

ACCOUNT = {"account": {"number": "40126613", "currency": "GBP"}}
SEEN = [
    ("en", "PD01", "Account 40126613 was debited.", "Account ••••6613 was debited."),
    ("en", "PD01", "Your account number is 1234567.", "Your order number is 1234567."),
    ("en", "PD01", "To GB29 NWBK 6016 1331 9268 19 today.", "To GB28 NWBK 6016 1331 9268 19 today."),
    ("ja", "PD01", "口座番号 1234567 へのご入金", "お問い合わせ番号 1234567"),
    ("en", "PD03", "Born on 20 February 1988.", "Valid from 20 February 2026."),
    ("en", "PD03", "Your code is 02/20/1988.", "Your term ends on 02/20/2027."),
    ("en", "PD03", "Date: 1988-02-20", "Date: 2026-02-20"),
    ("ja", "PD03", "1988年2月20日生まれ", "2026年2月20日まで"),
    ("ja", "PD03", "昭和63年2月20日の方", "令和8年2月20日まで"),
    ("ja", "PD03", "生年月日：1970年1月2日", "作成日：1970年1月2日"),
    ("en", "PD04", "We write to 418 Lake Street.", "We write to Austin."),
    ("ja", "PD04", "三宮町1-11-3へお届けします。", "神戸市へお届けします。"),
    ("en", "PD05", "Mail goes to jane@example.com.", "Write to help@hinokibank.example."),
    ("ja", "PD05", "haruka@example.com宛て", "help@hinokibank.example宛て"),
]


@pytest.mark.parametrize(("language", "code", "wrong", "right"), SEEN)
def test_a_text_message_shows_no_personal_data(language: str, code: str, wrong: str, right: str) -> None:
    assert code in codes(wrong, language, data=ACCOUNT)
    assert code not in codes(right, language, data=ACCOUNT)


@pytest.mark.parametrize(("language", "code", "wrong", "right"), SEEN)
def test_nor_does_a_subject_but_the_body_of_a_letter_may(language: str, code: str, wrong: str, right: str) -> None:
    assert code in codes("Hello you", language, "email", subject=wrong, data=ACCOUNT)
    assert code not in codes(wrong, language, "letter", subject=right, data=ACCOUNT)


def test_a_preheader_is_seen_too() -> None:
    html = '<div style="display:none">Account 40126613</div>'
    assert "PD01" in codes("Hello you", channel="email", subject="Your account", html=html, data=ACCOUNT)


@pytest.mark.parametrize("channel", ["letter", "email", "sms"])
def test_a_card_number_is_told_everywhere(channel: str) -> None:
    assert "PD02" in codes("Your card 4111 1111 1111 1111 is ready.", channel=channel)
    assert "PD02" not in codes("Your card 4111 1111 1111 1112 is ready.", channel=channel)
    assert "PD02" not in codes("Your card ending 1111, call +1 800 555 0142 or +4411111111111111.", channel=channel)


def test_what_comes_with_the_data_is_told_with_the_values_name_and_never_the_value() -> None:
    message = written("Account 40126613 debited", source="Account {{ account.number }} debited", data=ACCOUNT)
    [remark] = [remark for remark in told(message) if remark.code == "PD01"]
    assert "comes with data.account.number" in remark.message
    assert "40126613" not in remark.message
    assert remark.severity == "error"


@settings(max_examples=200, deadline=None)
@given(figures=st.text("0123456789", min_size=12, max_size=18))
def test_one_check_digit_makes_a_card_number_and_nine_do_not(figures: str) -> None:
    valid = [last for last in "0123456789" if is_card("4" + figures + last)]
    assert len(valid) == (1 if len(figures) + 2 <= 19 else 0)


def test_published_example_numbers_are_recognised() -> None:
    assert all(map(is_card, ("378282246310005", "5555555555554444", "4012888888881881")))
    assert all(map(is_iban, ("GB82WEST12345698765432", "DE89370400440532013000")))
    assert not is_iban("GB82WEST12345698765433")


def test_data_of_another_sample_are_told_but_not_ones_own() -> None:
    mine = written("Dear Jane Whitfield, your card is here.", channel="email")
    other = written("高橋 春香 様、カードができました。", "ja", "email")
    assert "PB02" not in {remark.code for remark in told(mine, other)}
    wrong = written("Dear Jane Whitfield, your card is here.", channel="email", customer=HARUKA, sample="haruka")
    assert "PB02" in {remark.code for remark in told(wrong, mine)}
    typed = written("Account 40126613", "en", customer=JANE, sample="jane")
    owner = written("Account 40126613", "ja", customer=HARUKA, sample="haruka", data=ACCOUNT)
    assert [r.sample for r in told(typed, owner) if r.code == "PB02"] == ["jane"]
    neighbour = JANE.model_copy(update={"given_name": "John", "contact_points": {}})
    shared = written("We write to 418 Lake Street.", channel="letter", customer=neighbour, sample="john")
    assert "PB02" not in {remark.code for remark in told(shared, mine)}
