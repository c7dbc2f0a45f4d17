"""The demonstration feed: an invented bank's export, dirty on purpose, the same for the same number and seed.

Every customer is made from its own random stream and written at once, so memory does not grow with their number.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

from ccm.errors import InputError
from ccm.intake import demo_names as names
from ccm.workspace.settings import FeedKind

Writer = Callable[[Iterable[Any]], Any]
HEADERS: Mapping[FeedKind, str] = {
    "customers": "customer_id,account_id,language,birth_date,segment,family_name,given_name,jurisdiction,timezone,"
    "address_line1,address_line2,city,region,postcode,country,mobile,email,accessible_format,status",
    "accounts": "account_id,currency,opened_on,statement_frequency,opening_balance",
    "transactions": "transaction_id,account_id,booked_on,kind,description,amount,balance,counterparty",
    "preferences": "customer_id,category,channel,rank,allowed",
    "consents": "customer_id,purpose,channel,basis,granted,at,evidence",
    "suppressions": "customer_id,kind,channel,at,until,evidence",
    "relations": "customer_id,kind,related_id,purposes",
    "history": "customer_id,communication,category,channel,sent_at,status",
    "cases": "case_id,customer_id,kind,status,opened_at,closed_at,channel",
}
"""The columns of ``<kind>.csv``, as the mapping in the demonstration workspace's ccm.toml expects them."""
_SUPPRESSED = {
    12: ("bereavement", "*", "branch"),
    15: ("vulnerable", "*", "call centre"),
    18: ("hard_bounce", "email", "supplier's list"),
    24: ("do_not_contact", "*", "letter"),
    30: ("invalid_contact_point", "sms", "number check"),
    33: ("legal_hold", "*", "legal department"),
}
"""Of each hundred customers, by their place in it (counted from 0): kind, channel, evidence."""
_RELATED = {
    20: ("household", 0, ""),
    21: ("household", 0, ""),
    25: ("guardian", 26, ""),
    27: ("correspondence", 28, "regulatory servicing"),
    35: ("joint", 36, "regulatory servicing"),
}
"""The same: kind, the other's place in the hundred, purposes."""
_CURRENCY = {"US": ("USD", 2), "GB": ("GBP", 2), "JP": ("JPY", 0)}
_LANGUAGE = {"US": "en-US", "GB": "en-GB", "JP": "ja-JP"}
NO_ADDRESS, BROKEN_AMOUNT, DOES_NOT_RECONCILE, LONG_STATEMENT = 3, 5, 7, 9
"""Customers (counted from 0) that always show what their name says, however small the feed is."""


def write_demo_feed(folder: Path, customers: int, seed: int, quarter_end: date = date(2026, 3, 31)) -> None:
    """Writes ``customers.csv``, ``accounts.csv``, … (one file a kind of feed) into `folder`, which it makes.

    Each customer has one account with 1 to 60 bookings in the quarter that ends on `quarter_end`. Raises
    `InputError` for fewer than one customer or a date that ends no quarter.
    """
    if customers < 1:
        raise InputError(f"a feed of {customers} customers is not possible; at least 1")
    if quarter_end.month % 3 or (quarter_end + timedelta(days=1)).day != 1:
        raise InputError(f"{quarter_end} is no last day of a quarter, such as 2026-03-31")
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        write: dict[str, Writer] = {}
        for kind, header in HEADERS.items():
            stream = stack.enter_context((folder / f"{kind}.csv").open("w", encoding="utf-8", newline=""))
            write[kind] = csv.writer(stream).writerow
            write[kind](header.split(","))
        for index in range(customers):
            _Customer(index, seed, quarter_end).write(write)


