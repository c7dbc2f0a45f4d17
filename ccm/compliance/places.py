"""Where a rule holds, and where a customer is."""

from __future__ import annotations

import re

from ccm.model.customer import Customer

EEA = frozenset((
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU",
    "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK", "IS", "LI", "NO",
))  # fmt: skip
"""The member states of the European Union, and Iceland, Liechtenstein and Norway, where its law on privacy and on
financial services holds by the EEA Agreement."""
_REGION = re.compile(r"[A-Z0-9]{1,3}")


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
