"""Bulk reads of what the organisation's systems told us: one query for at most 1,000 ids, in a fixed order.

Order is by code point and made here or by binary collation, so that SQLite and PostgreSQL give the same rows
in the same order whatever the database's locale is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    JSON,
    Connection,
    Select,
    Table,
    cast,
    collate,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    type_coerce,
)

from ccm.model.customer import Case, Consent, Contact, Customer, Preference, Relation, Suppression
from ccm.store import queries, rows, tables
from ccm.store.customer_documents import customer_from_document
from ccm.store.queries import Query, given, instant, one_of
from ccm.store.tables.addresses import EmailOfDocument

_DOCUMENTS = Query(
    select(tables.customers.c.id, tables.customers.c.document).where(one_of(tables.customers.c.id, "ids"))
)
_CHOICES = Query(
    select(tables.customer_choices.c.customer_id, tables.customer_choices.c.name, tables.customer_choices.c.value)
    .where(one_of(tables.customer_choices.c.customer_id, "ids"))
)  # fmt: skip


def documents(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """The JSON that the store keeps of each customer, by id, in the order of `ids`; unknown ids are left out."""
    found = dict(_DOCUMENTS(connection, ids=ids))
    return {customer_id: found[customer_id] for customer_id in ids if customer_id in found}


def customers(connection: Connection, ids: Sequence[str]) -> dict[str, Customer]:
    """Customers by id, in the order of `ids`; unknown ids are left out."""
    return customers_of(connection, documents(connection, ids))


def customers_of(connection: Connection, documents: Mapping[str, str]) -> dict[str, Customer]:
    """Customers by id, in the order of their documents.

    Language and accessible format are those that the customer chose, where the feed has not changed them since: an
    import that brings another value than before ends the choice (see `ccm.intake.stated`).
    """
    found = {customer_id: customer_from_document(document) for customer_id, document in documents.items()}
    for customer_id, name, value in _CHOICES(connection, ids=list(documents)):
        found[customer_id] = found[customer_id].model_copy(update={name: value})
    return found


def customer_ids(connection: Connection, after: str | None, limit: int) -> list[str]:
    """Up to `limit` customer ids that follow `after` in code point order, for paging from None to the end."""
    return list(connection.scalars(_page(connection, select(tables.customers.c.id), after, limit)))


def customers_by_email(connection: Connection, address: str, limit: int) -> list[str]:
    """Ids of up to `limit` customers who have this e-mail address, in code point order; letter case is not told apart.

    Its time does not grow with the number of customers: an index has the addresses.
    """
    statement = select(tables.customers.c.id).where(EmailOfDocument() == func.lower(address))
    return list(connection.scalars(statement.order_by(tables.customers.c.id).limit(limit)))


def somebody_with_email(connection: Connection) -> str | None:
    """The id of a customer who has an e-mail address, always the same one; None where nobody has."""
    return connection.scalar(
        select(tables.customers.c.id).where(EmailOfDocument() > "").order_by(EmailOfDocument()).limit(1)
    )


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


_PREFERENCES, _PREFERENCES_ABOUT = (
    rows.ByCustomer(Preference, tables.preferences, order=("category", "channel"), where=where)
    for where in ((), (tables.preferences.c.category.in_(("*", given("category"))),))
)
_CONSENTS, _CONSENTS_FOR = (
    rows.ByCustomer(Consent, tables.consents, order=("at", "purpose", "channel", "basis"), where=where)
    for where in ((), (one_of(tables.consents.c.purpose, "purposes"),))
)
_CASES = rows.ByCustomer(Case, tables.cases, order=("opened_at", "case_id"))
_CONTACT = ["id" if name == "message_id" else name for name in Contact._fields]
_LOOKED_AT = (
    tables.contacts.c.at >= given("since"),
    or_(
        tables.contacts.c.counts,
        one_of(tables.contacts.c.communication, "following"),
        one_of(tables.contacts.c.category, "counted"),
    ),
)
_CONTACTS = rows.ByCustomer(Contact, tables.contacts, order=("at", "id"), names=_CONTACT, where=_LOOKED_AT)
_STATES = Query(
    select(tables.contacts.c.id, tables.contacts.c.status, literal_column("at"))
    .where(one_of(tables.contacts.c.customer_id, "ids"), *_LOOKED_AT)
)  # fmt: skip
_SUPPRESSIONS = rows.ByCustomer(Suppression, tables.suppressions, order=("at", "kind", "channel"))
_RELATIONS = rows.ByCustomer(
    Relation, tables.relations, order=("kind", "related_id"), convert={"purposes": lambda value: tuple(value.split())}
)


def preferences(connection: Connection, ids: Sequence[str]) -> dict[str, list[Preference]]:
    """Preferences by customer, ordered by category and channel."""
    return _PREFERENCES(connection, ids)


def preferences_about(connection: Connection, ids: Sequence[str], category: str) -> dict[str, list[Preference]]:
    """Those of `preferences` that a decision about something of a category looks at."""
    return _PREFERENCES_ABOUT(connection, ids, category=category)


def consents(connection: Connection, ids: Sequence[str]) -> dict[str, list[Consent]]:
    """Consent rows by customer, oldest first."""
    return _CONSENTS(connection, ids)


def consents_for(connection: Connection, ids: Sequence[str], purposes: Set[str]) -> dict[str, list[Consent]]:
    """Those of `consents` that are for one of these purposes."""
    return _CONSENTS_FOR(connection, ids, purposes=purposes)


def cases(connection: Connection, ids: Sequence[str]) -> dict[str, list[Case]]:
    """Complaints and other cases by customer, in the order they were opened."""
    return _CASES(connection, ids)


def contacts(
    connection: Connection, ids: Sequence[str], since: datetime, following: Sequence[str] = (),
    counted: Sequence[str] = (),
) -> dict[str, list[Contact]]:  # fmt: skip
    """What was said to customers from `since` on (inclusive) and counts toward caps, oldest first.

    Also what does not count, where it is of one of the communications `following` or the categories `counted`.
    `Contact.message_id` is the row's id: the message of our own, or the digest that an imported row got.
    """
    return _CONTACTS(connection, ids, since=since, following=following, counted=counted)


def contact_states(
    connection: Connection, ids: Sequence[str], since: datetime, following: Sequence[str] = (),
    counted: Sequence[str] = (),
) -> dict[str, tuple[str, datetime]]:  # fmt: skip
    """Of all that `contacts` gives, by message id, status and time: nothing else of a contact ever changes.

    In a third of the time.
    """
    found = _STATES(connection, ids=ids, since=since, following=following, counted=counted)
    return {message: (status, instant(at)) for message, status, at in found}


def contacts_of(connection: Connection, ids: Sequence[str]) -> dict[str, Contact]:
    """Contacts by their rows' ids, which are those of messages of our own."""
    table = tables.contacts
    columns = [table.c["id" if name == "message_id" else name] for name in Contact._fields]
    return {row[-1]: Contact(*row) for row in connection.execute(select(*columns).where(table.c.id.in_(ids)))}