class _Customer:
    def __init__(self, index: int, seed: int, quarter_end: date) -> None:
        self.random = Random(f"{seed}/{index}")  # noqa: S311  invented data, nothing secret
        self.index = index
        self.id = f"H{index + 1:07d}"
        self.account = f"{4_100_000_000 + index * 7}"
        self.quarter_end = quarter_end
        self.jurisdiction = self.random.choices(("US", "GB", "JP"), (40, 20, 40))[0]
        self.japanese = self.jurisdiction == "JP"
        self.email = self._email()
        self.mobile = self._mobile()

    def write(self, write: Mapping[str, Writer]) -> None:
        self._person(write["customers"])
        self._money(write["accounts"], write["transactions"])
        self._wishes(write["preferences"], write["consents"])
        self._standing(write["suppressions"], write["relations"])
        self._past(write["history"], write["cases"])

    def chance(self, percent: float) -> bool:
        return self.random.random() * 100 < percent

    def _digits(self, pattern: str) -> str:
        return "".join(str(self.random.randrange(10)) if sign == "?" else sign for sign in pattern)

    def _email(self) -> str:
        address = f"customer{self.index + 1}@{self.random.choice(('example.com', 'example.org', 'mail.example'))}"
        if self.chance(8):
            return ""
        return address.replace("@", self.random.choice((" at ", "@@", "@ "))) if self.chance(2) else address

    def _mobile(self) -> str:
        self.home = self.random.choice(names.CITIES[self.jurisdiction])
        pattern = {"US": f"+1{self.home.area_code}55501??", "GB": "+447700900???", "JP": "+819012345???"}
        number = self._digits(pattern[self.jurisdiction])
        if self.chance(8):
            return ""
        if self.chance(2):
            return number[:7]
        if self.japanese and self.chance(30):
            return f"0{number[3:5]}-{number[5:9]}-{number[9:]}"
        return number

    def _person(self, write: Writer) -> None:
        pick, home = self.random.choice, self.home
        family, given = (
            (names.FAMILY_JA, names.GIVEN_JA) if self.japanese else (names.FAMILY_EN, names.GIVEN_EN)
        )  # fmt: skip
        if self.japanese:
            street = f"{pick(names.STREETS_JA)}{self._digits('?-1?-?')}"
            second = pick(names.SECOND_LINES_JA) if self.chance(30) else ""
        else:
            street = f"{self.random.randrange(1, 400)} {pick(names.STREETS_EN)}"
            second = pick(names.SECOND_LINES_EN) if self.chance(20) else ""
        has_address = self.index != NO_ADDRESS and not self.chance(0.5)
        address = (street, second, home.city, home.region, self._digits(home.postcode)) if has_address else ("",) * 5
        zone = home.zone
        if self.chance(2):
            zone = ""
        elif self.chance(0.5):
            zone = pick(("Asia/Tokio", "GMT+9 (JST)", "Eastern", "London"))
        language = "en-US" if self.japanese and self.chance(2) else _LANGUAGE[self.jurisdiction]
        born = date(1935, 1, 1) + timedelta(days=self.random.randrange(70 * 365))
        birth_date = str(born.year) if self.chance(0.5) else born.isoformat()
        status = self.random.choices(("active", "closed", "deceased"), (985, 8, 7))[0]
        if self.index in (NO_ADDRESS, BROKEN_AMOUNT, DOES_NOT_RECONCILE, LONG_STATEMENT):
            status = "active"
        write((
            self.id, self.account, language, birth_date, "premier" if self.chance(9) else "standard", pick(family),
            pick(given), self.jurisdiction, zone, *address, self.jurisdiction, self.mobile, self.email,
            "large_print" if self.chance(2) else "", status,
        ))  # fmt: skip

    def _money(self, write_account: Writer, write_transaction: Writer) -> None:
        currency, decimals = _CURRENCY[self.jurisdiction]
        unit = 150 if decimals == 0 else 100  # a minor-unit sum of about one dollar or pound, or its yen

        def amount(minor: int) -> str:
            if decimals == 0:
                return str(minor)
            return f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02d}"

        balance = self.random.randrange(50 * unit, 9_000 * unit)
        opened = self.quarter_end - timedelta(days=self.random.randrange(120, 9_000))
        write_account((self.account, currency, opened.isoformat(), "quarterly", amount(balance)))
        rows = []
        for number, (day, kind, description, minor, payee) in enumerate(self._bookings(unit), 1):
            balance += minor if kind == "credit" else -minor
            rows.append([f"{self.account}-{number:03d}", self.account, day.isoformat(), kind, description,
                         amount(minor), amount(balance), payee])  # fmt: skip
        if self.index == DOES_NOT_RECONCILE or self.chance(0.5):
            rows[-1][6] = amount(balance + 1)
        if self.index == BROKEN_AMOUNT:
            rows[0][5] = f"{rows[0][5]}O"  # the letter, as typed by hand
        if self.chance(25):  # an export need not keep a day's order
            self.random.shuffle(rows)
            rows.sort(key=lambda row: row[2])
        for row in rows:
            write_transaction(row)

    def _bookings(self, unit: int) -> list[tuple[date, str, str, int, str]]:
        spending = names.SPENDING_JA if self.japanese else names.SPENDING_EN
        payees = names.PAYEES_JA if self.japanese else names.PAYEES_EN
        start = date(self.quarter_end.year, self.quarter_end.month - 2, 1)
        length = (self.quarter_end - start).days + 1
        count = 60 if self.index == LONG_STATEMENT else min(60, 1 + int(self.random.expovariate(1 / 14)))
        pay = self.random.randrange(900, 6_000) * unit
        found = []
        for _ in range(count):
            day = start + timedelta(days=self.random.randrange(length))
            if self.chance(15):
                found.append((day, "credit", "給与振込" if self.japanese else "Salary", pay, ""))
            else:
                minor = int(self.random.lognormvariate(3.3, 1.0) * unit) + 1
                found.append((day, "debit", self.random.choice(spending), minor, self.random.choice(payees)))
        return sorted(found, key=lambda booking: booking[0])

    def _at(self, days_before: int) -> str:
        """An instant in UTC, that many days before the quarter's end."""
        day = self.quarter_end - timedelta(days=days_before)
        moment = datetime.combine(day, time(self.random.randrange(24), self.random.randrange(60)))
        return f"{moment.isoformat()}+00:00"

    def _wishes(self, write_preference: Writer, write_consent: Writer) -> None:
        order = ["email", "sms", "letter"]
        if not self.chance(12):  # the rest was never asked
            self.random.shuffle(order)
            for rank, channel in enumerate(order[: self.random.randrange(1, 4)], 1):
                write_preference((self.id, "*", channel, rank, "true"))
            if self.chance(10):
                write_preference((self.id, "offers", self.random.choice(("*", "email", "sms")), "", "false"))
        for channel in ("email", "sms", "letter"):
            if self.chance(72):
                given = self.random.randrange(200, 900)
                # US texts need a consent in writing (47 CFR 64.1200(a)(2)).
                basis = "opt_in_written" if channel == "sms" and self.jurisdiction == "US" else "opt_in"
                write_consent((self.id, "marketing", channel, basis, "true", self._at(given), "web form"))
                if self.chance(14):
                    ended = self._at(self.random.randrange(1, 190))
                    write_consent((self.id, "marketing", channel, "withdrawn", "false", ended, "unsubscribe link"))
        if self.chance(80):
            terms = self._at(self.random.randrange(100, 900))
            write_consent((self.id, "e_delivery", "email", "e_sign", "true", terms, "online banking terms"))

    def _standing(self, write_suppression: Writer, write_relation: Writer) -> None:
        """By the customer's number and not by chance: a few of each, however small the feed is."""
        began = (self.quarter_end - timedelta(days=30)).isoformat() + "T09:00:00+00:00"
        kind, channel, evidence = _SUPPRESSED.get(self.index % 100, ("", "", ""))
        if kind:
            write_suppression((self.id, kind, channel, began, "", evidence))
        relation, place, purposes = _RELATED.get(self.index % 100, ("", 0, ""))
        if relation:
            group, other = f"F{self.index // 100 + 1:05d}", f"H{self.index // 100 * 100 + place + 1:07d}"
            write_relation((self.id, relation, group if relation == "household" else other, purposes))

    def _past(self, write_contact: Writer, write_case: Writer) -> None:
        if self.chance(55):
            for _ in range(self.random.randrange(1, 7)):
                sent = self._at(self.random.randrange(45))
                channel = self.random.choice(("email", "sms"))
                status = "failed" if self.chance(3) else "delivered"
                write_contact((self.id, "savings-offer", "offers", channel, sent, status))
        if self.chance(7):
            opened = self.random.randrange(20, 70)
            closed = self._at(self.random.randrange(18)) if self.chance(40) else ""
            state = "closed" if closed else "open"
            case = (f"Q{self.index + 1:07d}", self.id, "complaint", state, self._at(opened), closed)
            write_case((*case, self.random.choice(("email", "phone"))))
