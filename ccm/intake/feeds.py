"""The kinds of feed: their fields, what makes a row a row, and how it is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Connection, Table

from ccm.intake import values
from ccm.intake.customers import CUSTOMER_FIELDS, attribute_fields, finish_customer
from ccm.intake.fields import Field, FieldProblem, digest_of
from ccm.intake.standing import (
    RELATION_FIELDS,
    preference,
    preference_fields,
    relation,
    suppression,
    suppression_fields,
)
from ccm.intake.stated import end_choices, newest_preferences
from ccm.intake.values import Bad
from ccm.model.customer import CONTACT_CHANNELS
from ccm.store import tables
from ccm.workspace import Workspace
from ccm.workspace.policy import Terms
from ccm.workspace.settings import FeedKind

Finish = Callable[[dict[str, Any], FieldProblem], dict[str, Any]]

Settle = Callable[[Connection, Sequence[dict[str, Any]], datetime], list[dict[str, Any]]]

_CHANNEL = values.one_of(*CONTACT_CHANNELS, "phone")


@dataclass(frozen=True, slots=True)
class FeedSpec:
    """How one kind of feed is taken in."""

    kind: FeedKind
    table: Table
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    """The fields that make a row the same row in the next file."""
    finish: Finish
    """From converted fields to the table's columns; raises `Bad` to set the row aside."""
    owner: str = ""
    """The stored column that names a customer (or, with `owner_table`, an account)."""
    owner_table: Table = tables.customers
    append_only: bool = False
    """Stored rows are never changed; a row that contradicts one is set aside."""
    settle: Settle | None = None
    """Called with the rows of a transaction before they are stored; gives those to store."""
    repeatable: bool = False
    """Rows with one key are several events: a feed with times to the hour has such, and each counts."""


def feed_spec(kind: FeedKind, workspace: Workspace, zone: ZoneInfo) -> FeedSpec:
    """The specification of a kind in this workspace; `zone` is for times without an offset."""
    instant = values.instant(zone)
    match kind:
        case "customers":
            fields = (*CUSTOMER_FIELDS, *attribute_fields(workspace.settings.customer.attributes))
            return FeedSpec(kind, tables.customers, fields, ("id",), finish_customer, settle=end_choices)
        case "accounts":
            return FeedSpec(kind, tables.accounts, _ACCOUNT_FIELDS, ("account_id",), _plain)
        case "transactions":
            return FeedSpec(
                kind, tables.transactions, _TRANSACTION_FIELDS, ("transaction_id",), _transaction,
                owner="account_id", owner_table=tables.accounts,
            )  # fmt: skip
        case "preferences":
            return FeedSpec(
                kind, tables.preferences, preference_fields(instant), ("customer_id", "category", "channel"),
                preference, owner="customer_id", settle=newest_preferences,
            )  # fmt: skip
        case "consents":
            return FeedSpec(
                kind, tables.consents, _consent_fields(instant),
                ("customer_id", "purpose", "channel", "at", "basis"), _plain, owner="customer_id", append_only=True,
            )  # fmt: skip
        case "suppressions":
            return FeedSpec(
                kind, tables.suppressions, suppression_fields(instant), ("customer_id", "kind", "channel", "at"),
                suppression, owner="customer_id",
            )  # fmt: skip
        case "relations":
            return FeedSpec(
                kind, tables.relations, RELATION_FIELDS, ("customer_id", "kind", "related_id"), relation,
                owner="customer_id",
            )  # fmt: skip
        case "cases":
            return FeedSpec(kind, tables.cases, _case_fields(instant), ("case_id",), _case, owner="customer_id")
        case "history":
            known = {one.id: (one.purpose, workspace.policy.terms(one)) for one in workspace.communications.values()}
            return FeedSpec(
                kind, tables.contacts, _history_fields(instant),
                ("customer_id", "communication", "category", "channel", "at"), _contact(known),
                owner="customer_id", repeatable=True,
            )  # fmt: skip


