"""What a customer said against what a feed says: the newest counts.

A feed's row of preferences was stated at its own time where the feed has one. Without, a row that is as it was at the
last import says nothing new, and one that changed was stated at this import. A row that the feed has for the first time
says nothing of when, so what the customer said before stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, delete, exists, select, text, tuple_

from ccm.model.customer import Customer
from ccm.store import queries
from ccm.store.engine import BATCH
from ccm.store.tables import customer_choices, customers, preferences

Row = dict[str, Any]
_CHOSEN = ("language", "accessible_format")


def newest_preferences(connection: Connection, rows: Sequence[Row], now: datetime) -> list[Row]:
    """The rows to store: the feed's, or what is on record where that is newer.

    Either has the digest of the feed's row, by which the next import knows what changed.
    """
    if connection.dialect.name == "postgresql":
        # Nobody states anything between reading and writing; see `ccm.pipeline.choices.Preferences`.
        connection.execute(text("LOCK TABLE preferences IN SHARE ROW EXCLUSIVE MODE"))
    keys = [preferences.c.customer_id, preferences.c.category, preferences.c.channel]
    found: list[Row] = []
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        wanted = [(row["customer_id"], row["category"], row["channel"]) for row in part]
        query = select(preferences).where(tuple_(*keys).in_(wanted))
        known = {
            (row["customer_id"], row["category"], row["channel"]): row
            for row in connection.execute(query).mappings()
        }  # fmt: skip
        found += [_newest(row, known.get(key), now) for key, row in zip(wanted, part, strict=True)]
    return found


def _newest(row: Row, known: Mapping[Any, Any] | None, now: datetime) -> Row:
    if known is None or known["row_digest"] == row["row_digest"]:
        return row
    said = row["at"]
    if said is None and known["row_digest"]:
        said = now
    stays = known["at"] is not None and (
        said is None or said < known["at"] or (said == known["at"] and known["source"] != "feed")
    )
    return {**known, "row_digest": row["row_digest"]} if stays else {**row, "at": said}


def end_choices(connection: Connection, rows: Sequence[Row], _now: datetime) -> list[Row]:
    """Ends choices of language and format where the feed brings another value than it brought before."""
    if connection.scalar(select(exists(select(customer_choices.c.customer_id)))):
        new = {row["id"]: _chosen(row["document"]) for row in rows}
        chosen = select(customer_choices.c.customer_id, customer_choices.c.name)
        choices = [tuple(row) for row in queries.of(connection, chosen, customer_choices.c.customer_id, list(new))]
        ids = sorted({customer_id for customer_id, _ in choices})
        documents = select(customers.c.id, customers.c.document)
        old = {row[0]: _chosen(row[1]) for row in queries.of(connection, documents, customers.c.id, ids)}
        for customer_id, name in choices:
            if customer_id in old and old[customer_id].get(name) != new[customer_id].get(name):
                connection.execute(
                    delete(customer_choices).where(
                        customer_choices.c.customer_id == customer_id, customer_choices.c.name == name
                    )
                )
    return list(rows)


def _chosen(document: str) -> Mapping[str, Any]:
    plain = orjson.loads(document)
    return {name: plain.get(name, Customer.model_fields[name].default) for name in _CHOSEN}
