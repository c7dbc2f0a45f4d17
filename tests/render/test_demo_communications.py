"""The three communications of the demonstration workspace, rendered for their samples."""

from __future__ import annotations

import datetime as dt
import email
from email.message import EmailMessage
from email.policy import default
from functools import cache
from pathlib import Path

import pytest

from ccm.model.customer import Customer
from ccm.model.message import RenderContext, Rendered
from ccm.render import Renderer
from ccm.workspace import Workspace, load_workspace
from ccm.workspace.wording import resolve

ROOT = Path(__file__).resolve().parents[2]
AT = dt.datetime(2026, 4, 2, 3, 0, tzinfo=dt.UTC)
COMMUNICATIONS = ("quarterly-statement", "savings-offer", "payment-received")


@cache
def workspace() -> Workspace:
    return load_workspace(ROOT)


@cache
def renderer(communication_id: str) -> Renderer:
    return Renderer(workspace(), workspace().communications[communication_id])


@cache
def rendered(communication_id: str, language: str, channel: str) -> Rendered:
    communication = workspace().communications[communication_id]
    for sample in workspace().samples[communication_id]:
        customer = Customer.model_validate({"id": "C000123", **sample.customer})
        if communication.language_for(customer.language) == language:
            wording = {
                wording_id: resolve(workspace().wordings, wording_id, language, customer.jurisdiction, AT)
                for wording_id in communication.wording
            }
            context = RenderContext(
                "5f2c9a7e41d0",
                customer,
                language,
                customer.jurisdiction,
                AT,
                customer.reach(channel) or "",
                sample.data,
                wording,
            )
            return renderer(communication_id).render(channel, context)
    raise AssertionError(f"{communication_id} has no sample in '{language}'")


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("communication_id", COMMUNICATIONS)
def test_every_sample_has_a_readable_mail_and_a_short_sms(communication_id: str, language: str) -> None:
    mail = rendered(communication_id, language, "email")
    assert "{" not in mail.text
    assert all(link.startswith("https://www.hinokibank.example") for link in mail.links)
    assert rendered(communication_id, language, "sms").segments <= 2


def test_statement_mail_gives_the_summary_and_attaches_the_letter() -> None:
    mail = rendered("quarterly-statement", "en", "email")
    message = email.message_from_bytes(mail.body, policy=default)
    assert isinstance(message, EmailMessage)
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == "quarterly-statement-2026-03-31.pdf"
    assert attached.get_content().startswith(b"%PDF-")
    assert "Closing balance: £8,290.28" in mail.text
    assert "40126613" not in str(message.get_body(("plain",)))
    assert mail.pages == rendered("quarterly-statement", "en", "letter").pages
    assert {use.id for use in mail.wording} == {"deposit-protection", "fee-notice"}


@pytest.mark.parametrize("language", ["en", "ja"])
def test_statement_sms_tells_neither_amounts_nor_account(language: str) -> None:
    text = rendered("quarterly-statement", language, "sms").text
    assert not any(secret in text for secret in ("£", "￥", "6613", "0592", "Osborne", "高橋"))


@pytest.mark.parametrize("language", ["en", "ja"])
def test_offer_can_be_stopped_from_mail_and_sms(language: str) -> None:
    mail, sms = rendered("savings-offer", language, "email"), rendered("savings-offer", language, "sms")
    assert {use.id for use in mail.wording} == {"marketing-opt-out", "sender-identity"}
    assert [use.id for use in sms.wording] == ["marketing-opt-out"]
    assert b"List-Unsubscribe: <https://www.hinokibank.example/prefs?m=5f2c9a7e41d0>" in mail.body
    assert "https://www.hinokibank.example/prefs?m=5f2c9a7e41d0" in mail.links


def test_japanese_mail_addresses_the_customer_with_sama() -> None:
    assert "高橋 春香 様" in rendered("payment-received", "ja", "email").text
    assert rendered("payment-received", "ja", "email").subject == "【ひのき銀行】ご入金のお知らせ（￥128,000）"


def test_payment_sms_says_who_paid_and_how_much() -> None:
    text = rendered("payment-received", "en", "sms").text
    assert "$1,250.00 from Lakeside Dental LLC" in text


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_telephone_link_can_be_dialled(language: str) -> None:
    message = email.message_from_bytes(rendered("savings-offer", language, "email").body, policy=default)
    assert isinstance(message, EmailMessage)
    page = message.get_body(("html",))
    assert page is not None
    assert 'href="tel:+18005550142"' in page.get_content()
