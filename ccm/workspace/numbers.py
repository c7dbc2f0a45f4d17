"""In which time zones a telephone number may be, by its prefix."""

from __future__ import annotations

from functools import lru_cache

from ccm.workspace.settings import known_zones


def zones_of(number: str) -> tuple[str, ...]:
    """IANA names; none for what is no number, or for one whose prefix names no place.

    `number` is E.164, as customers' numbers are stored.
    """
    # In North America numbers are given out by exchange (+1, area code, three digits): the last four may be any.
    return _zones(f"{number[:8]}0100" if number.startswith("+1") and len(number) == 12 else number)


@lru_cache(maxsize=65_536)
def _zones(number: str) -> tuple[str, ...]:
    # Here, since prefixes of all countries take time and memory, and few customers need them.
    from phonenumbers import NumberParseException, parse
    from phonenumbers.timezone import time_zones_for_number

    try:
        named = time_zones_for_number(parse(number))
    except NumberParseException:  # a number of no country says nothing of where its owner is
        return ()
    return tuple(zone for zone in named if zone in known_zones())
