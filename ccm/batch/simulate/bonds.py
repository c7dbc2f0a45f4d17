"""Customers whose messages depend on each other's: they share an address, live together, or hold something jointly.

All others are simulated one by one, in any order and in any process. These are few, and stay together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from ccm.store import feeds
from ccm.store.tables import customers, relations
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Policy

# Addresses were put into one form when they were imported, all of it ASCII; only letter case may still differ. Postal
# addresses are compared as they are written, in small letters and without spaces.
_SHARED = """
WITH points (channel, address, id) AS (
    SELECT found.key, lower(found.value), customers.id FROM customers, {each} AS found
    UNION ALL
    SELECT 'letter', lower(replace({letter}, ' ', '')), customers.id FROM customers WHERE {wanted}
)
SELECT channel, address, id FROM (
    SELECT channel, address, id, count(*) OVER (PARTITION BY channel, address) AS times
    FROM points WHERE address IS NOT NULL AND channel IN ({channels})
) AS counted WHERE times > 1
"""
_BY_DIALECT = {
    "sqlite": ("json_each(customers.document, '$.contact_points')", "json_extract(document, '$.address')"),
    "postgresql": (
        "json_each_text(customers.document::json -> 'contact_points')", "(document::json -> 'address')::text",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ties:
    """What binds customers in a simulation."""

    channels: frozenset[str] = frozenset()
    """On which an address that several have gets something once."""
    kinds: frozenset[str] = frozenset()
    """Kinds of relation."""

    def __or__(self, other: Ties) -> Ties:
        return Ties(self.channels | other.channels, self.kinds | other.kinds)


def ties(communications: Iterable[Communication], policy: Policy, together: Iterable[Communication]) -> Ties:
    """What binds customers by these communications; those of `together` go to all customers on one occasion."""
    shared = policy.suppression.shared_contact_points
    channels, kinds = set[str](), set[str]()
    for one in together:
        if one.purpose in shared.purposes:
            channels |= set(one.channels) & set(shared.channels)
        if one.one_per == "household":
            kinds.add("household")
    if channels:
        kinds |= {"guardian", "correspondence"}  # the customer's address is then another person's
    if any(one.copies for one in communications):
        kinds.add("joint")
    return Ties(frozenset(channels), frozenset(kinds))


def bound(connection: Connection, tied: Ties) -> list[tuple[str, ...]]:
    """Groups of two customers or more, each with its ids in code point order, in the order of their first ids."""
    groups = _Groups()
    if tied.channels:
        # No names of channels come from outside: the model has a list of them.
        channels = ", ".join(f"'{channel}'" for channel in sorted(tied.channels))
        each, letter = _BY_DIALECT[connection.dialect.name]
        wanted = "1 = 1" if "letter" in tied.channels else "1 = 0"
        query = _SHARED.format(each=each, letter=letter, wanted=wanted, channels=channels)
        for channel, address, customer_id in connection.exec_driver_sql(query):
            groups.join(customer_id, f"\n{channel}\n{address}")
    if tied.kinds:
        table = relations.c
        named = select(table.customer_id, table.related_id, table.kind).where(table.kind.in_(sorted(tied.kinds)))
        for customer_id, related_id, kind in connection.execute(named):
            groups.join(customer_id, f"\nhousehold\n{related_id}" if kind == "household" else related_id)
    return groups.of_customers(connection)


class _Groups:
    """Sets that are joined (a forest with halved paths); names with a line break at the front are no customers."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def _top(self, name: str) -> str:
        above = self._above
        while (higher := above.setdefault(name, name)) != name:
            above[name] = above[higher]
            name = higher
        return name

    def join(self, one: str, other: str) -> None:
        self._above[self._top(one)] = self._top(other)

    def of_customers(self, connection: Connection) -> list[tuple[str, ...]]:
        named = sorted(name for name in self._above if not name.startswith("\n"))
        known = feeds.known(connection, customers, named)
        found: dict[str, list[str]] = {}
        for name in named:
            if name in known:
                found.setdefault(self._top(name), []).append(name)
        return sorted(tuple(members) for members in found.values() if len(members) > 1)
