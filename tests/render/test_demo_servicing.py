"""What the shipped notices of card, address, rate, payment and complaint say, and what they keep to themselves."""

from __future__ import annotations

import pytest
from demo_parts import leaves, rendered, samples, workspace
from syrupy.assertion import SnapshotAssertion

LONGEST = [("longest-gb", "31 December 2026"), ("longest-us-ja", "2026年12月31日")]


def said(name: str, sample: str, channel: str) -> str:
    """Subject and text without line breaks, which depend on the width of the page."""
    message = rendered(name, sample, channel)
    return f"{message.subject} {message.text}".replace("\n", " ")


def wordings_read(sample: str, channel: str) -> list[str]:
    """The wordings whose text stands in a rate notice; an e-mail's text part breaks lines where it likes."""
    notice = rendered("rate-change", sample, channel)
    text = "".join(notice.text.split())
    return [use.id for use in notice.wording if "".join(use.text.split()) in text]


@pytest.mark.parametrize("sample", [sample.name for sample in samples("card-blocked")])
def test_a_blocked_card_is_told_by_sms_without_link_amount_or_name(sample: str) -> None:
    sms = rendered("card-blocked", sample, "sms")
    assert not sms.links
    assert "http" not in sms.text
    assert "+1 800" not in sms.text  # a number in a text may be false: the customer finds it on card or statement
    assert not any(secret in sms.text for secret in ("£", "￥", "Professor", "林", "Railway"))
    assert any(digits in sms.text for digits in ("4821", "0077"))


def test_a_blocked_card_is_told_at_night_too_and_is_not_marketing() -> None:
    communication = workspace().communications["card-blocked"]
    assert communication.urgent
    assert (communication.purpose, communication.category) == ("transactional", "security")
    assert communication.channels[-2:] == ("email", "letter")  # what is read at once comes before


@pytest.mark.parametrize("channel", ["email", "letter"])
@pytest.mark.parametrize(
    ("sample", "amount", "merchant"),
    [
        ("longest-gb", "£9,999,999.99", "Great Northern Railway Museum Bookshop"),
        ("longest-us-ja", "￥99,999,999", "ロサンゼルス国際空港"),
    ],
)
def test_the_refused_payment_is_named_where_there_is_one(sample: str, amount: str, merchant: str, channel: str) -> None:
    text = said("card-blocked", sample, channel)
    assert amount in text
    assert merchant in text
    assert "停止したお支払い" not in said("card-blocked", "shortest-jp", channel)
    assert "Payment we stopped" not in said("card-blocked", "shortest-us", channel)


@pytest.mark.parametrize(
    ("sample", "asked", "call"),
    [
        ("company-jp-en", "As you asked", "number on your statement"),
        ("shortest-us", "unusual for you", "number on the back of the card"),
        ("company-gb-ja", "お申し出のとおり", "お取引明細書に記載の電話番号"),
        ("shortest-jp", "通常とは異なるご利用", "カード裏面に記載の電話番号"),
    ],
)
def test_who_lost_the_card_is_not_told_to_look_at_its_back(sample: str, asked: str, call: str) -> None:
    text = said("card-blocked", sample, "email")
    assert asked in text
    assert call in text


def test_the_notice_to_the_previous_address_cannot_tell_the_new_one() -> None:
    communication = workspace().communications["address-changed"]
    texts = [path for path, field in leaves(communication) if field.type == "text"]
    assert texts == [("change", "requested_through")]
    for channel, sample in (("letter", "shortest-us"), ("letter", "shortest-jp")):
        assert ("Hilo" in (text := said("address-changed", sample, channel))) is (sample == "shortest-us")
        assert ("we have had until now" in text) or ("これまでのご住所宛て" in text)


@pytest.mark.parametrize(
    ("previous", "confirmed", "words"),
    [
        ("shortest-us", "company-jp-en", ("about to change", "in place")),
        ("shortest-jp", "company-gb-ja", ("お申し出について", "変更完了")),
    ],
)
def test_the_two_notices_of_one_address_change_differ(previous: str, confirmed: str, words: tuple[str, str]) -> None:
    for channel in ("email", "letter"):
        for sample, right, wrong in ((previous, *words), (confirmed, *reversed(words))):
            text = said("address-changed", sample, channel)
            assert right in text
            assert wrong not in text
    assert rendered("address-changed", previous, "sms").text != rendered("address-changed", confirmed, "sms").text