_ACCOUNT_FIELDS = (
    Field("account_id", values.identifier, needed=True),
    Field("currency", values.currency, needed=True),
    Field("opened_on", values.optional(values.day), default=None, vital=False),
    Field("statement_frequency", values.text(50), vital=False),
    Field("opening_balance", values.amount, needed=True),
)
_TRANSACTION_FIELDS = (
    Field("transaction_id", values.identifier, needed=True),
    Field("account_id", values.identifier, needed=True),
    Field("booked_on", values.day, needed=True),
    Field("kind", values.one_of("credit", "debit")),
    Field("description", values.text(500)),
    Field("amount", values.amount, needed=True),
    Field("balance", values.amount, needed=True),
    Field("counterparty", values.text(500)),
)


def _consent_fields(instant: Callable[[str], datetime]) -> tuple[Field, ...]:
    return (
        Field("customer_id", values.identifier, needed=True),
        Field("purpose", values.text(64, empty=False), needed=True),
        Field("channel", _CHANNEL, needed=True),
        Field("basis", values.text(64, empty=False), needed=True),
        Field("granted", values.boolean, needed=True),
        Field("at", instant, needed=True),
        Field("evidence", values.text(500), vital=False),
    )


def _case_fields(instant: Callable[[str], datetime]) -> tuple[Field, ...]:
    return (
        Field("case_id", values.identifier, needed=True),
        Field("customer_id", values.identifier, needed=True),
        Field("kind", values.text(64, empty=False), needed=True),
        Field("status", values.one_of("open", "closed"), needed=True),
        Field("opened_at", instant, needed=True),
        Field("closed_at", values.optional(instant), needed=True, default=None),
        Field("channel", values.text(64), vital=False),
    )


def _history_fields(instant: Callable[[str], datetime]) -> tuple[Field, ...]:
    return (
        Field("customer_id", values.identifier, needed=True),
        Field("communication", values.text(64, empty=False), needed=True),
        Field("category", values.text(64, empty=False), needed=True),
        Field("channel", _CHANNEL, needed=True),
        Field("at", instant, needed=True),
        Field("status", values.one_of("sent", "delivered", "failed", "unknown"), needed=True),
    )


def _plain(row: dict[str, Any], _problem: FieldProblem) -> dict[str, Any]:
    row["row_digest"] = digest_of(row)
    return row


def _transaction(row: dict[str, Any], problem: FieldProblem) -> dict[str, Any]:
    amount = row["amount"]
    if not row["kind"]:  # a feed without the column: the sign says it
        row["kind"] = "debit" if amount.startswith("-") else "credit"
        row["amount"] = amount.removeprefix("-")
    return _plain(row, problem)


def _case(row: dict[str, Any], problem: FieldProblem) -> dict[str, Any]:
    opened, closed = row["opened_at"], row["closed_at"]
    if (row["status"] == "closed") != (closed is not None):
        raise Bad("", f"status is {row['status']}, so closed_at must be {'given' if closed is None else 'empty'}")
    if closed is not None and closed < opened:
        raise Bad("", "is before opened_at", "time")
    return _plain(row, problem)


def _contact(known: Mapping[str, tuple[str, Terms]]) -> Finish:
    def finish(row: dict[str, Any], problem: FieldProblem) -> dict[str, Any]:
        natural = [row[name] for name in ("customer_id", "communication", "category", "channel", "at")]
        row["id"] = hashlib.sha256(orjson.dumps(["history", *natural])).hexdigest()
        purpose, terms = known.get(row["communication"], ("", None))
        row["purpose"], row["priority"] = purpose, terms.priority if terms else ""
        # A communication that this workspace does not know counts: in doubt the customer is left in peace.
        row["counts"] = terms is None or terms.counts_toward_caps
        return _plain(row, problem)

    return finish
