"""From a cell's text to a value, or `Bad` with what is wrong: never with the value, which is personal data."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

import phonenumbers
from babel import Locale
from babel.numbers import list_currencies
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from ccm.pipeline.data_check import HIDDEN
from ccm.workspace.countries import country_codes

T = TypeVar("T")
_AMOUNT = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,4})?", re.ASCII)
_DATE = re.compile(r"([0-9]{4})([-/])([0-9]{2})\2([0-9]{2})")
_PHONE = re.compile(r"[+＋]?[0-9０-９ 　().．/／\-－‐‑–]+")
_LANGUAGE = re.compile(r"([a-z]{2,3})(-[A-Z][a-z]{3})?(?:-([A-Z]{2}))?")
_NO_TEXT_MESSAGES = frozenset(
    {
        PhoneNumberType.FIXED_LINE, PhoneNumberType.TOLL_FREE, PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST, PhoneNumberType.PAGER, PhoneNumberType.UAN, PhoneNumberType.VOICEMAIL,
    }
)  # fmt: skip
DRAMA_NUMBERS = "+447700900"
"""UK mobile numbers that Ofcom keeps for drama, so never a customer's (Ofcom, "Telephone numbers for use in TV
and radio drama programmes"); accepted as example.com is, though `phonenumbers` calls them unassigned."""


class Bad(Exception):
    """A value that can't be taken.

    Attributes: `reason` and `value_class`, which describes the value without repeating it.
    """

    def __init__(self, value: str, reason: str, value_class: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.value_class = value_class or classify(value)


def classify(value: str) -> str:
    """What kind of text a value is, for people who must find the fault without seeing the value."""
    if not value:
        return "empty"
    if found := re.fullmatch(r"([+-]?)([0-9]+)", value):
        signed = f" after a {found[1]}" if found[1] else ""
        return f"digits, {len(found[2])} long{signed}"
    if any(character.isdigit() and not character.isascii() for character in value):
        return f"text of {len(value)} characters with digits other than 0-9"
    hidden = " with control characters" if HIDDEN.search(value) else ""
    return f"text of {len(value)} characters{hidden}"


def text(limit: int, *, empty: bool = True) -> Callable[[str], str]:
    """Text kept code point for code point, without hidden characters, of at most `limit` code points."""

    def convert(value: str) -> str:
        if len(value) > limit:
            raise Bad(value, f"is longer than {limit} characters")
        if HIDDEN.search(value):
            raise Bad(value, "control characters, line ends and direction marks are not taken")
        if not empty and not value:
            raise Bad(value, "is empty")
        return value

    return convert


def identifier(value: str) -> str:
    """A key, exactly as written: never a number, so that leading zeros stay."""
    if not value:
        raise Bad(value, "the key is empty")
    if len(value) > 100 or value != value.strip() or HIDDEN.search(value):
        raise Bad(value, "a key has at most 100 characters, no space around it and no control characters")
    return value


def identifiers(value: str) -> tuple[str, ...]:
    """Keys separated by semicolons; each once, in their order."""
    return tuple(dict.fromkeys(identifier(part.strip()) for part in value.split(";") if part.strip()))


def one_of(*allowed: str) -> Callable[[str], str]:
    """One of a few words, written exactly so."""
    words = frozenset(allowed)
    listed = ", ".join(word or "(empty)" for word in allowed)

    def convert(value: str) -> str:
        if value not in words:
            raise Bad(value, f"is none of {listed}")
        return value

    return convert


_TRUTH: Mapping[str, bool] = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def boolean(value: str) -> bool:
    """true, 1, yes or false, 0, no in any case."""
    try:
        return _TRUTH[value.lower()]
    except KeyError:
        raise Bad(value, "is none of true, false, 1, 0, yes, no") from None


def integer(value: str) -> int:
    """A whole number of at most 18 digits."""
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", value):
        raise Bad(value, "is no whole number")
    return int(value)


def amount(value: str) -> str:
    """An exact decimal as text in its shortest usual form, scale kept: ``+07.50`` gives ``7.50``."""
    if not _AMOUNT.fullmatch(value):
        if re.fullmatch(r"[+-]?[0-9]+\.[0-9]{5,}|[+-]?[0-9]{19,}(\.[0-9]*)?", value):
            raise Bad(value, "has more than 18 digits before or 4 digits after the point")
        raise Bad(value, "is no amount: digits 0-9, a point before decimals, no thousands separators")
    exact = Decimal(value)
    return str(exact if exact else abs(exact))


def decimal(value: str) -> Decimal:
    """As `amount`, as a Decimal."""
    return Decimal(amount(value))


@lru_cache(maxsize=20_000)
def day(value: str) -> date:
    """A calendar date, year first: ``2026-03-31`` or ``2026/03/31``."""
    found = _DATE.fullmatch(value)
    if not found:
        raise Bad(value, "is no date of the form YYYY-MM-DD")
    try:
        return date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError:
        raise Bad(value, "is no date of the calendar") from None


def birthday(value: str) -> date | None:
    """A date of birth, or None where it is empty."""
    return day(value) if value else None


def instant(zone: ZoneInfo) -> Callable[[str], datetime]:
    """ISO 8601 times to UTC; a time without an offset is taken in `zone`."""

    @lru_cache(maxsize=20_000)
    def convert(value: str) -> datetime:
        if not _DATE.match(value) or value[4] != "-" or not value.isascii():
            raise Bad(value, "is no time of the form YYYY-MM-DDTHH:MM:SS+00:00")
        try:
            time = datetime.fromisoformat(value)
            return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise Bad(value, "is no time of the form YYYY-MM-DDTHH:MM:SS+00:00") from None

    return convert


def optional(convert: Callable[[str], T]) -> Callable[[str], T | None]:
    """As `convert`, with None for an empty cell."""
    return lambda value: convert(value) if value else None


def country(value: str) -> str:
    """An ISO 3166-1 alpha-2 code that CLDR knows."""
    if value not in country_codes():
        raise Bad(value, "is no ISO 3166-1 country code (two capital letters)")
    return value


@lru_cache(maxsize=1_000)
def language(value: str) -> str:
    """A BCP 47 tag of a language and country that CLDR knows, such as ``ja-JP``."""
    found = _LANGUAGE.fullmatch(value)
    if not found or found[1] not in Locale("en").languages or (found[3] and found[3] not in country_codes()):
        raise Bad(value, "is no BCP 47 language tag such as en-GB or ja-JP")
    return value


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    # "localtime" and "Factory" are files beside the zones, not zones.
    return frozenset(available_timezones() - {"localtime", "Factory"})


def timezone(value: str) -> str | None:
    """An IANA key of the installed list (so never a path), or None where it is empty."""
    if value and value not in _zones():
        raise Bad(value, "is no IANA time zone such as Asia/Tokyo")
    return value or None


@lru_cache(maxsize=1)
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())


