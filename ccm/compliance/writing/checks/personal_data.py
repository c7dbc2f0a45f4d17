"""Personal data where others see it: on a locked screen, in a list of subjects; and card numbers anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from ccm.compliance.writing.written import OPEN_CHANNELS, Code, Context, Hit, Passage, Written
from ccm.model.customer import Customer

_SEEN = "anybody who sees the screen reads it"
_LAW = "UK GDPR and GDPR, article 5(1)(c) and (f); 個人情報の保護に関する法律23条; GLBA, 15 USC 6801(b)"
CODES = (
    Code(
        "PD01",
        "full account number",
        _SEEN,
        "use the filter mask: {{ account.number|mask }}",
        "error",
        _LAW,
        of_data=True,
    ),
    Code(
        "PD02",
        "card number",
        "it can be used to pay",
        "show the last four figures only",
        "error",
        "PCI DSS 4.0, requirement 3.4.1; check digit: ISO/IEC 7812-1, annex B (Luhn)",
        of_data=True,
    ),
    Code("PD03", "birth date", _SEEN, "leave it out", "error", _LAW, of_data=True),
    Code("PD04", "postal address", _SEEN, "leave it out, or name the town only", "error", _LAW, of_data=True),
    Code("PD05", "e-mail address", _SEEN, "leave it out", "error", _LAW, of_data=True),
)
_DIGITS = re.compile(r"(?<![\d+.,/-])\d(?:[ -]?\d){5,33}(?![\d.,/-]?\d)")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_ACCOUNT = re.compile(r"(?:account|a/c|acct|iban|口座)[^\n\d]{0,20}$", re.IGNORECASE)
_BORN = re.compile(r"(?:born|birth|dob|生年月日|誕生日)[^\n]{0,20}$", re.IGNORECASE)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = "(?P<{0}>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\\.?"
_DATES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})",
        r"(?P<era>明治|大正|昭和|平成|令和)?(?P<y>\d{1,4}|元)年\s?(?P<m>\d{1,2})月\s?(?P<d>\d{1,2})日",
        rf"(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s+{_MONTH.format('n')},?\s+(?P<y>\d{{4}})",
        rf"{_MONTH.format('n')}\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}})",
        r"(?P<a>\d{1,2})[/.](?P<b>\d{1,2})[/.](?P<y>\d{4})",
    )
)
# The year before each era's first: 1868, 1912, 1926, 1989, 2019 (元号法 and the ordinances on each era's name).
_ERAS = {"明治": 1867, "大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018}


def check(written: Written, context: Context) -> Iterator[Hit]:
    """Hits by the sample's own values and by pattern; a card number is told wherever it stands."""
    own_domain = context.organisation.website.partition("://")[2].removeprefix("www.") if context.organisation else ""
    numbers = _account_numbers(written)
    for part in written.parts:
        seen_by_others = part.place != "text" or written.channel in OPEN_CHANNELS
        yield from _numbers(part, numbers, seen_by_others)
        if seen_by_others:
            yield from _birth_date(part, written.customer)
            yield from _address(part, written.customer)
            for found in _MAIL.finditer(part.text):
                if not own_domain or not found[0].lower().endswith(("@" + own_domain, "." + own_domain)):
                    yield Hit("PD05", "", part.place, found.start(), found.end())


def _account_numbers(written: Written) -> frozenset[str]:
    known = {
        re.sub(r"[\s-]", "", value).upper()
        for name, value in written.values
        if re.search(r"(?:account|iban)[\w.\[\]]*$", name) and not name.startswith("customer.contact")
    }
    return frozenset(number for number in known if len(re.findall(r"\d", number)) >= 6)


def _numbers(part: Passage, known: frozenset[str], seen_by_others: bool) -> Iterator[Hit]:
    for found in (*_DIGITS.finditer(part.text), *_IBAN.finditer(part.text)):
        number = re.sub(r"[\s-]", "", found[0])
        if is_card(number):
            yield Hit("PD02", f"ends in {number[-4:]}", part.place, found.start(), found.end())
        elif seen_by_others and (
            number in known or is_iban(number) or (len(number) >= 7 and _ACCOUNT.search(part.text[: found.start()]))
        ):
            yield Hit("PD01", f"ends in {number[-4:]}", part.place, found.start(), found.end())


def is_card(number: str) -> bool:
    """Whether a run of figures is a payment card's number: 13 to 19 figures, first figure, check digit (Luhn)."""
    if not (13 <= len(number) <= 19 and number.isdigit() and number[0] in "23456" and len(set(number)) > 1):
        return False
    doubled = [int(figure) * (2 if place % 2 else 1) for place, figure in enumerate(reversed(number))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def is_iban(number: str) -> bool:
    """Whether it is an IBAN: moved and read as a number, it leaves 1 when divided by 97 (ISO 13616, ISO 7064)."""
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{8,30}", number):
        return False
    return int("".join(str(int(letter, 36)) for letter in number[4:] + number[:4])) % 97 == 1


def _birth_date(part: Passage, customer: Customer | None) -> Iterator[Hit]:
    born = customer.birth_date if customer else None
    for pattern in _DATES:
        for found in pattern.finditer(part.text):
            if (born and born in dates_of(found)) or _BORN.search(part.text[: found.start()]):
                yield Hit("PD03", "", part.place, found.start(), found.end())


def dates_of(found: re.Match[str]) -> set[date]:
    """The dates that a written date may mean; 02/03/1990 means two."""
    parts = found.groupdict()
    year = 1 if parts["y"] == "元" else int(parts["y"])
    year += _ERAS.get(parts.get("era") or "", 0)
    if "a" in parts:
        pairs = [(int(parts["a"]), int(parts["b"])), (int(parts["b"]), int(parts["a"]))]
    elif "n" in parts:
        pairs = [(_MONTHS.index(parts["n"][:3].lower()) + 1, int(parts["d"]))]
    else:
        pairs = [(int(parts["m"]), int(parts["d"]))]
    meant = set()
    for month, day in pairs:
        try:
            meant.add(date(year, month, day))
        except ValueError:  # 31/02: nobody's birthday
            continue
    return meant


def _address(part: Passage, customer: Customer | None) -> Iterator[Hit]:
    address = customer.address if customer else None
    for line in (address.line1, address.line2) if address else ():
        at = part.text.find(line) if len(line) > 4 and re.search(r"\d", line) else -1
        if at >= 0:
            yield Hit("PD04", "", part.place, at, at + len(line))
