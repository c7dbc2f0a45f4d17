"""Codes of countries (ISO 3166-1 alpha-2), as CLDR knows them."""

from __future__ import annotations

from functools import lru_cache

from babel import Locale
from babel.core import get_global

_NO_COUNTRY = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})
"""Groups of countries and test codes that CLDR names beside countries; it also has the world's regions, by digits."""


@lru_cache(maxsize=1)
def country_codes() -> frozenset[str]:
    """All of them."""
    names = [str(code) for code in Locale("en").territories]
    return frozenset(code for code in names if len(code) == 2 and code.isalpha()) - _NO_COUNTRY


def check_country(value: str) -> str:
    """The same code; raises ValueError for what is none, with the right one where CLDR knows it by another (``UK``)."""
    if value not in country_codes():
        known = [code for code in get_global("territory_aliases").get(value, ()) if code in country_codes()]
        hint = f"; did you mean {known[0]}?" if known else ""
        raise ValueError(f"'{value}' is no ISO 3166-1 country code, such as GB or JP{hint}")
    return value
