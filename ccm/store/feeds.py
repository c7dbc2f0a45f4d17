"""Bulk reads of what the organisation's systems told us: one query for at most 1,000 ids, in a fixed order.

Order is by code point and made here or by binary collation, so that SQLite and PostgreSQL give the same rows
in the same order whatever the database's locale is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    cast,
    collate,
    func,
    or_,
    select,
    type_coerce,
)

from ccm.model.customer import Case, Consent, Contact, Customer, Preference
from ccm.store import tables
from ccm.store.engine import BATCH


class Account(NamedTuple):
    """One account as its system keeps it."""

    account_id: str
    currency: str
    """ISO 4217 code."""
    opened_on: date | None
    statement_frequency: str
    opening_balance: str
    """Exact decimal as text, in units of `currency`."""


class Transaction(NamedTuple):
    """One booking; amounts are exact decimals as text, in units of the account's currency."""

    transaction_id: str
    account_id: str
    booked_on: date
    kind: str
    """``credit`` adds `amount` to the balance, ``debit`` takes it away."""
    description: str
    amount: str
    balance: str
    """The account's balance after this booking, as the feed states it."""
    counterparty: str


def customer_document(customer: Customer) -> str:
    """The JSON kept in ``customers.document``; `customer_from_document` gives an equal customer back."""
    plain = customer.model_dump(mode="json", exclude={"attributes"}, exclude_defaults=True)
    if customer.attributes:
        plain["attributes"] = {name: _tagged(value) for name, value in customer.attributes.items()}
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS).decode()


def customer_from_document(document: str) -> Customer:
    """The customer that `customer_document` wrote, attributes in their declared types."""
    plain = orjson.loads(document)
    attributes = plain.get("attributes")
    if attributes:
        plain["attributes"] = {name: _untagged(value) for name, value in attributes.items()}
    return Customer.model_validate(plain)


def _tagged(value: object) -> object:
    # JSON has neither dates nor exact decimals; a tag keeps the type that ccm.toml declares.
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, date):
        return {"$date": value.isoformat()}
    return value


def _untagged(value: object) -> object:
    if isinstance(value, dict):
        return Decimal(value["$decimal"]) if "$decimal" in value else date.fromisoformat(value["$date"])
    return value


def customers(connection: Connection, ids: Sequence[str]) -> dict[str, Customer]:
    """Customers by id, in the order of `ids`; unknown ids are left out."""
    table = tables.customers
    found = {
        row.id: customer_from_document(row.document)
        for row in _rows(connection, select(table.c.id, table.c.document), table.c.id, ids)
    }
    return {customer_id: found[customer_id] for customer_id in ids if customer_id in found}


def customer_ids(connection: Connection, after: str | None, limit: int) -> list[str]:
    """Up to `limit` customer ids that follow `after` in code point order, for paging from None to the end."""
    return list(connection.scalars(_page(connection, select(tables.customers.c.id), after, limit)))


class PrintedName(NamedTuple):
    """What a letter prints of one customer, whatever its layout."""

    customer_id: str
    active: bool
    text: str
    """Name and address, one line a field."""


def printed_names(connection: Connection, after: str | None, limit: int) -> list[PrintedName]:
    """Up to `limit` customers that follow the id `after` in code point order, for paging from None to the end.

    Reads the documents as they are, without making customers of them: for looking through a million.
    """
    columns = select(tables.customers.c.id, tables.customers.c.document)
    return [_printed_name(row.id, row.document) for row in connection.execute(_page(connection, columns, after, limit))]


def _printed_name(customer_id: str, document: str) -> PrintedName:
    plain = orjson.loads(document)
    names = [plain.get(name, "") for name in ("organisation_name", "honorific", "family_name", "given_name")]
    lines = [*names, *(plain.get("address") or {}).values()]
    return PrintedName(customer_id, plain.get("status", "active") == "active", "\n".join(lines))


def _page(connection: Connection, statement: Select[Any], after: str | None, limit: int) -> Select[Any]:
    column = tables.customers.c.id
    # The same order on every database: PostgreSQL's default collation depends on how it was set up.
    ordered = collate(column, "C" if connection.dialect.name == "postgresql" else "BINARY")
    statement = statement.order_by(ordered).limit(limit)
    return statement if after is None else statement.where(ordered > after)


def language_counts(connection: Connection) -> dict[str, int]:
    """How many active customers want each language, by BCP 47 tag."""
    column = tables.customers.c.document
    # SQLite would read the text as a number where it is cast.
    document = cast(column, JSON) if connection.dialect.name == "postgresql" else type_coerce(column, JSON)
    language = document["language"].as_string()
    active = func.coalesce(document["status"].as_string(), "active") == "active"  # defaults are not stored
    rows = connection.execute(select(language, func.count()).where(active).group_by(language))
    return {str(tag): int(count) for tag, count in rows}


