"""Public holidays where a customer is served."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache

from ccm.model.customer import Customer
from ccm.workspace.policy import Policy
from ccm.workspace.sendtimes import DEFAULT_CALENDAR, known_countries

IsFree = Callable[[date], bool]
"""Whether a day is a holiday; the same object for the same place and settings."""


def days_off(customer: Customer, policy: Policy) -> IsFree:
    """The public holidays of the customer's jurisdiction, and of the part of it that the address names.

    Where nobody knows the part, a holiday of any part counts: in doubt it is one.
    """
    address, jurisdiction = customer.address, customer.jurisdiction
    region = address.region if address is not None and address.country == jurisdiction else ""
    calendar = policy.holidays.get(jurisdiction, DEFAULT_CALENDAR)
    return _calendar(jurisdiction, region, calendar.categories, calendar.also)


@lru_cache(maxsize=1024)
def _calendar(country: str, region: str, categories: tuple[str, ...], also: tuple[date, ...]) -> IsFree:
    import holidays  # here, since few communications ask for them, and it takes a while

    own = frozenset(also)
    if country not in known_countries():
        return own.__contains__
    part = region_code(country, region)
    every = holidays.country_holidays(country).subdivisions
    parts: tuple[str | None, ...] = (part,) if part else every or (None,)
    known = [holidays.country_holidays(country, subdiv=name, categories=categories) for name in parts]

    @lru_cache(maxsize=4096)
    def is_free(day: date) -> bool:
        return day in own or any(day in calendar for calendar in known)

    return is_free


@lru_cache(maxsize=4096)
def region_code(country: str, region: str) -> str:
    """The code of a part of a country as the `holidays` library has it (``FL``), which is mostly ISO 3166-2's.

    `region` is that code, with or without the country before it (``US-FL``), or its name (``Florida``); what is
    neither gives an empty string.
    """
    name = region.strip().removeprefix(f"{country}-").casefold()
    if not name or country not in known_countries():
        return ""
    import holidays  # as above

    known = holidays.country_holidays(country)
    for code, aliases in known.get_subdivision_aliases().items():
        if name in {str(code).casefold(), *(alias.casefold() for alias in aliases)}:
            return str(code)
    return ""