def currency(value: str) -> str:
    """An ISO 4217 code that CLDR knows."""
    if value not in _currencies():
        raise Bad(value, "is no ISO 4217 currency code such as GBP")
    return value


def email(value: str) -> str:
    """An addr-spec, its domain in small letters and in its ASCII form (IDNA)."""
    kind = classify(value)
    if value.isprintable():
        signs = value.count("@")
        kind += " with @" if signs == 1 else f" with {signs} @" if signs else " without @"
    try:
        if HIDDEN.search(value):
            raise Bad(value, "is no e-mail address", kind)
        # test_environment accepts names reserved for tests (example.com is accepted anyway): demos use them.
        checked = validate_email(
            value, check_deliverability=False, allow_smtputf8=False, test_environment=True, strict=True
        )
    except EmailNotValidError:
        # The library's own words may repeat the address, so they are not passed on.
        raise Bad(value, "is no e-mail address", kind) from None
    assert checked.ascii_email is not None  # without SMTPUTF8 every address has an ASCII form
    return checked.ascii_email


def mobile(value: str, region: str) -> str:
    """A number that takes text messages, in E.164; `region` (ISO 3166-1) is assumed where no + leads."""
    try:
        if not _PHONE.fullmatch(value):
            raise Bad(value, "is no telephone number")
        number = phonenumbers.parse(value, region)
    except NumberParseException:
        raise Bad(value, "is no telephone number") from None
    written: str = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if written.startswith(DRAMA_NUMBERS) and phonenumbers.is_possible_number(number):
        return written
    if not phonenumbers.is_valid_number(number):
        raise Bad(value, "is no telephone number of its country: wrong length or range")
    if phonenumbers.number_type(number) in _NO_TEXT_MESSAGES:
        raise Bad(value, "is no mobile number")
    return written


def handle(value: str) -> str:
    """A user id on a messaging service: printable ASCII without spaces."""
    if len(value) > 200 or not re.fullmatch(r"[!-~]+", value):
        raise Bad(value, "a user id has at most 200 printable ASCII characters and no spaces")
    return value
