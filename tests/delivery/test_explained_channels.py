"""Why a message did not go on the channel that was wanted first: told of messages in the store, in both languages."""

from datetime import timedelta
from typing import Any

import pytest
from handoff_parts import DAY, another_contact, delivered, notice, people, replayed_row, row, told_of, with_terms
from sqlalchemy import insert
from support import Bank

from ccm.store.tables import preferences
from ccm.workspace.policy import Policy

ONE_DATABASE = pytest.mark.parametrize("dialect", ["sqlite"])
NIGHT = DAY + timedelta(hours=11)  # 22:00 in London; text messages go from 8:00 on


def at_night(bank: Bank, ranked: str = "", **terms: Any) -> str:
    """A notice at 22:00 that expires before text messages go again, to a customer who may have `ranked` a channel."""
    with_terms(bank, **{"channels": ("sms", "email"), "expires_after_hours": 9, **terms})
    [customer] = people(bank, 1)
    if ranked:
        row = {
            "customer_id": customer,
            "category": "*",
            "channel": ranked,
            "rank": 1,
            "allowed": True,
            "row_digest": "",
        }
        with bank.project.store.write() as connection:
            connection.execute(insert(preferences), [row])
    bank.clock.now = NIGHT
    return notice(bank, customer, at=NIGHT).message_id


@ONE_DATABASE
def test_a_channel_that_would_not_open_in_time_is_told_with_its_hours_the_expiry_and_their_lines(bank: Bank) -> None:
    message = at_night(bank)
    assert row(bank, message)["channel"] == "email"
    english, japanese = (told_of(bank, message, language) for language in ("en", "ja"))
    assert "- SMS: it would be stale before it may go out (expires_in_quiet_hours)\n" in english
    assert (
        "quiet hours of SMS: 21:00 to 08:00, the recipient's own zone: Europe/London (channels/sms.yaml:20)" in english
    )
    assert "payment-received expires 9 hours after it was decided (templates/payment-received/communication.yaml:10)" \
        in english  # fmt: skip
    assert "if it did not expire so soon: it would go by SMS, from 2026-04-02 08:00 BST" in english
    assert (
        "it would go out by SMS from 2026-04-02 08:00 BST if it were decided at 2026-04-01 23:00 BST or later"
        in english
    )
    assert "- SMS：送信可能になる前に期限が切れるため（expires_in_quiet_hours）\n" in japanese
    assert "SMSの送信停止時間帯：21:00から08:00、受取人の時間帯：Europe/London（channels/sms.yaml:20）" in japanese
    assert "payment-receivedの有効期限：判断から9時間（templates/payment-received/communication.yaml:10）" in japanese
    assert "有効期限が延びる場合：SMSで2026-04-02 08:00 BSTから送信" in japanese
    assert replayed_row(bank, message).verdict == "agrees"


@ONE_DATABASE
def test_the_fallback_says_that_it_is_one_and_where_that_stands(bank: Bank) -> None:
    message = at_night(bank, fallback="email", ranked="sms")
    english, japanese = (told_of(bank, message, language) for language in ("en", "ja"))
    assert "by e-mail: no channel before it could be used: the communication's fallback (fallback)" in english
    assert "where no other channel can be used, payment-received goes by e-mail (templates/payment-received/" in english
    assert "quiet hours of SMS: 21:00 to 08:00" in english
    assert "if it did not expire so soon: it would go by SMS" in english
    assert "ほかの手段が使えない場合、payment-receivedはメールで送る（templates/payment-received/" in japanese
    assert "SMSの送信停止時間帯：21:00から08:00" in japanese


@ONE_DATABASE
def test_where_no_channel_opens_in_time_the_message_says_so(bank: Bank) -> None:
    message = at_night(bank, channels=("sms",))
    english, japanese = (told_of(bank, message, language) for language in ("en", "ja"))
    assert "withheld: it would be stale before it may go out (expires_in_quiet_hours) [SMS]" in english
    assert "送信見送り：送信可能になる前に期限が切れるため（expires_in_quiet_hours）［SMS］" in japanese