@pytest.mark.parametrize("channel", ["email", "letter"])
@pytest.mark.parametrize(("sample", "day"), LONGEST)
def test_a_rate_notice_gives_both_rates_both_payments_and_the_day(sample: str, day: str, channel: str) -> None:
    text = said("rate-change", sample, channel)
    sign = "£" if sample == "longest-gb" else "$"
    for figure in ("11.8725%", "12.0125%", f"{sign}99,998.87", f"{sign}99,999.99", day):
        assert figure in text
    assert wordings_read(sample, channel) == ["loan-rate-notice"]


@pytest.mark.parametrize("channel", ["email", "letter"])
@pytest.mark.parametrize(
    ("sample", "wording", "right", "wrong"),
    [
        ("shortest-us", "deposit-rate-notice", "going down", "regular payment"),
        ("company-jp-en", "loan-rate-notice", "regular payment stays the same", "going up"),
        ("shortest-jp", "deposit-rate-notice", "引き下げ", "ご返済額"),
        ("company-gb-ja", "loan-rate-notice", "変更はございません", "引き上げ"),
    ],
)
def test_a_rate_notice_fits_account_and_direction(
    sample: str, wording: str, right: str, wrong: str, channel: str
) -> None:
    text = said("rate-change", sample, channel)
    assert right in text
    assert wrong not in text
    assert wordings_read(sample, channel) == [wording]


def test_a_rate_notice_must_arrive_on_paper_if_nothing_else_is_possible() -> None:
    communication = workspace().communications["rate-change"]
    assert (communication.purpose, communication.fallback, communication.expires_after_hours) == (
        "regulatory", "letter", None,
    )  # fmt: skip
    assert "sms" not in communication.channels


@pytest.mark.parametrize("channel", ["email", "letter"])
@pytest.mark.parametrize(("sample", "day"), LONGEST)
def test_a_reminder_gives_amount_fee_and_day(sample: str, day: str, channel: str) -> None:
    text = said("payment-reminder", sample, channel)
    sign = "£" if sample == "longest-gb" else "$"
    for figure in (f"{sign}9,999,999.99", f"{sign}1,200.00", day):
        assert figure in text


@pytest.mark.parametrize(
    ("sample", "right", "wrong"),
    [
        ("shortest-us", "We take it from your account", "overdue"),
        ("company-jp-en", "Please pay it by the day below", "overdue"),
        ("missed-us", "We tried to take the payment", "due soon"),
        ("longest-gb", "We have not received the payment", "due soon"),
        ("shortest-jp", "お引き落としいたします", "行き違い"),
        ("company-gb-ja", "期日までにお支払いください", "行き違い"),
        ("missed-jp", "お引き落としができませんでした", "お支払日のご案内"),
        ("longest-us-ja", "ご入金を確認できておりません", "お支払日のご案内"),
    ],
)
def test_a_reminder_fits_before_and_after_the_day(sample: str, right: str, wrong: str) -> None:
    for channel in ("email", "letter"):
        text = said("payment-reminder", sample, channel)
        assert right in text
        assert wrong not in text


@pytest.mark.parametrize("sample", [sample.name for sample in samples("payment-reminder")])
def test_a_reminder_tells_nobody_else_what_the_debt_is(sample: str) -> None:
    shown = rendered("payment-reminder", sample, "sms").text + rendered("payment-reminder", sample, "email").subject
    assert not any(secret in shown for secret in ("Loan", "loan", "ローン", "2345", "7654", "7755", "8800417"))


@pytest.mark.parametrize("channel", ["email", "letter"])
@pytest.mark.parametrize(
    ("sample", "facts"),
    [
        (
            "longest-gb",
            ("CMP-2026-000123456-A", "23 November 2026", "Payments and Transfers UK", "+44 20 7946 0123 456"),
        ),
        ("longest-us-ja", ("CMP-2026-000123456-A", "2026年11月23日", "お客さま相談室", "+1 800 555 0142 7788")),
        ("shortest-us", ("C-1", "April 16, 2026", "Customer Care", "+1 800 555 0142")),
        ("shortest-jp", ("C-1", "2026年4月15日", "お客さま相談室", "+1 800 555 0142")),
    ],
)
def test_an_acknowledgement_says_who_answers_until_when(sample: str, facts: tuple[str, ...], channel: str) -> None:
    text = said("complaint-received", sample, channel)
    for fact in facts:
        assert fact in text


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize(
    "name", ["address-changed", "card-blocked", "complaint-received", "payment-reminder", "rate-change"]
)
def test_mail_and_sms_read_as_they_did(name: str, language: str, snapshot: SnapshotAssertion) -> None:
    sample = "longest-gb" if language == "en" else "longest-us-ja"
    channels = [channel for channel in workspace().communications[name].channels if channel != "letter"]
    for channel in channels:
        message = rendered(name, sample, channel)
        assert f"{message.subject}\n\n{message.text}" == snapshot(name=channel)
