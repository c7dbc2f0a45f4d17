"""The communications of the demonstration workspace, rendered for their samples."""

from __future__ import annotations

import email
import re
from email.message import EmailMessage
from email.policy import default

import pytest
from demo_parts import AT, IDS, TOKEN, customer, leaves, rendered, samples, values, workspace

from ccm.workspace.wording import resolve

LANGUAGES = ("en", "ja")
LETTERS = ("address-changed", "card-blocked", "complaint-received", "payment-reminder", "rate-change")
# 3GPP TS 23.038, default alphabet and the extension table.
GSM7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà\f^{}\\[~]|€"
)
EVERY = [(name, sample.name) for name in IDS for sample in samples(name)]
SMS = [(name, sample) for name, sample in EVERY if "sms" in workspace().communications[name].channels]


def test_the_workspace_has_the_communications_that_a_bank_needs() -> None:
    assert sorted(workspace().communications) == list(IDS)


@pytest.mark.parametrize("name", IDS)
def test_samples_cover_languages_jurisdictions_companies_and_large_print(name: str) -> None:
    people = [customer(sample) for sample in samples(name)]
    places = {(who.jurisdiction, who.language[:2]) for who in people}
    assert places == {(where, language) for where in ("US", "GB", "JP") for language in LANGUAGES}
    for language in LANGUAGES:
        of_language = [who for who in people if who.language.startswith(language)]
        assert any(who.organisation_name for who in of_language)
        assert any(who.accessible_format == "large_print" for who in of_language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [name for name in IDS if name != "news-digest"])  # its data are set by the engine
def test_samples_give_every_field_at_its_longest_and_both_sides_of_every_choice(name: str, language: str) -> None:
    for path, field in leaves(workspace().communications[name]):
        found = [value for sample in samples(name, language) for value in values(sample, path)]
        if field.type == "text" and field.max_length:
            assert max(len(str(value)) for value in found if value is not None) == field.max_length, path
        if field.type == "boolean":
            assert {True, False} <= set(found), path
        if field.type == "list":
            assert [] in found, path
        if field.optional:
            assert None in found, path
            assert any(value is not None for value in found), path


@pytest.mark.parametrize(("name", "sample"), EVERY)
def test_every_sample_has_a_readable_mail(name: str, sample: str) -> None:
    mail = rendered(name, sample, "email")
    assert not set("{}") & set(mail.text + mail.subject)
    assert "None" not in mail.text
    assert all(link.startswith("https://www.hinokibank.example") for link in mail.links)


@pytest.mark.parametrize(("name", "sample"), SMS)
def test_every_sample_has_a_short_sms(name: str, sample: str) -> None:
    sms = rendered(name, sample, "sms")
    if sample in {english.name for english in samples(name, "en")}:
        assert set(sms.text) <= GSM7
        assert sms.segments <= 2
    else:
        assert sms.segments <= 3


@pytest.mark.parametrize("name", LETTERS)
def test_a_japanese_letter_opens_and_closes_as_letters_do(name: str) -> None:
    text = rendered(name, "shortest-jp", "letter").text
    marks = [text.find(word) for word in ("平素", "敬具", "\n記\n", "以上")]
    if name == "card-blocked":  # too pressing for a ceremonious opening
        assert marks[1:] == [-1, -1, -1]
        marks = marks[:1]
    assert -1 not in marks
    assert marks == sorted(marks)
    assert "林 一 様" in text


@pytest.mark.parametrize("name", LETTERS)
def test_an_english_letter_has_a_salutation_and_a_close(name: str) -> None:
    text = rendered(name, "shortest-us", "letter").text
    assert text.index("Dear Al Ng,") < text.index("Yours sincerely,")


@pytest.mark.parametrize(("name", "sample"), [(name, sample) for name, sample in EVERY if sample == "company-gb-ja"])
def test_a_company_is_addressed_with_onchu_only(name: str, sample: str) -> None:
    text = rendered(name, sample, "email").text
    assert "株式会社みなと総合物流サービスホールディングス 御中" in text
    assert "御中 様" not in text
    assert "ホールディングス 様" not in text