@ONE_DATABASE
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_full_channel_before_the_one_taken_is_told_with_the_cap_what_fills_it_and_until_when(
    bank: Bank, language: str
) -> None:
    terms = {"on_cap": "fallback", "obeys_caps": True, "counts_toward_caps": True, "channels": ("email", "sms")}
    policy = Policy.model_validate({"caps": [{"id": "mails", "channels": ["email"], "limit": 1, "days": 7}]})
    with_terms(bank, policy, **terms)
    [customer] = people(bank, 1)
    another_contact(bank, customer, DAY - timedelta(hours=1))
    message = notice(bank, customer).message_id
    assert row(bank, message)["channel"] == "sms"
    told = told_of(bank, message, language)
    said = {
        "en": (
            "cap mails: 1 in 7 days (channels/policy.yaml", "taken by rate-change by e-mail, 2026-04-01 10:00 BST",
            "it would go out by e-mail from 2026-04-08 10:00 BST if it were decided at 2026-04-08 10:00 BST or later",
        ),
        "ja": (
            "上限 mails：7日間に1回（channels/policy.yaml", "該当：rate-change・メール、2026-04-01 10:00 BST",
            "2026-04-08 10:00 BST以降の判断ならメールで2026-04-08 10:00 BSTから送信",
        ),
    }  # fmt: skip
    assert [part for part in said[language] if part not in told] == []


@ONE_DATABASE
def test_one_that_waits_says_why_beside_the_time(bank: Bank) -> None:
    message = at_night(bank, expires_after_hours=72)
    english, japanese = (told_of(bank, message, language).splitlines() for language in ("en", "ja"))
    assert english[1] == "  will be sent by SMS: the customer stated no order; the communication's own applies" \
        " (default_order)"  # fmt: skip
    assert "  goes out from 2026-04-02 07:00:00 UTC: held until quiet hours end (held_for_quiet_hours)" \
        " [the recipient's own zone: Europe/London]" in english  # fmt: skip
    assert "  送信可能になる時刻 2026-04-02 07:00:00 UTC：送信停止時間帯のため、終了まで保留（held_for_quiet_hours）" \
        "［受取人の時間帯：Europe/London］" in japanese  # fmt: skip


@ONE_DATABASE
def test_one_that_waits_for_room_in_a_cap_says_so_in_words(bank: Bank) -> None:
    policy = Policy.model_validate({"caps": [{"id": "week", "limit": 1, "days": 7}]})
    terms = {"on_cap": "defer", "obeys_caps": True, "counts_toward_caps": True, "expires_after_hours": 300}
    with_terms(bank, policy, channels=("email",), **terms)
    [customer] = people(bank, 1)
    another_contact(bank, customer, DAY - timedelta(hours=1))
    message = notice(bank, customer).message_id
    english, japanese = (told_of(bank, message, language) for language in ("en", "ja"))
    assert "goes out from 2026-04-08 09:00:00 UTC: held until a cap has room (deferred_by_cap) [week]" in english
    assert "taken by rate-change by e-mail, 2026-04-01 10:00 BST" in english
    assert "2026-04-08 09:00:00 UTC：送信回数の上限に空きが出るまで保留（deferred_by_cap）［week］" in japanese


@ONE_DATABASE
def test_one_that_goes_no_more_was_due(bank: Bank) -> None:
    message = at_night(bank, expires_after_hours=12)
    assert delivered(bank, message, NIGHT + timedelta(hours=13)) == ("withheld", "expired")
    english, japanese = (told_of(bank, message, language) for language in ("en", "ja"))
    assert "  was due from 2026-04-02 07:00:00 UTC: held until quiet hours end" in english
    assert "  送信を予定していた時刻 2026-04-02 07:00:00 UTC：送信停止時間帯のため" in japanese


@ONE_DATABASE
def test_channels_used_at_once_are_told_with_where_that_stands(bank: Bank) -> None:
    channels = ("sms", "email")
    message = at_night(bank, channels=channels, urgent=True, at_once=channels)
    english, japanese = (told_of(bank, message, language) for language in ("en", "ja"))
    assert "payment-received goes by SMS, e-mail at once (templates/payment-received/communication" in english
    assert "payment-receivedはSMS、メールで同時に送る（templates/payment-received/communication" in japanese