def suppressions(connection: Connection, ids: Sequence[str]) -> dict[str, list[Suppression]]:
    """Suppressions by customer, oldest first."""
    return _SUPPRESSIONS(connection, ids)


def relations(connection: Connection, ids: Sequence[str]) -> dict[str, list[Relation]]:
    """Relations by customer, ordered by kind and the other's id."""
    return _RELATIONS(connection, ids)


_RELATED = Query(
    select(tables.relations.c.customer_id)
    .where(one_of(tables.relations.c.related_id, "ids"), tables.relations.c.kind != "household")
)  # fmt: skip


def related_to(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Customers whose relations name one of `ids`: as guardian, for correspondence, or as joint holder."""
    return {row[0] for row in _RELATED(connection, ids=ids)}  # a household's id is no customer's


def in_use(connection: Connection, *names: str) -> frozenset[str]:
    """Which of these tables have rows, by one query; many stores have no suppressions and no relations at all."""
    [row] = _in_use(names)(connection)
    return frozenset(name for name, there in zip(names, row, strict=True) if there)


@lru_cache
def _in_use(names: Sequence[str]) -> Query:
    return Query(
        select(*(exists(select(literal(1)).select_from(tables.metadata.tables[name])).label(name) for name in names))
    )


def known(connection: Connection, table: Table, ids: Sequence[str]) -> set[str]:
    """Which of `ids` are in the store; `table` is ``customers`` or ``accounts``."""
    key = table.primary_key.columns[0]
    return {row[0] for row in queries.of(connection, select(key), key, ids)}
