"""The rows behind `ccm.pipeline.preference_changes`: each class writes one table and keeps the log's entries.

Newest wins: what was stated later than the change stays. A change that says nothing new leaves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, text

from ccm.log import leaves
from ccm.store import Store
from ccm.store.tables import consents, customer_choices, preferences

Key = tuple[str, str]


class Preferences:
    """A customer's preferences, changed in memory and saved at the end.

    The digest of the feed's row stays with a row that the customer changed: by it the next import knows whether the
    feed says something new, see `ccm.intake.stated`.
    """

    def __init__(
        self, store: Store, connection: Connection, customer_id: str, subject: str, source: str, at: datetime
    ) -> None:
        self.store, self.connection, self.customer_id = store, connection, customer_id
        self.subject, self.source, self.at = subject, source, at
        if connection.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE preferences IN ROW EXCLUSIVE MODE"))  # no import in between
        found = connection.execute(select(preferences).where(preferences.c.customer_id == customer_id)).mappings()
        self.rows: dict[Key, dict[str, Any]] = {(row["category"], row["channel"]): dict(row) for row in found}
        self.changed: dict[Key, None] = {}

    def change(self, category: str, channel: str, **said: Any) -> None:
        """Sets columns of one row, which is made where it is not there."""
        row = self.rows.get((category, channel))
        if row is None:
            row = {
                "customer_id": self.customer_id, "category": category, "channel": channel, "rank": None,
                "allowed": True, "paused_until": None, "hours": "", "at": None, "source": "feed", "row_digest": "",
            }  # fmt: skip
            if all(row[name] == value for name, value in said.items()) and "allowed" not in said:
                return
        elif (row["at"] is not None and row["at"] > self.at) or all(row[name] == said[name] for name in said):
            return
        row.update(said, at=self.at, source=self.source)
        self.rows[category, channel] = row
        self.changed[category, channel] = None

    def order(self, category: str, channels: tuple[str, ...]) -> None:
        """Ranks from 1 on; the category's other rows lose theirs."""
        for key in [key for key, row in self.rows.items() if key[0] == category and row["rank"] is not None]:
            if key[1] not in channels:
                self.change(*key, rank=None)
        for rank, channel in enumerate(channels, 1):
            self.change(category, channel, rank=rank)

    def pause(self, category: str, channel: str, until: datetime | None) -> None:
        """One pause in the place of those inside its scope."""
        for key in [key for key, row in self.rows.items() if row["paused_until"] is not None]:
            if category in ("*", key[0]) and channel in ("*", key[1]) and key != (category, channel):
                self.change(*key, paused_until=None)
        self.change(category, channel, paused_until=until)

    def save(self) -> list[bytes]:
        """Stores what changed. Returns the log's entries about it."""
        rows = [self.rows[key] for key in sorted(self.changed)]
        if rows:
            keys = [column.name for column in preferences.primary_key.columns]
            statement = self.store.insert(preferences)
            names = [column.name for column in preferences.columns if column.name not in keys]
            new = {name: statement.excluded[name] for name in names}
            self.connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=new), rows)
        return [
            leaves.preference_leaf(
                subject=self.subject, category=row["category"], channel=row["channel"], rank=row["rank"],
                allowed=row["allowed"], source=self.source, at=self.at, paused_until=row["paused_until"],
                hours=row["hours"],
            )
            for row in rows
        ]  # fmt: skip


class Consents:
    """Rows of consent that are added, never changed."""

    def __init__(
        self, store: Store, connection: Connection, customer_id: str, subject: str, source: str, at: datetime,
        evidence: str,
    ) -> None:  # fmt: skip
        self.store, self.connection, self.customer_id = store, connection, customer_id
        self.subject, self.source, self.at, self.evidence = subject, source, at, evidence
        self.entries: list[bytes] = []

    def marketing(self, channels: Iterable[str], *, granted: bool, basis: str) -> None:
        """A row for each channel whose newest row says something else."""
        for channel in channels:
            self.add("marketing", channel, granted=granted, basis=basis)

    def add(self, purpose: str, channel: str, *, granted: bool, basis: str) -> bool:
        """Whether a row was added: not where the newest at that instant says the same."""
        query = select(consents.c.granted, consents.c.basis).where(
            consents.c.customer_id == self.customer_id, consents.c.purpose == purpose, consents.c.channel == channel,
            consents.c.at <= self.at,
        ).order_by(consents.c.at.desc(), consents.c.granted).limit(1)  # fmt: skip
        newest = self.connection.execute(query).first()
        if newest is not None and tuple(newest) == (granted, basis):
            return False
        done = self.connection.execute(
            self.store.insert(consents)
            .values(
                customer_id=self.customer_id, purpose=purpose, channel=channel, at=self.at, basis=basis,
                granted=granted, evidence=self.evidence, row_digest="",
            )
            .on_conflict_do_nothing()
            .returning(consents.c.at)
        )  # fmt: skip
        if done.first() is None:
            return False
        self.entries.append(
            leaves.consent_leaf(
                subject=self.subject, purpose=purpose, channel=channel, basis=basis, granted=granted,
                evidence=self.evidence, source=self.source, at=self.at,
            )
        )  # fmt: skip
        return True


class Choices:
    """What a customer said of themselves, which counts more than the feed's value until the feed has a new one."""

    def __init__(
        self, store: Store, connection: Connection, customer_id: str, subject: str, source: str, at: datetime
    ) -> None:
        self.store, self.connection, self.customer_id = store, connection, customer_id
        self.subject, self.source, self.at = subject, source, at
        self.entries: list[bytes] = []

    def choose(self, name: str, value: str) -> None:
        """Sets one choice, where none was made later."""
        mine = (customer_choices.c.customer_id == self.customer_id) & (customer_choices.c.name == name)
        row = self.connection.execute(select(customer_choices).where(mine)).first()
        if row is not None and (row.value == value or row.at > self.at):
            return
        statement = self.store.insert(customer_choices)
        new = {column: statement.excluded[column] for column in ("value", "at", "source")}
        self.connection.execute(
            statement.values(
                customer_id=self.customer_id, name=name, value=value, at=self.at, source=self.source
            ).on_conflict_do_update(index_elements=["customer_id", "name"], set_=new)
        )
        self.entries.append(
            leaves.choice_leaf(subject=self.subject, name=name, value=value, source=self.source, at=self.at)
        )
