"""Numbers of cards and accounts must be masked.

Looked for are payment card numbers (12 to 19 digits whose check digit is right: ISO/IEC 7812-1, Luhn), IBANs
(ISO 13616, remainder 97) and other long runs of digits. Digits of any width and script count, and neither
invisible characters nor single spaces, dots or hyphens between them hide one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Self

from pydantic import Field

from ccm.compliance.folding import without_invisible
from ccm.compliance.kinds import RuleParams
from ccm.compliance.text import CheckedText
from ccm.workspace import Workspace

_RUN = re.compile(r"(?<![0-9])\+?[0-9]+(?:(?P<by>[ \u00a0._\-\u2010-\u2015\u2212/])[0-9]+(?:(?P=by)[0-9]+)*)?(?![0-9])")
_NEAR = re.compile(
    r"\d(?<!\d\d)(?:(?:[\W_]{0,3}+\d){11}"
    r"|(?:(?<=[A-ZＡ-Ｚ]\d)|(?<=[A-ZＡ-Ｚ][\W_]\d))[\W_]{0,3}+\d(?:[^\w\n]{0,2}+[A-Z0-9Ａ-Ｚ０-９]){11})"
)
"""Twelve digits near each other, or perhaps an IBAN from its third letter on: a quick look, wider than what is told."""
_OTHER_DIGIT = re.compile(r"(?![0-9])\d")
_PARTED = re.compile(r"[^0-9]+")
_IBAN = re.compile(r"(?<![A-Z0-9])([A-Z]{2}[0-9]{2}(?:[ \-]?[A-Z0-9]){11,30})(?![A-Z0-9])")
_ADDRESSES = re.compile(r"https?://\S+|[\w.+-]+@[\w.-]+|(?<![0-9A-Za-z])(?=[0-9]*[a-f])[0-9a-f]{32}(?![0-9A-Za-z])")
"""Of pages and mailboxes; and references of messages, whose digits can happen to have a right check digit."""
_BARE = re.compile(r"[^0-9A-Z]")
CARD = range(12, 20)
"""Digits of a payment card's number (ISO/IEC 7812-1 has at most 19; the shortest in use have 12)."""


TELEPHONE = 13


class Params(RuleParams):
    """`longest`: the longest run of digits that is no identifier. `allow`: numbers that may stand (a hotline)."""

    cards: bool = True
    ibans: bool = True
    longest: int | None = Field(default=None, ge=4, le=30)
    allow: tuple[str, ...] = ()

    def bound(self, workspace: Workspace) -> Self:
        found = workspace.settings.organisation
        return self.model_copy(update={"allow": (*self.allow, found.phone)})


def check(params: Params, message: CheckedText) -> list[str]:
    """At most one sentence for each sort of number; the numbers themselves are not told."""
    text = f"{message.subject}\n{message.text}"
    if params.longest is None and not _NEAR.search(text):
        return []
    if not text.isascii():
        text = unicodedata.normalize("NFKC", without_invisible(text))
    # An address may hold a long reference; whether links are right is another kind's question.
    text = _ADDRESSES.sub(" ", text)
    allowed = {re.sub(r"\D", "", number) for number in params.allow}
    runs = [run for run in _runs(text) if run.lstrip("+") not in allowed]
    found = []
    if params.cards and any(_is_card(run) for run in runs):
        found.append("a whole card number stands in it; show the last four digits only")
    if params.ibans and any(is_iban(_BARE.sub("", match[1])) for match in _IBAN.finditer(text)):
        found.append("a whole IBAN stands in it; show the last four characters only")
    if params.longest is not None and any(len(run) > params.longest for run in runs if not run.startswith("+")):
        found.append(f"a run of more than {params.longest} digits stands in it; mask account numbers")
    return found


def _runs(text: str) -> Iterator[str]:
    """Runs of digits as people group them; a leading plus, the mark of a telephone number, stays.

    One sign parts all groups, and all but the last are of four digits or more, or all are of one: so cards are
    written, and neither dates nor amounts in a row.
    """
    for found in _RUN.finditer(_ascii_digits(text)):
        groups = _PARTED.split(found[0].lstrip("+"))
        sizes = [len(group) for group in groups]
        if len(groups) > 1 and min(sizes[:-1]) < 4 and max(sizes) > 1:
            yield from groups
        else:
            yield ("+" if found[0].startswith("+") else "") + "".join(groups)


def _ascii_digits(text: str) -> str:
    if not _OTHER_DIGIT.search(text):
        return text
    return "".join(str(unicodedata.digit(letter)) if letter.isdigit() else letter for letter in text)


def _is_card(run: str) -> bool:
    # After a plus stands a telephone number, of at most 15 digits (ITU-T E.164); most have 13 at most.
    digits = run.lstrip("+")
    return len(digits) in CARD and is_luhn(digits) and not (run.startswith("+") and len(digits) <= TELEPHONE)


def is_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812-1, annex B); all zeros are no number."""
    total = 0
    for place, letter in enumerate(reversed(digits)):
        value = int(letter) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0 and bool(digits.strip("0"))


def is_iban(text: str) -> bool:
    """Whether letters and digits are an IBAN: moved by four, letters as 10 to 35, the remainder by 97 is 1."""
    if not 15 <= len(text) <= 34:
        return False
    turned = text[4:] + text[:4]
    return int("".join(str(int(letter, 36)) for letter in turned)) % 97 == 1
