"""Addresses as digests: so that a bounced one is known again, and one that customers share gets a thing once.

A digest is HMAC-SHA256 under a salt of the store, cut to 128 bits. The salt keeps others from looking an address up
in a list of digests of all addresses; it stands in the store, so whoever has the store can try addresses one by one.
That is why erasure clears a customer's digests.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Sequence, Set
from typing import Any

from sqlalchemy import Connection, literal_column, select

from ccm.decide.handover import plain
from ccm.decide.relations import household
from ccm.decide.sharing import Wanted, refused
from ccm.model.customer import Customer
from ccm.model.message import NEVER_WENT
from ccm.store import feeds
from ccm.store.engine import insert_of
from ccm.store.queries import Query, given, one_of
from ccm.store.tables import contacts, customer_salts, messages, relations
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Policy

SALT_ID = " contact points"
"""The salt's row among the customers' salts. No customer's id begins with a space, see `ccm.intake.values`."""

_WENT = (
    messages.c.communication == given("communication"),
    messages.c.occasion == given("occasion"),
    messages.c.state.not_in((*NEVER_WENT, "digested")),  # of a part another message goes to the address
)
_SERVED_POINTS = Query(
    select(contacts.c.contact_point, contacts.c.customer_id)
    .join(messages, messages.c.id == contacts.c.id)
    .where(
        contacts.c.contact_point != literal_column("''"),  # word for word what the index of addresses has
        one_of(contacts.c.contact_point, "points"), *_WENT,
    )
)  # fmt: skip
_SERVED_HOUSEHOLDS = Query(
    select(relations.c.customer_id)
    .join(messages, messages.c.customer_id == relations.c.customer_id)
    .where(relations.c.kind == "household", one_of(relations.c.related_id, "households"), *_WENT)
)
_SALT = Query(select(customer_salts.c.salt).where(customer_salts.c.customer_id == SALT_ID))


def salt(connection: Connection) -> bytes | None:
    """The store's salt; None where no digest was made yet."""
    found = _SALT(connection)
    return bytes(found[0][0]) if found else None


def made_salt(connection: Connection, random_bytes: Callable[[int], bytes]) -> bytes:
    """The store's salt, which is made on first use; `connection` must be one that writes."""
    known = salt(connection)
    if known is not None:
        return known
    row = {"customer_id": SALT_ID, "salt": random_bytes(32)}
    connection.execute(insert_of(connection.dialect.name, customer_salts).on_conflict_do_nothing(), row)
    made = salt(connection)  # another transaction's may have come first
    assert made is not None
    return made


def contact_point(channel: str, address: str, salt: bytes) -> str:
    """The digest of an address, 32 hexadecimal digits: equal where a message would reach the same place.

    Letter case is not told apart, nor are full-width and usual forms, nor how much space there is.
    """
    return hmac.digest(salt, f"{channel}\n{plain(address)}".encode(), "sha256").hex()[:32]


def contact_points(customer: Customer, salt: bytes) -> dict[str, str]:
    """Channel to the digest of the address that the customer has there."""
    channels = (*customer.contact_points, "letter")
    return {
        channel: contact_point(channel, address, salt) for channel in channels if (address := customer.reach(channel))
    }


def may_not_share(policy: Policy, communication: Communication, channel: str) -> bool:
    """Whether a contact point gets this communication once only, however many customers have it."""
    shared = policy.suppression.shared_contact_points
    return communication.purpose in shared.purposes and channel in shared.channels


def guards(rows: Iterable[Wanted]) -> set[str]:
    """What to lock besides the customers, so that two transactions look at one address or household in turn."""
    points = {f" point {row.contact_point}" for row in rows if row.contact_point}
    return points | {f" household {row.household}" for row in rows if row.household}


def shared_contact_points(
    connection: Connection, communication: Communication, occasion: str, rows: Sequence[Wanted]
) -> dict[str, str]:
    """Message id to why it must not go: ``duplicate_contact_point`` or ``household_served``.

    Looks at the ledger and at the rows themselves. To be called under the `guards` of the rows, in the transaction that
    records them.
    """
    points = _served_points(connection, communication, occasion, {row.contact_point for row in rows} - {""})
    households = _served_households(connection, communication, occasion, {row.household for row in rows} - {""})
    return refused(rows, points, households)


def _served_points(
    connection: Connection, communication: Communication, occasion: str, wanted: Set[str]
) -> dict[str, str]:  # fmt: skip
    if not wanted:
        return {}
    about = {"communication": communication.id, "occasion": occasion}
    return _first(_SERVED_POINTS(connection, points=sorted(wanted), **about))


def _served_households(
    connection: Connection, communication: Communication, occasion: str, wanted: Set[str]
) -> dict[str, str]:  # fmt: skip
    """By relations as they are now: the ledger names no household, and so keeps none that a customer has left."""
    if not wanted:
        return {}
    about = {"communication": communication.id, "occasion": occasion}
    members = {row[0] for row in _SERVED_HOUSEHOLDS(connection, households=sorted(wanted), **about)}
    found = feeds.relations(connection, sorted(members))
    mine = ((household(rows, communication.purpose), member) for member, rows in found.items())
    return _first((one, member) for one, member in mine if one is not None)


def _first(served: Iterable[tuple[Any, ...]]) -> dict[str, str]:
    """Of each place the first customer in code point order."""
    found: dict[str, str] = {}
    for place, customer_id in served:
        found[place] = min(customer_id, found.get(place, customer_id))
    return found
