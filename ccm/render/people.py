"""How people are named and addressed, by language and country."""

from __future__ import annotations

import re
from functools import lru_cache

from babel import Locale

from ccm.model.customer import Customer, PostalAddress

_CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_ALREADY_POLITE = ("様", "御中", "殿", "先生")


def full_name(customer: Customer, language: str) -> str:
    """The whole name: a company's own, family name first in Japanese or where the name is written in Japanese."""
    if customer.organisation_name:
        return customer.organisation_name
    names = [customer.given_name, customer.family_name]
    if language == "ja" or _CJK.search("".join(names)):
        names.reverse()
    return " ".join(name for name in names if name)


def addressee(customer: Customer, language: str) -> str:
    """The name as it stands over a letter.

    In Japanese a company takes 御中 and a person 様 or the honorific of their choice, never both.
    """
    name = full_name(customer, language)
    if language == "ja":
        if not name or name.endswith(_ALREADY_POLITE):
            return name
        return f"{name} {'御中' if customer.organisation_name else customer.honorific or '様'}"
    if customer.honorific and name and not customer.organisation_name:
        return f"{customer.honorific} {name}"
    return name


def care_of_line(who: Customer, language: str) -> str:
    """The line of an address that names who lives or works there; the post does not deliver to a name it cannot find.

    In English ``c/o`` and the name. In Japanese 様方 behind a person's name, 気付 behind an organisation's: the
    addressee's own name follows with its 様, as on any envelope.
    """
    if language != "ja":
        name = addressee(who, language)
        return f"c/o {name}" if name else ""
    name = full_name(who, language)
    if not name:
        return ""
    if who.organisation_name:
        return f"{name.removesuffix('御中').rstrip()} 気付"
    return f"{name}方" if name.endswith("様") else f"{name} 様方"


def address_block(customer: Customer, language: str) -> tuple[str, ...]:
    """What stands in a letter's window beside the addressee: the postal address, and at whose home or office it is.

    That line stands next to the addressee: first in English, where the name is above the address, and last in Japanese,
    where the name closes the block.
    """
    lines = address_lines(customer.address, customer.jurisdiction)
    named = care_of_line(customer.care_of, language) if lines and customer.care_of is not None else ""
    if not named:
        return lines
    return (*lines, named) if language == "ja" else (named, *lines)


def address_lines(address: PostalAddress | None, jurisdiction: str) -> tuple[str, ...]:
    """The postal address below the name, in the order of its country.

    A country other than the one the customer is served in closes the address in capitals (UPU, Universal
    Postal Convention Regulations: the country of destination stands last, in capital letters).
    """
    if address is None or not address.line1:
        return ()
    a = address
    street = (a.line1, a.line2)
    lines: tuple[str, ...]
    if a.country == "JP" and _CJK.search(a.region + a.city + a.line1):
        # Japan Post: postal code with 〒, then prefecture, city and block in one run, the building below.
        lines = (f"〒{a.postcode}" if a.postcode else "", a.region + a.city + a.line1, a.line2)
    elif a.country == "US":
        # USPS Publication 28: city, state and ZIP code on the last line.
        lines = (*street, _joined(", ", a.city, _joined(" ", a.region, a.postcode)))
    elif a.country == "GB":
        # Royal Mail: post town and postcode each on a line of its own; a county is not needed.
        lines = (*street, a.city, a.postcode)
    elif a.country == "JP":
        lines = (*street, _joined(", ", a.city, _joined(" ", a.region, a.postcode)))
    else:
        lines = (*street, _joined(" ", a.postcode, a.city), a.region)
    if a.country != jurisdiction:
        lines = (*lines, _country(a.country))
    return tuple(line for line in lines if line)


def _joined(separator: str, *parts: str) -> str:
    return separator.join(part for part in parts if part)


@lru_cache(maxsize=512)
def _country(code: str) -> str:
    return str(Locale("en").territories.get(code, code)).upper()
