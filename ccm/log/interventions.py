"""Erasures and legal holds, in the log and in their tables: they must be the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from sqlalchemy import Connection, select

from ccm.log.leaves import ERASED, digest_of, instant, subject
from ccm.store.tables import customer_salts, erasures, legal_holds

_Told = tuple[str, str, str, str, str]
"""Action, subject, person, digest of the reason, instant."""


class Interventions:
    """What the log says of erasures and legal holds, gathered leaf by leaf."""

    def __init__(self) -> None:
        self.said: Counter[_Told] = Counter()

    def take(self, leaf: Mapping[str, str | None]) -> list[str]:
        """Notes a leaf. Returns what it names as erased: a customer's subject, or ids of messages."""
        kind = leaf.get("kind")
        if kind == "disposal":
            return str(leaf.get("messages") or "").split()
        if kind not in ("erasure", "hold"):
            return []
        action = "erased" if kind == "erasure" else str(leaf.get("action"))
        of, person, reason, at = (str(leaf.get(name)) for name in ("subject", "person", "reason", "at"))
        self.said[action, of, person, reason, at] += 1
        return [of] if kind == "erasure" else []

    def compared(self, connection: Connection) -> Iterator[str]:
        """What the tables say otherwise than the log, in words."""
        stored: Counter[_Told] = Counter()
        for row in connection.execute(select(erasures)):
            stored["erased", row.subject, row.person, digest_of(row.reason), instant(row.at)] += 1
        held = select(legal_holds, customer_salts.c.salt).outerjoin(
            customer_salts, customer_salts.c.customer_id == legal_holds.c.customer_id
        )
        for row in connection.execute(held):
            name = row.customer_id.removeprefix(ERASED)
            if row.salt is not None:
                name = subject(bytes(row.salt), row.customer_id)
            stored[row.action, name, row.person, digest_of(row.reason), instant(row.at)] += 1
        for (action, of, person, _, at), count in sorted((stored - self.said).items()):
            yield f"customer {of}: {action} by {person} at {at}: {count} not in the log"
        for (action, of, person, _, at), count in sorted((self.said - stored).items()):
            yield f"customer {of}: {action} by {person} at {at}: {count} in the log only"
