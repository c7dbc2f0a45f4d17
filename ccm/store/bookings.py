"""Bulk reads of accounts and what was booked on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, select

from ccm.store import queries, tables


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


def accounts(connection: Connection, account_ids: Sequence[str]) -> list[Account]:
    """Accounts by id, ordered by id."""
    table = tables.accounts
    columns = [table.c[name] for name in Account._fields]
    return sorted(
        Account._make(row) for row in queries.of(connection, select(*columns), table.c.account_id, account_ids)
    )


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
    found = [Transaction._make(row) for row in queries.of(connection, statement, table.c.account_id, account_ids)]
    found.sort(key=lambda row: (row.account_id, row.booked_on, row.transaction_id))
    return found
