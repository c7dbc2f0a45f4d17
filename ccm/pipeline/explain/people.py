"""Who a message is really to: a joint holder who gets a copy, or somebody who receives for the customer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, select

from ccm.decide.facts import Facts
from ccm.decide.relations import instead
from ccm.pipeline.compose import part_key
from ccm.pipeline.copies import PART, originals
from ccm.pipeline.explain.words import phrase, state_name
from ccm.store.tables import messages

_BEHIND = ";"
"""The character after the colon that ends `PART`."""


def people(connection: Connection, row: Mapping[Any, Any], facts: Facts | None) -> dict[str, Any]:
    """``receiver``: the kind of relation by which somebody else receives, empty where the customer does; ``copy_of``:
    the customer's own message and the customer, of a copy (None of others; empty texts where that was erased);
    ``copies``: those made for joint holders."""
    relation = instead(facts.relations, row["purpose"]) if facts is not None else None
    found: dict[str, Any] = {"receiver": relation.kind if relation else "", "copy_of": None, "copies": []}
    if row["part"].startswith(PART):
        message, customer = originals(connection, [row]).get(row["id"], ("", ""))
        found["copy_of"] = {"message": message, "customer": customer}
    elif not row["part"]:
        key = messages.c.trigger_key
        mine = select(messages).where(key >= part_key(row["id"], PART), key < part_key(row["id"], PART[:-1] + _BEHIND))
        found["copies"] = [
            {"message": one["id"], "customer": one["customer_id"], "state": one["state"]}
            for one in connection.execute(mine.order_by(key)).mappings()
        ]
    return found


def told_of_people(found: Mapping[str, Any], language: str) -> Iterator[str]:
    """The same in lines."""
    if receiver := found["receiver"]:
        yield phrase("receiver", language, receiver=receiver)
    if (copy := found.get("copy_of")) is not None:
        yield phrase("copy_of" if copy["message"] else "copy_of_erased", language, **copy)
    for one in found.get("copies", ()):
        yield phrase("copied", language, **{**one, "state": state_name(one["state"], language)})
