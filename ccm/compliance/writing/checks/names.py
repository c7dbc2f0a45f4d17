"""The customer's name in the right register."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ccm.compliance.folding import CJK, LATIN
from ccm.compliance.writing.phrases import GONE
from ccm.compliance.writing.written import Code, Context, Hit, Passage, Written
from ccm.model.customer import Customer

_RUDE = "it sounds as if we did not know how to address a customer"
CODES = (
    Code(
        "NM01",
        "greeting in the wrong register",
        _RUDE,
        "write Dear {{ customer.addressee }}",
        "warning",
        "Debrett's, forms of address: title and family name, or the full name",
        channels=frozenset({"letter", "email", "inbox"}),
    ),
    Code(
        "NM02",
        "name without 様",
        _RUDE,
        "write {{ customer.addressee }}, which ends in 様 or 御中",
        "warning",
        "Usual form of Japanese letters: 様 for a person, 御中 for an organisation",
    ),
    Code(
        "NM03",
        "two honorifics",
        _RUDE,
        "write {{ customer.addressee }} and nothing behind it",
        "warning",
        "文化審議会答申「敬語の指針」(2007)",
    ),
)
_DEAR = re.compile(r"^[ \t]*(?:Dear|Hello|Hi)[ \t]+([^\n,:!]{1,80}?)[ \t]*[,:!]?[ \t]*$", re.MULTILINE)
_POLITE = ("様", "さま", "御中", "殿", "先生", "各位")
_TWICE = re.compile(
    r"(?:様|さま|御中|殿|先生|各位|さん)[ \u3000]*(?:様|さま|御中|殿|さん)(?![々子])"
    r"|\b(Mr|Mrs|Ms|Mx|Miss|Dr|Prof)\.?[ ]+(?:Mr|Mrs|Ms|Mx|Miss|Dr|Prof)\b\.?"
)
_FAMILIAR = re.compile(r"[ \u3000]?(?:さん|くん|君|ちゃん)")


def check(written: Written, context: Context) -> Iterator[Hit]:
    """Hits for greetings and, in Japanese, for every mention of the sample customer's name in a sentence."""
    for part in written.own:
        for found in _TWICE.finditer(part.text):
            yield Hit("NM03", found[0], part.place, found.start(), found.end())
    customer = written.customer
    if customer is None or customer.organisation_name:
        return
    for part in written.own:
        if written.spoken == "ja":
            yield from _unadorned(part, customer)
        else:
            yield from _greetings(part, customer, formal=written.channel == "letter")


def _greetings(part: Passage, customer: Customer, *, formal: bool) -> Iterator[Hit]:
    """Dear + given name only in a letter; Dear + family name alone anywhere."""
    for found in _DEAR.finditer(part.text):
        name = found[1].strip().casefold()
        if formal and customer.family_name and name == customer.given_name.casefold():
            yield Hit("NM01", "given name only", part.place, found.start(), found.end())
        elif customer.given_name and name == customer.family_name.casefold():
            yield Hit("NM01", "family name only", part.place, found.start(), found.end())


def _unadorned(part: Passage, customer: Customer) -> Iterator[Hit]:
    """Names that さん follows, or nothing at all."""
    given, family = customer.given_name, customer.family_name
    polite = tuple(word for word in (*_POLITE, customer.honorific) if word)
    whole = [
        rf"{re.escape(one)}[ \u3000]?{re.escape(two)}" for one, two in ((family, given), (given, family)) if one and two
    ]
    done: list[int] = []
    for pattern, full in (*((name, True) for name in whole), (re.escape(family), False)):
        for found in re.finditer(pattern, part.text) if pattern else ():
            if any(start <= found.start() < start + 40 for start in done):
                continue
            after = part.text[found.end() : found.end() + 6]
            if full:
                done.append(found.start())
            if _FAMILIAR.match(after):
                yield Hit("NM02", "さん", part.place, found.start(), found.end() + 3)
            elif not after.lstrip(" \u3000").startswith(polite) and _stands_alone(part.text, found, full):
                yield Hit("NM02", "nothing follows the name", part.place, found.start(), found.end())


def _stands_alone(text: str, found: re.Match[str], full: bool) -> bool:
    """Whether this is the name: a family name such as 原 is part of many other words and addresses."""
    if full:
        return True
    before, after = text[: found.start()][-1:], text[found.end() :][:1]
    letters = re.compile(rf"[{CJK}{LATIN}]", re.IGNORECASE)
    marks = "、。，．「」『』（）！？：\u3000" + GONE
    return all(not side or side in marks or side.isspace() or not letters.match(side) for side in (before, after))
