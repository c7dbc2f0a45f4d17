"""Where a rule holds, where a customer is, and where their telephone number says they are."""

from __future__ import annotations

import re
from typing import NamedTuple

from ccm.compliance.area_codes import STATE_OF
from ccm.model.customer import Customer
from ccm.workspace.numbers import zones_of

EEA = frozenset((
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU",
    "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK", "IS", "LI", "NO",
))  # fmt: skip
"""The member states of the European Union, and Iceland, Liechtenstein and Norway, where its law on privacy and on
financial services holds by the EEA Agreement."""
_REGION = re.compile(r"[A-Z0-9]{1,3}")


class NumberPlace(NamedTuple):
    """Where a telephone number is from: another place than the customer's address."""

    region: str
    """ISO 3166-2 part of the customer's jurisdiction (``FL``)."""
    zones: tuple[str, ...]
    """IANA names; none: nobody knows, and the customer's own zone counts."""


class Place(NamedTuple):
    """All that says which rules hold for a customer."""

    jurisdiction: str
    region: str
    """See `region_of`."""
    number: NumberPlace | None
    """Of the number for text messages, where it is from elsewhere; see `number_place`."""


def holds_in(place: str, jurisdiction: str, region: str = "") -> bool:
    """Whether a rule of `place` (``US``, ``US-FL``, ``EU``) holds for somebody in a jurisdiction and its region.

    What is empty is not known, and may be anywhere: the rule then holds.
    """
    country, _, part = place.partition("-")
    if not jurisdiction:
        return True
    if country != jurisdiction and not (country == "EU" and jurisdiction in EEA):
        return False
    return not part or not region or part == region


def region_of(customer: Customer) -> str:
    """The ISO 3166-2 part of the customer's address in their jurisdiction (``FL``); empty where nobody knows it.

    A region written out (Florida) is not known: a rule of any part of the country then holds.
    """
    address = customer.address
    if address is None or address.country != customer.jurisdiction:
        return ""
    region = address.region.strip().upper()
    return region if _REGION.fullmatch(region) else ""


def place_of(customer: Customer) -> Place:
    """Where a customer is, by address and by number."""
    jurisdiction, region = customer.jurisdiction, region_of(customer)
    return Place(jurisdiction, region, number_place(customer, region) if jurisdiction == "US" else None)


def number_place(customer: Customer, region: str) -> NumberPlace | None:
    """Where the number for text messages is from, if that is another state than `region`; else None.

    Of the United States alone: elsewhere the numbers of mobile telephones name no part of a country, or no rule asks.
    """
    number = customer.contact_points.get("sms")
    if number is None or not number.startswith("+1"):
        return None
    state = STATE_OF.get(number[2:5])
    return None if state is None or state == region else NumberPlace(state, zones_of(number))
