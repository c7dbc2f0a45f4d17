"""Marks, capitals, widths, subjects."""

from __future__ import annotations

import pytest
from writing_parts import codes, told, with_settings, written

WRONG = [
    ("en", "TY01", "Your card is ready 🎉", "Your card is ready."),
    ("en", "TY01", "Thank you ❤️", "Thank you → page 2 ✓ ©"),
    ("ja", "TY01", "カードができました😊", "※カードができました。○×→①"),
    ("en", "TY02", "PLEASE READ this now.", "Please read this PDF from the FSCS about your PIN."),
    ("en", "TY02", "This is IMPORTANT to you.", "This is important to you."),
    ("en", "TY03", "Open it today!!", "Open it today!"),
    ("en", "TY03", "Open it today! Save more!", "Open it today. Save more!"),
    ("ja", "TY03", "お得です！！", "お得です！"),
    ("ja", "TY03", "本当です！？", "本当ですか？"),
    ("en", "TY04", "Your card is ready .", "Your card is ready... £3.50 :-"),
    ("en", "TY04", "Hello , Jane", "Hello, Jane"),
    ("ja", "TY04", "できました 。", "できました。"),
    ("en", "TY07", "Call the the bank.", "She had had that account."),
    ("ja", "TY07", "明細ををご確認ください。", "ははの日にお届けします。"),
    ("ja", "TY07", "ご確認くださいください。", "ご確認ください。"),
    ("ja", "TY05", "ご確認ください.", "ご確認ください。"),
    ("ja", "TY05", "カード,通帳、印鑑", "カード、通帳、印鑑"),
    ("ja", "TY05", "お得です!", "残高は1,234.50円です。"),
    ("ja", "TY05", "金額（円）と手数料(円)", "金額（円）と手数料（円）"),
    ("ja", "TY05", "確認、送付，保管", "確認、送付、保管"),
    ("ja", "TY06", "２０２６年4月1日です。", "2026年4月1日です。"),
    ("ja", "TY06", "ｶｰﾄﾞができました。", "カードができました。"),
    ("ja", "TY06", "ＡＴＭとATM", "ATM"),
]


@pytest.mark.parametrize(("language", "code", "wrong", "right"), WRONG)
def test_a_slip_is_told_and_what_is_right_is_not(language: str, code: str, wrong: str, right: str) -> None:
    assert code in codes(wrong, language, "letter", file="letter.html")
    assert code not in codes(right, language, "letter", file="letter.html")


def test_a_row_of_a_japanese_email_may_have_a_colon_and_a_link() -> None:
    assert not codes("ご入金額: ￥128,000\n口座を確認する: https://www.hinokibank.example/accounts", "ja") & {
        "TY04",
        "TY05",
    }


def test_capitals_that_come_with_the_data_are_not_the_writers() -> None:
    data = {"payment": {"payer": "LAKESIDE DENTAL"}}
    assert "TY02" not in codes("From LAKESIDE DENTAL today.", source="From {{ payment.payer }} today.", data=data)
    assert "TY02" not in codes("I LAKESIDE DENTAL", source="I {{ payment.payer }}", data=data)
    assert "TY02" in codes("From LAKESIDE DENTAL today.", source="From LAKESIDE DENTAL today.", data=data)


def test_a_long_value_is_cut_off_anyway_and_does_not_make_a_subject_long() -> None:
    data = {"payment": {"payer": "The Royal Society of Very Long Names and Titles"}}
    subject = f"You received £12.00 from {data['payment']['payer']}"
    assert "SU01" not in codes("Hello you", channel="email", subject=subject, data=data)
    assert "SU01" in codes("Hello you", channel="email", subject=subject)


def test_acronyms_of_the_workspace_are_no_shouting() -> None:
    mine = with_settings(acronyms=["HINOKI"])
    assert "TY02" not in {remark.code for remark in told(written("HINOKI is here."), context=mine)}
    assert "TY02" in codes("HINOKI is here.")


def test_emoji_may_stand_where_people_chat() -> None:
    assert "TY01" not in codes("Your card is ready 🎉", channel="line")


def html(preheader: str) -> str:
    return f'<html><body><div style="display:none;max-height:0">{preheader}</div><p>Hello</p></body></html>'


@pytest.mark.parametrize(
    ("language", "subject", "preheader", "wanted"),
    [
        ("en", "Your payment has arrived", "The money is in your account now.", set()),
        ("en", "Y" * 61, "The money is there.", {"SU01"}),
        ("en", "Y" * 60, "The money is there.", set()),
        ("ja", "お" * 31, "ご入金がありました。", {"SU01"}),
        ("ja", "お" * 30, "ご入金がありました。", set()),
        ("en", "Your payment", "", {"SU02"}),
        ("en", "Your payment", "&#847;&zwnj;&nbsp; ", {"SU02"}),
        ("en", "Your payment", "w" * 101, {"SU03"}),
        ("ja", "ご入金", "あ" * 51, {"SU03"}),
        ("en", "Your payment has arrived", "Your payment has arrived.", {"SU04"}),
    ],
)
def test_subject_and_preheader_fit_an_inbox(language: str, subject: str, preheader: str, wanted: set[str]) -> None:
    found = codes("Hello, you.", language, "email", subject=subject, html=html(preheader), file="email.mjml")
    assert {code for code in found if code.startswith("SU")} == wanted


def test_a_long_subject_is_told_at_its_line_of_the_front_matter() -> None:
    words = "paid you an amount that is really far too long for one line"
    source = f'---\nsubject: "{{{{ payment.payer }}}} {words}"\n---\nHello you\n'
    subject = f"ACME {words}"
    found = told(written("Hello you", channel="email", source=source, file="email.mjml", subject=subject))
    assert [(r.code, r.line, r.column) for r in found if r.code == "SU01"] == [("SU01", 2, 31)]
