"""One customer, one communication: the channel, or the reason why not, with every candidate explained."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from ccm.decide import Facts, decide, recheck
from ccm.decide.trace import WORDS, words
from ccm.model.customer import Case, Consent, Contact, Customer, PostalAddress, Preference
from ccm.model.message import Decision
from ccm.workspace.channels import Channel, QuietHours
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Cap, Policy
from ccm.workspace.settings import ByLanguage

AT = datetime(2026, 4, 1, 10, tzinfo=UTC)
NAME = ByLanguage(en="x", ja="x")
STATEMENT = Communication(
    id="statement", name=NAME, purpose="regulatory", category="statements", channels=("email", "letter", "sms"),
    languages=("en", "ja"), jurisdictions=("GB", "JP"), fallback="letter", consent={"email": "e_delivery"},
)  # fmt: skip
OFFER = Communication(
    id="offer", name=NAME, purpose="marketing", category="offers", channels=("email", "sms"), languages=("en", "ja"),
    jurisdictions=("GB", "JP"), obeys_caps=True, counts_toward_caps=True,
)  # fmt: skip
PAYMENT = Communication(
    id="payment", name=NAME, purpose="transactional", category="payments", channels=("sms", "email"),
    languages=("en",), jurisdictions=("GB",), expires_after_hours=4,
)  # fmt: skip
POLICY = Policy(caps=(Cap(id="week", categories=("offers",), limit=2, days=7),), zones={"GB": ("Europe/London",)})
NIGHT = QuietHours(start=time(21), end=time(8))
CHANNELS = {
    "email": Channel(channel="email", adapter="outbox"),
    "sms": Channel(channel="sms", adapter="outbox", quiet_hours=NIGHT),
    "letter": Channel(channel="letter", adapter="outbox"),
}


def customer(**changes: Any) -> Customer:
    fields: dict[str, Any] = {
        "id": "C1", "family_name": "Moss", "given_name": "Ada", "language": "en-GB", "jurisdiction": "GB",
        "timezone": "Europe/London", "address": PostalAddress(line1="1 Quay", city="Leith", country="GB"),
        "contact_points": {"email": "ada@example.com", "sms": "+447700900001"},
    }  # fmt: skip
    return Customer(**(fields | changes))


def facts(**changes: Any) -> Facts:
    who = changes.pop("customer", None) or customer()
    return Facts(who, **{name: tuple(rows) for name, rows in changes.items()})


def yes(purpose: str, channel: str, days_ago: int = 100, granted: bool = True, basis: str = "opt_in") -> Consent:
    return Consent(
        customer_id="C1", purpose=purpose, channel=channel, basis=basis, granted=granted,
        at=AT - timedelta(days=days_ago),
    )  # fmt: skip


def ranks(*channels: str, category: str = "*") -> list[Preference]:
    return [Preference(customer_id="C1", category=category, channel=name, rank=n) for n, name in enumerate(channels, 1)]


def no(category: str, channel: str) -> Preference:
    return Preference(customer_id="C1", category=category, channel=channel, allowed=False)


def decided(communication: Communication, known: Facts, at: datetime = AT) -> Decision:
    return decide(communication, POLICY, CHANNELS, known, at)


def reasons(decision: Decision) -> dict[str, str]:
    return {candidate.channel: candidate.reason for candidate in decision.candidates}


@pytest.mark.parametrize("status", ["deceased", "closed"])
@pytest.mark.parametrize("communication", [STATEMENT, OFFER, PAYMENT])
def test_deceased_and_closed_customers_get_nothing(communication: Communication, status: str) -> None:
    decision = decided(communication, facts(customer=customer(status=status), consents=[yes("marketing", "email")]))
    assert (decision.send, decision.reason) == (False, status)


def test_a_statement_by_email_needs_e_delivery_consent_else_it_is_a_letter() -> None:
    with_consent = decided(STATEMENT, facts(consents=[yes("e_delivery", "email")]))
    without = decided(STATEMENT, facts())
    assert (with_consent.channel, with_consent.reason) == ("email", "default_order")
    assert (without.channel, without.reason) == ("letter", "default_order")
    assert reasons(without) == {"email": "no_consent", "letter": "taken", "sms": "not_needed"}


def test_channels_are_tried_in_the_customers_order() -> None:
    decision = decided(STATEMENT, facts(preferences=ranks("line", "sms", "email")))
    assert (decision.channel, decision.reason) == ("sms", "preferred")
    assert reasons(decision) == {
        "line": "not_offered", "sms": "taken", "email": "no_consent", "letter": "not_preferred"
    }  # fmt: skip


def test_ranks_for_the_category_beat_ranks_for_all() -> None:
    preferences = [*ranks("sms", "letter"), *ranks("letter", category="statements")]
    assert decided(STATEMENT, facts(preferences=preferences)).channel == "letter"


def test_a_regulatory_message_falls_back_to_letter_when_nothing_preferred_is_possible() -> None:
    decision = decided(STATEMENT, facts(preferences=ranks("line", "email")))
    assert (decision.channel, decision.reason) == ("letter", "fallback")


def test_no_opt_out_keeps_a_regulatory_message_from_arriving() -> None:
    decision = decided(STATEMENT, facts(preferences=[*ranks("email", "letter"), no("*", "*")]))
    assert (decision.channel, decision.reason) == ("letter", "fallback")


def test_a_customer_without_any_address_is_withheld_and_says_so() -> None:
    decision = decided(STATEMENT, facts(customer=customer(address=None, contact_points={})))
    assert (decision.send, decision.reason) == (False, "no_address")


def test_marketing_without_a_consent_row_is_withheld() -> None:
    assert decided(OFFER, facts()).reason == "no_consent"


def test_the_newest_consent_row_counts() -> None:
    withdrawn = [yes("marketing", "email", 50), yes("marketing", "email", 10, granted=False, basis="withdrawn")]
    renewed = [*withdrawn, yes("marketing", "email", 5)]
    assert decided(OFFER, facts(consents=withdrawn)).reason == "consent_withdrawn"
    assert decided(OFFER, facts(consents=renewed)).channel == "email"


def test_of_two_rows_of_one_instant_the_refusal_counts() -> None:
    rows = [yes("marketing", "email", 5), yes("marketing", "email", 5, granted=False, basis="withdrawn")]
    for order in (rows, rows[::-1]):
        assert decided(OFFER, facts(consents=order)).reason == "consent_withdrawn"


def test_a_consent_given_after_the_decision_does_not_help() -> None:
    assert decided(OFFER, facts(consents=[yes("marketing", "email", -1)])).reason == "no_consent"


def test_consent_for_one_channel_is_none_for_another() -> None:
    decision = decided(OFFER, facts(consents=[yes("marketing", "sms")], preferences=ranks("email", "sms")))
    assert decision.channel == "sms"
    assert reasons(decision)["email"] == "no_consent"


@pytest.mark.parametrize("preference", [no("offers", "*"), no("*", "email"), no("offers", "email"), no("*", "*")])
def test_opt_outs_of_category_and_channel_block_marketing(preference: Preference) -> None:
    decision = decided(OFFER, facts(consents=[yes("marketing", "email")], preferences=[preference]))
    assert (decision.send, decision.reason) == (False, "opted_out")


def test_an_opt_out_of_another_category_blocks_nothing() -> None:
    decision = decided(OFFER, facts(consents=[yes("marketing", "email")], preferences=[no("statements", "*")]))
    assert decision.channel == "email"


def complaint(closed_days_ago: int | None) -> Case:
    closed = None if closed_days_ago is None else AT - timedelta(days=closed_days_ago)
    return Case(
        case_id="K1", customer_id="C1", kind="complaint", status="open" if closed is None else "closed",
        opened_at=AT - timedelta(days=40), closed_at=closed,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("closed", "reason"), [(None, "complaint_open"), (13, "complaint_recent"), (14, "default_order")]
)
def test_nobody_gets_an_offer_during_a_complaint_or_two_weeks_after(closed: int | None, reason: str) -> None:
    known = facts(consents=[yes("marketing", "email")], cases=[complaint(closed)])
    assert decided(OFFER, known).reason == reason


def test_a_complaint_does_not_hold_a_statement() -> None:
    assert decided(STATEMENT, facts(cases=[complaint(None)])).send


def test_caps_count_history_over_all_channels() -> None:
    history = [
        Contact(customer_id="C1", communication="o", category="offers", channel=channel, at=AT - timedelta(days=2),
                status="delivered") for channel in ("sms", "email")
    ]  # fmt: skip
    known = facts(consents=[yes("marketing", "email")], contacts=history)
    decision = decided(OFFER, known)
    assert (decision.reason, decision.detail) == ("cap", "week")
    assert decided(STATEMENT, known).send, "a statement obeys no caps"


def test_a_text_message_at_night_is_held_until_morning() -> None:
    night = datetime(2026, 4, 1, 22, tzinfo=UTC)
    decision = decided(STATEMENT, facts(preferences=ranks("sms")), night)
    assert decision.due_at == datetime(2026, 4, 2, 7, tzinfo=UTC)
    assert decision.detail == "held_for_quiet_hours:customer Europe/London"


def test_a_message_that_would_be_stale_in_the_morning_is_not_kept() -> None:
    decision = decided(PAYMENT, facts(preferences=ranks("sms")), datetime(2026, 4, 1, 22, tzinfo=UTC))
    assert decision.reason == "expires_in_quiet_hours"


def test_what_would_be_stale_in_the_morning_goes_at_once_where_no_quiet_hours_are() -> None:
    decision = decided(PAYMENT, facts(), datetime(2026, 4, 1, 22, tzinfo=UTC))
    assert (decision.channel, decision.due_at) == ("email", decision.at)


def test_an_unknown_zone_in_a_jurisdiction_without_zones_never_means_send() -> None:
    known = facts(customer=customer(jurisdiction="JP", timezone=None, address=None), preferences=ranks("sms"))
    assert decided(STATEMENT, known).reason == "quiet_hours"


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"jurisdiction": "FR"}, "jurisdiction_not_served"), ({"language": "fr-FR"}, "language_not_served")],
)
def test_where_it_is_not_offered_it_is_withheld(change: dict[str, str], reason: str) -> None:
    assert decided(STATEMENT, facts(customer=customer(**change))).reason == reason


def test_a_fallback_never_carries_marketing_past_an_opt_out() -> None:
    offer = OFFER.model_copy(update={"channels": ("email", "letter"), "fallback": "letter"})
    assert decided(offer, facts(preferences=[no("*", "*")])).send is False
    assert decided(offer, facts()).send is False


def test_at_hand_off_a_withdrawn_consent_stops_the_message() -> None:
    granted = yes("marketing", "email", 50)
    withdrawn = yes("marketing", "email", 0, granted=False, basis="withdrawn")
    assert recheck(OFFER, POLICY, CHANNELS, facts(consents=[granted]), "email", AT)[0] == ""
    assert recheck(OFFER, POLICY, CHANNELS, facts(consents=[granted, withdrawn]), "email", AT)[0] == "consent_withdrawn"


def test_at_hand_off_quiet_hours_hold_the_message() -> None:
    night = datetime(2026, 4, 1, 22, tzinfo=UTC)
    reason, _, due = recheck(STATEMENT, POLICY, CHANNELS, facts(), "sms", night)
    assert (reason, due) == ("", datetime(2026, 4, 2, 7, tzinfo=UTC))


def test_every_reason_of_a_decision_has_words_in_both_languages() -> None:
    for reason, (english, japanese) in WORDS.items():
        assert english != reason
        assert japanese != english
    assert words("rule_CW01", "ja") != words("rule_CW01", "en")
