"""Kinds that look at sender, sizes, numbers, links, promises and reading, in both languages and against tricks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.compliance.kinds import (
    link_allow_list,
    masked_identifiers,
    min_type_size,
    one_click_unsubscribe,
    reading_level,
    require_sender_identity,
    risk_notice,
)  # fmt: skip
from ccm.compliance.text import CheckedText
from ccm.model.message import TypeRun, WordingUse

SENDER = require_sender_identity.Params().model_copy(
    update={"texts": {
        "name": (("Test Bank",), ("テスト銀行",)), "address": (("1 Quay", "Leith"), ("東京都千代田区1-1",)),
        "contact": (("+1 555 0100",),),
    }}
)  # fmt: skip
WHOLE = "Test Bank, 1 Quay, Leith. +1 555 0100"


def email(text: str, html: str = "") -> CheckedText:
    return CheckedText("email", text, html=html)


@pytest.mark.parametrize("text", [WHOLE, "テスト銀行（東京都千代田区1-1） +1 555 0100"])
def test_a_sender_with_name_address_and_contact_passes(text: str) -> None:
    assert require_sender_identity.check(SENDER, email(text)) == []


@pytest.mark.parametrize(
    ("text", "part"),
    [("Bank, 1 Quay, Leith, +1 555 0100", "name"), ("Test Bank, 1 Quay, +1 555 0100", "address"),
     ("テスト銀行 東京都千代田区1-1", "contact")],
)  # fmt: skip
def test_a_missing_part_of_the_sender_is_named(text: str, part: str) -> None:
    found = require_sender_identity.check(SENDER, email(text))
    assert found == [f"the sender's {part} is not in what the customer reads"]


@pytest.mark.parametrize(
    "hidden",
    [
        f"<!-- {WHOLE} -->", f'<p style="display:none">{WHOLE}</p>', f'<p style="color:#fff">{WHOLE}</p>',
        f'<div style="background:#1f4d3a"><p style="color:#1F4D3A">{WHOLE}</p></div>',
        f'<div style="opacity:0"><b>{WHOLE}</b></div>', f'<p style="font-size:0">{WHOLE}</p>',
        f"<p hidden>{WHOLE}</p>", f'<p style="text-indent:-9999px">{WHOLE}</p>', f'<img alt="> {WHOLE}">',
        f"<style>{WHOLE}</style>", f'<font color="white">{WHOLE}</font>',
    ],
)  # fmt: skip
def test_a_sender_hidden_in_the_page_is_not_seen(hidden: str) -> None:
    assert len(require_sender_identity.check(SENDER, email(WHOLE, f"<body><p>Hello</p>{hidden}</body>"))) == 3


def test_a_sender_that_stands_in_the_page_passes_however_letters_are_written() -> None:
    words = "&#12486;&#12473;&#12488;銀行<br>東京都千代田区1-1 +1 555 0100"
    page = f'<div style="display:none">x</div><p style="color:#333">{words}</p>'
    assert require_sender_identity.check(SENDER, email("テスト銀行 東京都千代田区1-1 +1 555 0100", page)) == []


CARD = "4111111111111111"


@pytest.mark.parametrize(
    "text",
    [
        CARD, "4111 1111 1111 1111", "4111-1111-1111-1111", "４１１１１１１１１１１１１１１１",
        "4111\u200b1111\u200b1111\u200b1111", " ".join(CARD), "カード番号は4111111111111111です。",
        "GB82WEST12345698765432", "口座 GB82 WEST 1234 5698 7654 32",
    ],
)  # fmt: skip
def test_whole_numbers_of_cards_and_accounts_are_found_however_they_are_written(text: str) -> None:
    assert masked_identifiers.check(masked_identifiers.Params(), email(text))


@pytest.mark.parametrize(
    "text",
    ["ending 1111", "末尾1111", "4111111111111112", "2026-01-01 2026-03-31", "1,250.00 312.40 8800.10 77.20",
     "+81 90 4094 1361", "GB82WEST12345698765433", "0000000000000000"],
)  # fmt: skip
def test_dates_amounts_telephones_and_masked_numbers_pass(text: str) -> None:
    assert masked_identifiers.check(masked_identifiers.Params(), email(text)) == []


def test_long_runs_of_digits_are_found_where_a_rule_says_how_long() -> None:
    params = masked_identifiers.Params(longest=6)
    assert masked_identifiers.check(params, email("口座番号１２３４５６７"))
    assert masked_identifiers.check(params, email("account 123456")) == []


@settings(max_examples=60, deadline=None)
@given(st.text("0123456789", min_size=11, max_size=18))
def test_every_number_with_its_check_digit_is_found(body: str) -> None:
    number = next(body + digit for digit in "0123456789" if masked_identifiers.is_luhn(body + digit) or digit == "9")
    if masked_identifiers.is_luhn(number):
        assert masked_identifiers.check(masked_identifiers.Params(), email(f"no {number}."))


LINKS = link_allow_list.Params(hosts=("www.bank.example",))


@pytest.mark.parametrize("link", ["https://www.bank.example/a?b=//c", "mailto:a@bank.example", "tel:+15550100"])
def test_links_to_known_hosts_pass(link: str) -> None:
    assert link_allow_list.check(LINKS, CheckedText("email", "詳しくはこちら", links=(link,))) == []


@pytest.mark.parametrize(
    "link",
    ["https://bit.ly/x", "https://www.bank.example@evil.example/", "https://www.bank.example.evil.example/",
     "//evil.example", "https://www.b\u0430nk.example/", "https://[", "https://evil.example\\@www.bank.example/",
     "javascript://www.bank.exampl"],
)  # fmt: skip
def test_links_elsewhere_are_found_and_not_quoted(link: str) -> None:
    [said] = link_allow_list.check(LINKS, CheckedText("sms", "See", links=(link,)))
    assert link not in said


def test_an_address_in_the_text_is_a_link_too() -> None:
    assert link_allow_list.check(LINKS, email("詳しくは https://evil.example/ へ"))


def notice(text: str, **more: object) -> list[str]:
    params = risk_notice.Params.model_validate(
        {"promises": {"en": ["guaranteed"], "ja": ["元本保証"]}, "wording": ["risk"], **more}
    )
    use = WordingUse("risk", "1", "", "The rate can change. 金利は変わります。")
    return risk_notice.check(params, CheckedText("email", text.replace("{risk}", use.text), wording=(use,)))


@pytest.mark.parametrize(
    "text", ["4% guaranteed. {risk}", "元本保証です。{risk}", "Save with us.", "{risk}\nGuaranteed"]
)
def test_a_promise_with_its_notice_in_the_same_block_passes(text: str) -> None:
    assert notice(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "4% guaranteed.",
        "4% GUAR\u200bANTEED.\n\nMore.\n\n{risk}",
        "元\u200b本保証です。\n\n{risk}",
        "guaranteed {risk}\n\nguaranteed",
    ],
)
def test_a_promise_without_its_notice_beside_it_is_found(text: str) -> None:
    assert notice(text)


def test_near_counts_characters() -> None:
    text = "guaranteed\n\nabc {risk}"
    assert notice(text, place="near", within=10) == []
    assert notice(text, place="near", within=2)


def letter(*runs: tuple[float, str], wording: tuple[WordingUse, ...] = ()) -> CheckedText:
    return CheckedText("letter", "x", wording=wording, type_runs=lambda: tuple(TypeRun(*run) for run in runs))


def test_type_is_measured_in_points_and_against_the_largest() -> None:
    sizes = letter((18, "Title"), (9, "本文"))
    assert min_type_size.check(min_type_size.Params(points=9, of_largest=0.5), sizes) == []
    assert len(min_type_size.check(min_type_size.Params(points=9.5, of_largest=0.6), sizes)) == 2


def test_only_the_regions_of_a_wording_are_measured_where_it_is_named() -> None:
    use = WordingUse("risk", "1", "", "You may lose money.")
    sizes = letter((18, "Save"), (6, "page 1"), (12, "You may "), (12, "lose money."), wording=(use,))
    params = min_type_size.Params(points=12, wording=("risk",))
    assert min_type_size.check(params, sizes) == []
    assert min_type_size.check(params.model_copy(update={"of_largest": 0.8}), sizes)


def test_an_unmeasured_letter_does_not_pass_and_a_page_is_measured_by_its_styles() -> None:
    params = min_type_size.Params(points=9)
    assert min_type_size.check(params, letter()) == ["the size of its words is not known"]
    assert min_type_size.check(
        params, email("x", '<p style="font-size:12px">a<span style="font-size:8px">小</span></p>')
    )
    assert min_type_size.check(params, email("x", '<p style="font-size:12px">a</p>')) == []


def test_one_click_needs_both_lines_and_an_https_address() -> None:
    def said(head: str) -> int:
        message = CheckedText("email", "x", raw=f"{head}\r\n\r\nbody".encode())
        return len(one_click_unsubscribe.check(one_click_unsubscribe.Params(), message))

    post = "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
    assert said(f"From: a\r\nlist-unsubscribe: <mailto:a@b.example>,\r\n <https://b.example/x>\r\n{post}") == 0
    assert said(f"List-Unsubscribe: <http://b.example/x>\r\n{post}") == 1
    assert said("Subject: x") == 2
    assert said(f"Subject: x\r\n\r\nList-Unsubscribe: <https://b.example/x>\r\n{post}") == 2


def test_reading_is_measured_in_the_messages_language() -> None:
    params = reading_level.Params(sentence_words=12, sentence_characters=30)
    long_en, long_ja = "word " * 60 + ".", "長い文がどこまでも続いていく" * 12 + "。"
    assert reading_level.check(params, CheckedText("email", long_en, language="en-GB"))
    assert reading_level.check(params, CheckedText("email", long_ja, language="ja"))
    assert reading_level.check(params, CheckedText("email", "You pay less now. " * 12, language="en")) == []
    assert reading_level.check(params, CheckedText("email", "金利が下がります。" * 20, language="ja")) == []
