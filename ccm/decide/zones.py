"""In which time zones a customer may be: what they said, else what address, phone and jurisdiction tell."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from ccm.decide.daysoff import region_code
from ccm.decide.facts import UNSAID
from ccm.decide.regions import REGIONS
from ccm.model.customer import Customer, PostalAddress
from ccm.workspace.numbers import zones_of
from ccm.workspace.settings import check_zone


class Whereabouts(NamedTuple):
    """All the zones that must allow a message, and how they were found."""

    zones: tuple[str, ...]
    """IANA names; none: nobody knows, and nothing may go out where an hour matters."""
    source: str
    """``customer``, ``address``, ``phone``, ``country``, ``jurisdiction``, or ``unknown``."""


UNKNOWN = Whereabouts((), "unknown")


def whereabouts(customer: Customer, known: Mapping[str, tuple[str, ...]]) -> Whereabouts:
    """The zones of the first step that knows any.

    1. The customer's own zone; a name that the IANA database does not have is not known.
    2. The address: the country's only zone, or those of its region.
    3. The prefix of the phone number, if that agrees with the address's country.
    4. Where the address names a country, all of that country's; else all of the jurisdiction's in `known`.
    """
    if customer.timezone and (own := _own(customer.timezone)) is not None:
        return own
    address = customer.address
    if address is not None and (placed := _placed(address.country.upper(), address.region)) is not None:
        return placed
    return _by_phone(customer.contact_points.get("sms"), address) or _everywhere(customer, known)


def for_texts(where: Whereabouts, customer: Customer) -> Whereabouts:
    """The zones that must allow a text message: where the address alone told them, those of the number besides.

    People keep their numbers when they move, and addresses are old: where the two disagree nobody knows which is right.
    """
    address = customer.address
    # In a country of one zone its numbers tell nothing more.
    if where.source != "address" or address is None or len(country_zones().get(address.country.upper(), ())) < 2:
        return where
    named = _by_phone(customer.contact_points.get("sms"), address)
    if named is None or set(named.zones) <= set(where.zones):
        return where
    return Whereabouts((*where.zones, *(zone for zone in named.zones if zone not in where.zones)), where.source)


@lru_cache(maxsize=1024)
def _own(zone: str) -> Whereabouts | None:
    try:
        return Whereabouts((check_zone(zone),), "customer")
    except ValueError:  # of an old feed, or from another system: the next step may know more
        return None


@lru_cache(maxsize=4096)
def _placed(country: str, region: str) -> Whereabouts | None:
    zones = country_zones().get(country, ())
    if len(zones) == 1:
        return Whereabouts(zones, "address")
    parts = REGIONS.get(country, {})
    code = region.strip().upper().removeprefix(f"{country}-")
    found = parts.get(code if code in parts else region_code(country, region))
    if found is None:
        return None
    return Whereabouts(found, "address") if found else UNKNOWN


def _by_phone(number: str | None, address: PostalAddress | None) -> Whereabouts | None:
    if not number:
        return None
    if number.startswith(UNSAID):  # facts of a trace, which keeps no number
        return Whereabouts(tuple(number.removeprefix(UNSAID).split(",")), "phone") if number != UNSAID else None
    zones = zones_of(number)
    here = country_zones().get(address.country.upper(), ()) if address is not None else ()
    # A number of another country than the address's was taken along: its owner's clock is not that country's.
    if not zones or (here and not set(zones) <= set(here)):
        return None
    return Whereabouts(zones, "phone")


def _everywhere(customer: Customer, known: Mapping[str, tuple[str, ...]]) -> Whereabouts:
    address, jurisdiction = customer.address, customer.jurisdiction
    country = address.country.upper() if address is not None else jurisdiction
    if country == jurisdiction or country not in country_zones():
        listed = known.get(jurisdiction, ())
        return Whereabouts(listed, "jurisdiction") if listed else UNKNOWN
    return Whereabouts(known.get(country, ()) or country_zones()[country], "country")


@lru_cache(maxsize=1)
def country_zones() -> Mapping[str, tuple[str, ...]]:
    """ISO 3166-1 alpha-2 code to all zones of the country, by ``zone.tab`` of the installed time zone database."""
    found: dict[str, tuple[str, ...]] = {}
    text = files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found[country] = (*found.get(country, ()), zone)
    return found
