"""Where a customer may be: their own zone, then address, phone, and at last every zone of the country."""

from zoneinfo import available_timezones

import pytest

from ccm.decide.regions import REGIONS
from ccm.decide.zones import country_zones, for_texts, whereabouts
from ccm.model.customer import Customer, PostalAddress

US = ("America/New_York", "America/Los_Angeles", "Pacific/Honolulu")
KNOWN = {"US": US, "JP": ("Asia/Tokyo",), "GB": ("Europe/London",)}


def who(jurisdiction: str, zone: str | None = None, address: tuple[str, str] | None = None, sms: str = "") -> Customer:
    place = None if address is None else PostalAddress(line1="1 Quay", country=address[0], region=address[1])
    points = {"sms": sms} if sms else {}
    return Customer(
        id="C1", language="en", jurisdiction=jurisdiction, timezone=zone, address=place, contact_points=points
    )


NEW_YORK, TOKYO = ("America/New_York",), ("Asia/Tokyo",)
ARIZONA, TEXAS = ("America/Phoenix", "America/Denver"), ("America/Chicago", "America/Denver")
TEXAN, AUSTRALIAN_MOBILE, NOBODYS = "+15125550174", "+61412345678", "+15555550101"
LADDER = [
    ("the customer's own zone beats all", who("US", "Asia/Tokyo", ("US", "NY"), TEXAN), TOKYO, "customer"),
    ("a zone that does not exist is not known", who("US", "America/Gotham", ("US", "NY")), NEW_YORK, "address"),
    ("a zone of the machine is not known", who("JP", "localtime", ("JP", "東京都")), TOKYO, "address"),
    ("a country with one zone needs no region", who("GB", None, ("JP", "")), TOKYO, "address"),
    ("the region of a country with one zone may be anything", who("JP", None, ("JP", "沖縄県")), TOKYO, "address"),
    ("a state with one zone", who("US", None, ("US", "NY")), NEW_YORK, "address"),
    ("a state in small letters", who("US", None, ("US", " ny ")), NEW_YORK, "address"),
    ("a state with its country", who("US", None, ("US", "US-NY")), NEW_YORK, "address"),
    ("a state by name", who("US", None, ("US", "New York")), NEW_YORK, "address"),
    ("a province by its French name", who("CA", None, ("CA", "Colombie-Britannique")), REGIONS["CA"]["BC"], "address"),
    ("a state with several zones has all of them", who("US", None, ("US", "AZ")), ARIZONA, "address"),
    ("the address beats the phone", who("US", None, ("US", "NY"), TEXAN), NEW_YORK, "address"),
    ("a territory written as a state", who("US", None, ("US", "PR")), ("America/Puerto_Rico",), "address"),
    ("an army address may be anywhere", who("US", None, ("US", "AE"), TEXAN), (), "unknown"),
    ("the phone where the region is not known", who("US", None, ("US", "テキサス"), TEXAN), ("America/Chicago",),
     "phone"),
    ("the phone where there is no address", who("US", None, None, "+819012345678"), TOKYO, "phone"),
    ("a phone of another country than the address says nothing", who("US", None, ("US", ""), "+819012345678"), US,
     "jurisdiction"),
    ("a number with an unknown prefix says nothing", who("US", None, None, NOBODYS), US, "jurisdiction"),
    ("what is no number says nothing", who("JP", None, None, "none"), TOKYO, "jurisdiction"),
    ("nothing known but the jurisdiction", who("US"), US, "jurisdiction"),
    ("a foreign address without region has all zones of that country", who("JP", None, ("ES", "")),
     ("Europe/Madrid", "Africa/Ceuta", "Atlantic/Canary"), "country"),
    ("which are those of the policy where it lists them", who("JP", None, ("US", "")), US, "country"),
    ("a country that the database does not have says nothing", who("JP", None, ("XX", "")), TOKYO, "jurisdiction"),
    ("a jurisdiction without a list gives no zone", who("FR"), (), "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "customer", "zones", "source"), LADDER, ids=[case[0] for case in LADDER])
def test_the_first_step_that_knows_counts(why: str, customer: Customer, zones: tuple[str, ...], source: str) -> None:
    assert whereabouts(customer, KNOWN) == (zones, source), why


def test_a_mobile_number_without_area_may_be_in_every_zone_of_its_country() -> None:
    zones, source = whereabouts(who("AU", None, None, AUSTRALIAN_MOBILE), {})
    assert source == "phone"
    assert {"Australia/Perth", "Australia/Sydney"} <= set(zones)


@pytest.mark.parametrize("country", sorted(REGIONS))
def test_the_parts_of_a_country_cover_the_clocks_of_all_of_its_zones(country: str) -> None:
    from datetime import UTC, datetime, timedelta
    from zoneinfo import ZoneInfo

    def clock(zone: str) -> tuple[timedelta | None, ...]:
        days = [datetime(2026, 1, 15, tzinfo=UTC) + timedelta(days=7 * week) for week in range(52)]
        return tuple(day.astimezone(ZoneInfo(zone)).utcoffset() for day in days)

    named = {zone for zones in REGIONS[country].values() for zone in zones}
    assert named <= available_timezones()
    assert {clock(zone) for zone in country_zones()[country]} <= {clock(zone) for zone in named}


@pytest.mark.parametrize(
    ("area", "state"),
    [(907, "AK"), (205, "AL"), (850, "FL"), (305, "FL"), (208, "ID"), (219, "IN"), (317, "IN"), (785, "KS"),
     (502, "KY"), (270, "KY"), (906, "MI"), (313, "MI"), (701, "ND"), (308, "NE"), (541, "OR"), (605, "SD"),
     (423, "TN"), (901, "TN"), (915, "TX"), (512, "TX"), (602, "AZ"), (928, "AZ"), (775, "NV"), (808, "HI"),
     (406, "MT"), (787, "PR")],
)  # fmt: skip
def test_a_state_has_the_clocks_of_its_area_codes(area: int, state: str) -> None:
    """The other source: the phone library's own table of prefixes."""
    from datetime import UTC, datetime
    from zoneinfo import ZoneInfo

    from phonenumbers import parse
    from phonenumbers.timezone import time_zones_for_geographical_number

    def clocks(zones: tuple[str, ...]) -> set[tuple[object, ...]]:
        days = datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC)
        return {tuple(day.astimezone(ZoneInfo(zone)).utcoffset() for day in days) for zone in zones}

    found = time_zones_for_geographical_number(parse(f"+1{area}2345678"))
    assert clocks(found) <= clocks(REGIONS["US"][state])


@pytest.mark.parametrize(
    ("why", "customer", "zones"),
    [
        ("a number of another state", who("US", None, ("US", "HI"), "+13055550100"),
         ("Pacific/Honolulu", "America/New_York")),
        ("a number of the same state", who("US", None, ("US", "TX"), TEXAN), TEXAS),
        ("the customer's own zone", who("US", "Pacific/Honolulu", ("US", "HI"), "+13055550100"), ("Pacific/Honolulu",)),
        ("another country's number", who("US", None, ("US", "NY"), "+819012345678"), NEW_YORK),
        ("a number of no place", who("US", None, ("US", "NY"), "+18005550100"), NEW_YORK),
        ("no address", who("US", None, None, TEXAN), ("America/Chicago",)),
        ("no number", who("US", None, ("US", "NY")), NEW_YORK),
        ("a mobile number in a country with one zone", who("GB", None, ("GB", ""), "+447700900001"),
         ("Europe/London",)),
    ],
)  # fmt: skip
def test_a_text_waits_for_the_zones_of_the_number_where_the_address_is_all_that_is_known(
    why: str, customer: Customer, zones: tuple[str, ...]
) -> None:
    assert for_texts(whereabouts(customer, KNOWN), customer).zones == zones, why
