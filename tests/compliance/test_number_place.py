"""Texts to a number of another state than the address's come under the rules of both, each on its own clock."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ccm.compliance.area_codes import STATE_OF
from ccm.compliance.places import NumberPlace, place_of
from ccm.compliance.requirements import on_clocks_of
from ccm.compliance.rulebook import Rulebook
from ccm.compliance.rules import load_rules
from ccm.decide import Facts, decide
from ccm.decide.regions import REGIONS
from ccm.decide.zones import whereabouts
from ccm.model.customer import Consent, Customer, PostalAddress
from ccm.model.message import Decision
from ccm.model.requirements import FrequencyLimit, PolicyRequirements, QuietWeek
from ccm.workspace import Workspace, load_workspace

ROOT = Path(__file__).resolve().parents[2]
FLORIDA, HAWAII, TOLL_FREE = "+13055550100", "+18085550100", "+18005550100"
EVENING = datetime(2026, 4, 2, 0, 30, tzinfo=UTC)
"""20:30 in Miami, where texts end at 20:00, and 14:30 in Honolulu."""


@pytest.fixture(scope="module")
def bank() -> Workspace:
    return load_workspace(ROOT)


@pytest.fixture(scope="module")
def book(bank: Workspace) -> Rulebook:
    return Rulebook(load_rules(bank))


def living(region: str, number: str, *, jurisdiction: str = "US", timezone: str | None = None) -> Customer:
    address = PostalAddress(line1="1 Beach Rd", region=region, country=jurisdiction)
    return Customer(
        id="C1", language="en-US", jurisdiction=jurisdiction, timezone=timezone, address=address,
        contact_points={"sms": number},
    )  # fmt: skip


def decided(bank: Workspace, book: Rulebook, customer: Customer, at: datetime) -> Decision:
    offer, place = bank.communication("savings-offer"), place_of(customer)
    agreed = Consent("C1", "marketing", "sms", "opt_in_written", True, datetime(2025, 1, 1, tzinfo=UTC))
    asked = book.requirements(offer, place.jurisdiction, place.region, at, place.number)
    return decide(offer, bank.policy, bank.channels, Facts(customer, consents=(agreed,), requirements=asked), at)


@pytest.mark.parametrize("timezone", [None, "Pacific/Honolulu"])
def test_a_florida_number_is_quiet_by_floridas_hours_wherever_its_owner_lives(
    bank: Workspace, book: Rulebook, timezone: str | None
) -> None:
    decision = decided(bank, book, living("HI", FLORIDA, timezone=timezone), EVENING)
    # Not before 8:00 in Honolulu, for by then it is 14:00 in Miami.
    assert decision.due_at == datetime(2026, 4, 2, 18, tzinfo=UTC)
    assert {"US-FL-QUIET", "US-FL-FREQ"} <= set(decision.rules)
    assert decided(bank, book, living("HI", HAWAII), EVENING).due_at == EVENING
    noon = datetime(2026, 4, 2, 19, tzinfo=UTC)
    assert decided(bank, book, living("HI", FLORIDA), noon).due_at == noon


def test_the_rules_of_the_address_still_hold_on_the_customers_clock(bank: Workspace, book: Rulebook) -> None:
    morning = datetime(2026, 4, 2, 13, tzinfo=UTC)  # 9:00 in Miami, 3:00 in Honolulu
    assert decided(bank, book, living("FL", HAWAII), morning).due_at == datetime(2026, 4, 2, 18, tzinfo=UTC)
    assert decided(bank, book, living("FL", FLORIDA), morning).due_at == morning


def test_a_number_of_the_same_state_changes_nothing(bank: Workspace, book: Rulebook) -> None:
    offer = bank.communication("savings-offer")
    place = place_of(living("FL", FLORIDA))
    assert place.number is None
    one = book.requirements(offer, "US", "FL", EVENING)
    assert book.requirements(offer, "US", "FL", EVENING, place.number) is one
    elsewhere = book.requirements(offer, "US", "FL", EVENING, NumberPlace("HI", ("Pacific/Honolulu",)))
    assert elsewhere["email"] == one["email"]


@pytest.mark.parametrize(
    ("why", "customer"),
    [
        ("no number", Customer(id="C1", language="en", jurisdiction="US")),
        ("a code of no place", living("HI", TOLL_FREE)),
        ("another country's number", living("HI", "+819012345678")),
        ("another country's law", living("", FLORIDA, jurisdiction="GB")),
        ("Canada", living("HI", "+14165550100")),
    ],
)
def test_a_number_that_names_no_other_state_says_nothing(why: str, customer: Customer) -> None:
    assert place_of(customer).number is None, why


def test_a_number_counts_where_nobody_knows_the_state_of_the_address() -> None:
    assert place_of(living("", FLORIDA)).number == NumberPlace("FL", ("America/New_York",))
    assert place_of(living("Florida", FLORIDA)).number == NumberPlace("FL", ("America/New_York",))


def test_hours_move_to_the_numbers_clocks_and_those_of_one_place_stay() -> None:
    days = (((0, 480),),) * 7
    limit = FrequencyLimit("R", 3, 24, ("offers",))
    asked = PolicyRequirements(quiet=(QuietWeek(("A",), "", days), QuietWeek(("B",), "Asia/Tokyo", days)),
                               frequency=(limit,))  # fmt: skip
    moved = on_clocks_of(asked, ("America/Chicago", "Asia/Tokyo"))
    assert moved.quiet == (
        QuietWeek(("A",), "America/Chicago", days), QuietWeek(("A", "B"), "Asia/Tokyo", days),
    )  # fmt: skip
    assert moved.frequency == (limit,)
    assert on_clocks_of(asked, ()) is asked


def test_every_area_code_has_clocks_of_its_state() -> None:
    """The other source: the phone library's zones by prefix, and the zones of each state."""

    def clocks(zones: tuple[str, ...]) -> set[tuple[object, ...]]:
        days = EVENING.replace(month=1), EVENING.replace(month=7)
        return {tuple(day.astimezone(ZoneInfo(zone)).utcoffset() for day in days) for zone in zones}

    for code, state in STATE_OF.items():
        other = place_of(living("HI" if state != "HI" else "FL", f"+1{code}2345678")).number
        assert other is not None, code
        assert other.region == state
        own = REGIONS["US"].get(state) or whereabouts(living(state, ""), {}).zones
        assert clocks(other.zones) & clocks(own), code