@pytest.mark.parametrize("channel", ["email", "letter"])
@pytest.mark.parametrize(
    ("name", "wording"), [("payment-reminder", "payment-support"), ("complaint-received", "complaint-escalation")]
)
def test_help_and_escalation_are_those_of_the_customers_jurisdiction(name: str, wording: str, channel: str) -> None:
    for sample in ("shortest-us", "longest-gb", "shortest-jp"):
        who = customer(next(one for one in samples(name) if one.name == sample))
        version = resolve(workspace().wordings, wording, who.language[:2], who.jurisdiction, AT)
        assert version is not None
        (use,) = rendered(name, sample, channel).wording
        assert (use.id, use.digest) == (wording, version.digest)
        said = re.sub(r"\s", "", rendered(name, sample, channel).text)
        assert re.sub(r"\s", "", use.text) in said


def test_who_cannot_pay_reads_of_free_advice_in_the_united_kingdom() -> None:
    assert "www.moneyhelper.org.uk" in rendered("payment-reminder", "longest-gb", "email").text
    assert "MoneyHelper" in rendered("payment-reminder", "longest-gb", "sms").text


def test_statement_mail_gives_the_summary_and_attaches_the_letter() -> None:
    mail = rendered("quarterly-statement", "margaret-gb", "email")
    message = email.message_from_bytes(mail.body, policy=default)
    assert isinstance(message, EmailMessage)
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == "quarterly-statement-2026-03-31.pdf"
    assert attached.get_content().startswith(b"%PDF-")
    assert "Closing balance: £8,290.28" in mail.text
    assert "40126613" not in str(message.get_body(("plain",)))
    assert mail.pages == rendered("quarterly-statement", "margaret-gb", "letter").pages
    assert {use.id for use in mail.wording} == {"deposit-protection", "fee-notice"}


@pytest.mark.parametrize("sample", ["margaret-gb", "haruka-jp"])
def test_statement_sms_tells_neither_amounts_nor_account(sample: str) -> None:
    text = rendered("quarterly-statement", sample, "sms").text
    assert not any(secret in text for secret in ("£", "￥", "6613", "0592", "Osborne", "高橋"))


@pytest.mark.parametrize("sample", ["jane-us", "haruka-jp"])
def test_offer_can_be_stopped_from_mail_and_sms(sample: str) -> None:
    mail, sms = rendered("savings-offer", sample, "email"), rendered("savings-offer", sample, "sms")
    assert {use.id for use in mail.wording} == {"marketing-opt-out", "sender-identity"}
    assert [use.id for use in sms.wording] == ["marketing-opt-out"]
    assert b"List-Unsubscribe: <https://www.hinokibank.example/prefs?t=" + TOKEN.encode() + b">" in mail.body
    assert f"https://www.hinokibank.example/prefs?t={TOKEN}" in mail.links


def test_japanese_mail_addresses_the_customer_with_sama() -> None:
    assert "高橋 春香 様" in rendered("payment-received", "haruka-jp", "email").text
    assert rendered("payment-received", "haruka-jp", "email").subject == "【ひのき銀行】ご入金のお知らせ（￥128,000）"


def test_payment_sms_says_who_paid_and_how_much() -> None:
    text = rendered("payment-received", "jane-us", "sms").text
    assert "$1,250.00 from Lakeside Dental LLC" in text


@pytest.mark.parametrize("sample", ["jane-us", "haruka-jp"])
def test_the_telephone_link_can_be_dialled(sample: str) -> None:
    message = email.message_from_bytes(rendered("savings-offer", sample, "email").body, policy=default)
    assert isinstance(message, EmailMessage)
    page = message.get_body(("html",))
    assert page is not None
    assert 'href="tel:+18005550142"' in page.get_content()
