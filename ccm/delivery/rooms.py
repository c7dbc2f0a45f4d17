"""What the messages of one hand-off make of the ledger, while their customers' guards are held."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from ccm.decide import Facts, plan_for
from ccm.delivery.claims import Row
from ccm.model.customer import Contact
from ccm.pipeline.project import Project
from ccm.store import feeds
from ccm.workspace.communication import Communication


class Rooms:
    """The ledger as those judged so far leave it; it differs from the stored one for customers with several messages.

    So many messages of one customer are judged in one transaction, as if each had one of its own.
    """

    def __init__(self, project: Project, connection: Connection, rows: Sequence[Row], moment: datetime) -> None:
        self.project, self.moment = project, moment
        count = Counter(row["customer_id"] for row in rows)
        several = [row["id"] for row in rows if count[row["customer_id"]] > 1]
        self.own = feeds.contacts_of(connection, several) if several else {}
        self.changed: defaultdict[str, dict[str, Contact]] = defaultdict(dict)

    def take(self, row: Row, due: datetime | None) -> None:
        """A message goes, or will, at `due`; None: it never does, and gives its room back."""
        contact = self.own.get(row["id"])
        if contact is not None:
            new = contact._replace(status="released") if due is None else contact._replace(at=due)
            self.changed[row["customer_id"]][row["id"]] = new

    def seen(self, communication: Communication, facts: Facts) -> Facts:
        """Facts with the contacts that the store would have now, had each of those judged been written."""
        changed = self.changed.get(facts.customer.id)
        if not changed:
            return facts
        plan = plan_for(communication, self.project.workspace.policy, self.project.workspace.channels)
        asked = facts.requirements.values()
        if plan.look_back(asked, self.moment) is None:
            return facts  # it looks at no contacts
        found = {one.message_id: one for one in facts.contacts}
        # One that was due long ago was not read; what is dated from now on always is.
        found |= {
            key: one for key, one in changed.items()
            if key in found or (one.at >= self.moment and plan.looks_at(one, asked))
        }  # fmt: skip
        return replace(facts, contacts=tuple(sorted(found.values(), key=lambda one: (one.at, one.message_id or ""))))
