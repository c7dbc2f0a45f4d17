"""Rules of policy: how they combine, where and when they hold, and what decisions do with them."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.compliance.places import holds_in
from ccm.compliance.requirements import combine
from ccm.compliance.rulebook import Rulebook
from ccm.compliance.rules import load_rules
from ccm.decide import Facts, decide, recheck
from ccm.model.customer import Consent, Contact, Customer
from ccm.model.requirements import STRENGTH, OptOut, PolicyRequirements, QuietWeek
from ccm.workspace import Workspace, load_workspace
from ccm.workspace.packs import PackSettings, switched

ROOT = Path(__file__).resolve().parents[2]
AT = datetime(2026, 4, 1, 18, tzinfo=UTC)


@pytest.fixture(scope="module")
def bank() -> Workspace:
    return load_workspace(ROOT)


@pytest.fixture(scope="module")
def book(bank: Workspace) -> Rulebook:
    return Rulebook(load_rules(bank))


spans = st.lists(st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda s: s[0] < s[1]), max_size=3)
weeks = st.builds(
    lambda rule, zone, day: PolicyRequirements(quiet=(QuietWeek((rule,), zone, (tuple(sorted(day)[:1]),) * 7),)),
    st.sampled_from("AB"), st.sampled_from(["", "Asia/Tokyo"]), spans,
)  # fmt: skip
parts = st.builds(
    lambda rule, basis, week, stop, least, most: replace(
        week, rules=(rule,), consent=basis, consent_rules=(rule,) if basis != "none" else (),
        opt_out=None if stop is None else OptOut(stop, str(stop)), evidence_days=least, content_days=most,
    ),
    st.sampled_from("ABCD"), st.sampled_from(list(STRENGTH)), weeks, st.none() | st.integers(0, 99),
    st.none() | st.integers(1, 99), st.none() | st.integers(1, 99),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(parts, min_size=1, max_size=4))
def test_combined_is_as_strict_as_each_part_in_any_order(asked: list[PolicyRequirements]) -> None:
    whole = combine(asked)
    assert all(combine(order) == whole for order in itertools.islice(itertools.permutations(asked), 6))
    assert combine([whole, whole]) == whole
    for part in asked:
        assert STRENGTH[whole.consent] >= STRENGTH[part.consent]
        assert part.opt_out is None or (whole.opt_out is not None and whole.opt_out.hours <= part.opt_out.hours)
        assert part.evidence_days is None or (whole.evidence_days or 0) >= part.evidence_days
        assert part.content_days is None or (whole.content_days or 999) <= part.content_days
        for week in part.quiet:
            [together] = [one for one in whole.quiet if one.zone == week.zone]
            for mine, ours in zip(week.days, together.days, strict=True):
                assert all(any(a <= start and end <= b for a, b in ours) for start, end in mine)


@pytest.mark.parametrize(
    ("place", "jurisdiction", "region", "holds"),
    [("US", "US", "", True), ("US", "US", "TX", True), ("US-FL", "US", "FL", True), ("US-FL", "US", "TX", False),
     ("US-FL", "US", "", True), ("US-FL", "", "", True), ("EU", "FR", "", True), ("EU", "GB", "", False),
     ("FR", "DE", "", False)],
)  # fmt: skip
def test_an_unknown_place_comes_under_the_rules_of_all_it_may_be(
    place: str, jurisdiction: str, region: str, holds: bool
) -> None:
    assert holds_in(place, jurisdiction, region) is holds


def test_a_rule_holds_from_its_first_instant_to_before_its_last(bank: Workspace, book: Rulebook) -> None:
    change = datetime(2027, 1, 31, 5, tzinfo=UTC)  # midnight in New York

    def everything(at: datetime) -> bool:
        stop = book.requirements(bank.communication("savings-offer"), "US", "TX", at)["sms"].opt_out
        assert stop is not None
        return stop.everything

    assert not everything(change - timedelta(microseconds=1))
    assert everything(change)
    rule = next(rule for rule in book if rule.id == "US-SMS-REVOKE-ALL").file
    until = rule.model_copy(update={"effective_to": datetime(2027, 2, 1, tzinfo=UTC)})
    until.__dict__.pop("ends", None)
    assert until.in_force(datetime(2027, 2, 1, tzinfo=UTC) - timedelta(microseconds=1))
    assert not until.in_force(datetime(2027, 2, 1, tzinfo=UTC))


def test_nowhere_known_is_the_union_of_everywhere(bank: Workspace, book: Rulebook) -> None:
    offer = bank.communication("savings-offer")
    anywhere = book.requirements(offer, "", "", AT)["sms"]
    for place, region in (("US", "FL"), ("US", ""), ("GB", ""), ("JP", ""), ("FR", "")):
        assert set(book.requirements(offer, place, region, AT)["sms"].rules) <= set(anywhere.rules)
    assert anywhere.consent == "opt_in_written"


def someone(**changes: object) -> Customer:
    fields = {"id": "C1", "language": "en-US", "jurisdiction": "US", "timezone": "America/New_York",
              "contact_points": {"sms": "+12025550123", "email": "a@example.com"}}  # fmt: skip
    return Customer.model_validate(fields | changes)


def agreed(basis: str, *channels: str) -> tuple[Consent, ...]:
    return tuple(
        Consent(customer_id="C1", purpose="marketing", channel=channel, basis=basis, granted=True, at=AT - timedelta(9))
        for channel in channels
    )


def test_a_consent_that_is_too_weak_for_a_rule_is_no_consent_and_the_rule_is_named(
    bank: Workspace, book: Rulebook
) -> None:
    offer = bank.communication("savings-offer")
    asked = book.requirements(offer, "US", "TX", AT)
    weak = decide(
        offer, bank.policy, bank.channels, Facts(someone(), consents=agreed("opt_in", "sms"), requirements=asked), AT
    )
    [sms] = [candidate for candidate in weak.candidates if candidate.channel == "sms"]
    assert (weak.send, sms.reason) == (False, "consent_too_weak")
    assert "US-SMS-CONSENT" in sms.detail
    strong = Facts(someone(), consents=agreed("opt_in_written", "sms"), requirements=asked)
    assert decide(offer, bank.policy, bank.channels, strong, AT).channel == "sms"
    kept = Facts(someone(), consents=agreed("opt_in", "sms"), requirements=asked)
    assert recheck(offer, bank.policy, bank.channels, kept, "sms", AT)[0] == "consent_too_weak"


def test_quiet_hours_of_a_rule_hold_what_the_channel_would_let_go(bank: Workspace, book: Rulebook) -> None:
    offer = bank.communication("savings-offer")
    channels = {**bank.channels, "sms": bank.channels["sms"].model_copy(update={"quiet_hours": None})}
    night = datetime(2026, 4, 2, 0, 30, tzinfo=UTC)  # 20:30 in New York: Florida is quiet, Texas is not

    def due(region: str) -> datetime | None:
        facts = Facts(
            someone(), consents=agreed("opt_in_written", "sms"),
            requirements=book.requirements(offer, "US", region, night),
        )  # fmt: skip
        return decide(offer, bank.policy, channels, facts, night).due_at

    assert due("TX") == night
    assert due("FL") == due("") == datetime(2026, 4, 2, 12, tzinfo=UTC)


def test_a_frequency_of_a_rule_withholds_the_fourth_text_of_a_day(bank: Workspace, book: Rulebook) -> None:
    offer = bank.communication("savings-offer")
    policy = bank.policy.model_copy(update={"caps": ()})

    def reason(texts: int, channel: str = "sms") -> str:
        contacts = tuple(
            Contact(customer_id="C1", communication="savings-offer", category="offers", channel=channel,
                    at=AT - timedelta(hours=hour + 1), status="sent") for hour in range(texts)
        )  # fmt: skip
        asked = book.requirements(offer, "US", "FL", AT)
        facts = Facts(someone(), consents=agreed("opt_in_written", "sms"), contacts=contacts, requirements=asked)
        decision = decide(offer, policy, bank.channels, facts, AT)
        return f"{decision.reason} {decision.detail}"

    assert reason(3) == "cap US-FL-FREQ"
    assert reason(2).startswith("default_order")
    assert reason(3, "email").startswith("default_order")


def test_matched_rules_stand_in_the_trace(bank: Workspace, book: Rulebook) -> None:
    offer = bank.communication("savings-offer")
    asked = book.requirements(offer, "JP", "", AT)
    decision = decide(offer, bank.policy, bank.channels, Facts(someone(jurisdiction="JP"), requirements=asked), AT)
    assert {"JP-MAIL-CONSENT", "JP-MAIL-STOP", "PF-STOP-48"} <= set(decision.rules)


def test_what_nobody_read_ships_switched_off_and_says_why(bank: Workspace) -> None:
    for rule in bank.packs.rules:
        if rule.source_type in ("general_knowledge", "design"):
            assert not rule.enabled, rule.id
        assert rule.enabled or rule.off_because, rule.id
        assert rule.source, rule.id
        assert rule.confidence, rule.id
        assert rule.name.en != rule.name.ja, rule.id


def test_a_switch_turns_one_rule_on_and_a_pack_that_is_not_named_is_off(bank: Workspace) -> None:
    rule = next(rule for rule in bank.packs.rules if rule.id == "JP-QUIET")
    on = PackSettings.model_validate(
        {"packs": ["jp"], "switches": [{"rule": "JP-QUIET", "enabled": True, "reason": "our choice"}]}
    )
    assert switched(rule, on).enabled
    assert "not among the packs" in switched(rule, on.model_copy(update={"packs": ("us",)})).off_because


def test_opt_out_words_come_by_language(bank: Workspace) -> None:
    words = bank.packs.opt_out_words()
    assert {"stop", "quit", "end", "revoke", "opt out", "cancel", "unsubscribe"} <= set(words["en"])
    assert "配信停止" in words["ja"]
    assert "解約" not in words["ja"]