def preferences(connection: Connection, ids: Sequence[str]) -> dict[str, list[Preference]]:
    """Preferences by customer, ordered by category, rank (unranked last) and channel."""
    table = tables.preferences
    columns = (table.c.customer_id, table.c.category, table.c.channel, table.c.rank, table.c.allowed)
    found: defaultdict[str, list[Preference]] = defaultdict(list)
    for row in _rows(connection, select(*columns), table.c.customer_id, ids):
        found[row.customer_id].append(Preference.model_construct(None, **row._mapping))
    for rows in found.values():
        rows.sort(key=lambda row: (row.category, row.rank is None, row.rank or 0, row.channel))
    return dict(found)


def consents(connection: Connection, ids: Sequence[str]) -> dict[str, list[Consent]]:
    """Consent rows by customer, oldest first."""
    table = tables.consents
    columns = [table.c[name] for name in Consent.model_fields]
    found: defaultdict[str, list[Consent]] = defaultdict(list)
    for row in _rows(connection, select(*columns), table.c.customer_id, ids):
        found[row.customer_id].append(Consent.model_construct(None, **row._mapping))
    for rows in found.values():
        rows.sort(key=lambda row: (row.at, row.purpose, row.channel, row.basis))
    return dict(found)


def cases(connection: Connection, ids: Sequence[str]) -> dict[str, list[Case]]:
    """Complaints and other cases by customer, in the order they were opened."""
    table = tables.cases
    columns = [table.c[name] for name in Case.model_fields]
    found: defaultdict[str, list[Case]] = defaultdict(list)
    for row in _rows(connection, select(*columns), table.c.customer_id, ids):
        found[row.customer_id].append(Case.model_construct(None, **row._mapping))
    for rows in found.values():
        rows.sort(key=lambda row: (row.opened_at, row.case_id))
    return dict(found)


def contacts(
    connection: Connection, ids: Sequence[str], since: datetime, also: Sequence[str] = ()
) -> dict[str, list[Contact]]:
    """What was said to customers from `since` on (inclusive) and counts toward caps, oldest first.

    `also`: communications whose contacts are wanted though they do not count.
    `Contact.message_id` is the row's id: the message of our own, or the digest that an imported row got.
    """
    table = tables.contacts
    columns = [table.c[name] for name in Contact.model_fields if name != "message_id"]
    statement = select(*columns, table.c.id.label("message_id")).where(
        table.c.at >= since, or_(table.c.counts, table.c.communication.in_(also)) if also else table.c.counts
    )
    found: defaultdict[str, list[Contact]] = defaultdict(list)
    for row in _rows(connection, statement, table.c.customer_id, ids):
        found[row.customer_id].append(Contact.model_construct(None, **row._mapping))
    for rows in found.values():
        rows.sort(key=lambda row: (row.at, row.message_id or ""))
    return dict(found)


def accounts(connection: Connection, account_ids: Sequence[str]) -> list[Account]:
    """Accounts by id, ordered by id."""
    table = tables.accounts
    columns = [table.c[name] for name in Account._fields]
    return sorted(Account._make(row) for row in _rows(connection, select(*columns), table.c.account_id, account_ids))


def transactions(
    connection: Connection, account_ids: Sequence[str], start: date | None, end: date | None
) -> list[Transaction]:
    """Bookings from `start` to `end` (both inclusive; None: no limit), by account, date and id."""
    table = tables.transactions
    statement = select(*(table.c[name] for name in Transaction._fields))
    if start is not None:
        statement = statement.where(table.c.booked_on >= start)
    if end is not None:
        statement = statement.where(table.c.booked_on <= end)
    found = [Transaction._make(row) for row in _rows(connection, statement, table.c.account_id, account_ids)]
    found.sort(key=lambda row: (row.account_id, row.booked_on, row.transaction_id))
    return found


def _rows(
    connection: Connection, statement: Select[Any], key: ColumnElement[str], ids: Sequence[str]
) -> Iterator[Row[Any]]:
    unique = list(dict.fromkeys(ids))
    for start in range(0, len(unique), BATCH):
        yield from connection.execute(statement.where(key.in_(unique[start : start + BATCH])))


def known(connection: Connection, table: Table, ids: Sequence[str]) -> set[str]:
    """Which of `ids` are in the store; `table` is ``customers`` or ``accounts``."""
    key = table.primary_key.columns[0]
    return {row[0] for row in _rows(connection, select(key), key, ids)}
