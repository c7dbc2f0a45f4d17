"""Erasure: everything known of one customer is destroyed, and the log still verifies.

Rows of messages stay, so that runs add up and nobody can hide a deleted message behind an erasure. They lose what was
said, to whom and for whom: in the place of the customer's id stands the log's name of the customer, which nobody can
tell any more once the customer's salt is destroyed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, String, cast, delete, func, insert, literal, select, update

from ccm.errors import NotAllowed, NotFound, TryAgain
from ccm.log import leaves, sequencer
from ccm.log.leaves import ERASED
from ccm.pipeline import holds
from ccm.pipeline.project import Project
from ccm.pipeline.reseal import reseal
from ccm.store.engine import BATCH
from ccm.store.queries import Query, one_of
from ccm.store.tables import (
    accounts,
    cases,
    chunks,
    consents,
    contacts,
    customer_choices,
    customer_guards,
    customer_keys,
    customer_salts,
    customers,
    digests,
    erasures,
    legal_holds,
    messages,
    preferences,
    relations,
    suppressions,
    transactions,
)
from ccm.workspace.settings import Person

AGAIN = "ccm"
"""Who finishes an erasure that met a run: the engine, for the person who asked is in the first entry."""
UNDER_WAY = ("claimed", "sending")
BLANK = {
    "recipient": None, "subject": "", "detail": "", "occasion": "erased", "content_salt": None, "archive_pack": None,
    "archive_offset": None, "archive_length": None,
}  # fmt: skip
"""What a message's row loses; a digest of its body stays, for the log names it too."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did: the log's name of the customer, and how many rows of messages lost their content."""

    subject: str
    messages: int
    rows: dict[str, int]
    """Rows deleted, by table."""


def erase(project: Project, customer_id: str, person: Person, reason: str) -> Erased:
    """Erases a customer; it cannot be undone.

    Messages that wait to go are withheld with the reason ``erased``. Raises `NotFound` where nothing is known of the
    customer, `NotAllowed` without the role administrator or compliance and under legal hold, `TryAgain` while a message
    is with its supplier, `InputError` without a reason.
    """
    holds.require_role(person, "erase a customer")
    reason = holds.checked_reason(reason)
    reseal(project, customer_id)  # what is in plain beside others' contents must be under a key before it can go
    now = project.clock()
    with project.store.write() as connection:
        _lock(project, connection, customer_id)
        _require_possible(connection, customer_id)
        return _erase(project, connection, customer_id, person.id, reason, now)


# In order and by the weakest lock that an erasure waits for; SQLite's transaction is the only one anyway.
_LOCKED = Query(
    select(customers.c.id)
    .where(one_of(customers.c.id, "ids"))
    .order_by(customers.c.id)
    .with_for_update(read=True, key_share=True)
)


def erase_again(
    project: Project, connection: Connection, rows: Sequence[Mapping[str, Any]], now: datetime
) -> None:  # fmt: skip
    """Erases what a transaction has just recorded of customers who were erased while their messages were composed.

    `rows` are new rows of `messages`. Call it at the end of the transaction that inserts them: from here to its commit
    nobody can erase these customers, and an erasure that waits for it finds the rows. A customer who never was counts
    as erased: a trigger for one is refused before anything is composed.
    """
    ids = sorted({row["customer_id"] for row in rows})
    there = {row[0] for row in _LOCKED(connection, ids=ids)}
    for customer_id in ids:
        if customer_id not in there:
            _erase(project, connection, customer_id, AGAIN, "erased while a message was composed", now)


def _lock(project: Project, connection: Connection, customer_id: str) -> None:
    """Lets transactions that record messages to the customer end, and others wait; in the order in which they lock."""
    mine = chunks.c.customer_ids.contains(orjson.dumps(customer_id).decode(), autoescape=True)
    todo = select(chunks.c.number).where(chunks.c.state == "todo", mine).order_by(chunks.c.run_id, chunks.c.number)
    connection.execute(todo.with_for_update()).all()
    guard = project.store.insert(customer_guards).on_conflict_do_nothing()
    connection.execute(guard, {"customer_id": customer_id})
    own = customer_guards.c.customer_id == customer_id
    connection.execute(select(customer_guards.c.customer_id).where(own).with_for_update()).all()
    connection.execute(select(customers.c.id).where(customers.c.id == customer_id).with_for_update()).all()


def _erase(
    project: Project, connection: Connection, customer_id: str, person: str, reason: str, now: datetime
) -> Erased:  # fmt: skip
    [subject] = leaves.subjects(connection, [customer_id], project.random_bytes).values()
    entries = _stop(connection, customer_id, now)
    ids = connection.scalars(select(messages.c.id).where(messages.c.customer_id == customer_id)).all()
    blank_messages(connection, ids, now, {customer_id: subject})
    rows = _delete(connection, customer_id)
    _rename(connection, customer_id, subject)
    done = {"subject": subject, "person": person, "reason": reason, "at": now}
    connection.execute(insert(erasures).values(messages=len(ids), **done))
    entries.append(leaves.erasure_leaf(subject=subject, person=person, reason=reason, at=now))
    sequencer.append(connection, entries)
    return Erased(subject, len(ids), rows)


def _require_possible(connection: Connection, customer_id: str) -> None:
    known = (select(table.c[name]).where(table.c[name] == customer_id).limit(1)
             for table, name in ((customers, "id"), (messages, "customer_id"), (contacts, "customer_id"),
                                 (consents, "customer_id"), (customer_keys, "customer_id")))  # fmt: skip
    if not any(connection.scalar(query) is not None for query in known):
        raise NotFound(f"customer '{customer_id}' does not exist")
    hold = holds.in_force(connection, [customer_id]).get(customer_id)
    if hold is not None:
        raise NotAllowed(f"customer '{customer_id}' is under legal hold since {hold.at:%Y-%m-%d}, by {hold.person}")
    busy = select(func.count()).where(messages.c.customer_id == customer_id, messages.c.state.in_(UNDER_WAY))
    if connection.scalar(busy):
        raise TryAgain(f"a message to customer '{customer_id}' is just being handed over; try again in a minute")


def _stop(connection: Connection, customer_id: str, now: datetime) -> list[bytes]:
    """Withholds what waits to go, and what waits to be told in a digest. Returns the log's entries about it."""
    due = select(messages.c.id).where(messages.c.customer_id == customer_id, messages.c.state == "due")
    waiting = select(digests.c.id).where(
        digests.c.customer_id == customer_id, (digests.c.state == "open") | digests.c.message_id.in_(due)
    )
    collected = (messages.c.state == "digested") & messages.c.digest.in_(waiting)
    stopped = connection.scalars(
        update(messages)
        .where(messages.c.customer_id == customer_id, (messages.c.state == "due") | collected)
        .values(state="withheld", reason="erased", detail="", updated_at=now)
        .returning(messages.c.id)
    ).all()
    return [leaves.event_leaf(message_id=message, state="withheld", detail="erased", at=now)
            for message in sorted(stopped)]  # fmt: skip


def blank_messages(connection: Connection, ids: Sequence[str], now: datetime, subjects: dict[str, str]) -> None:
    """Destroys the contents of messages, and puts each customer's name in the log in the place of the id."""
    for start in range(0, len(ids), BATCH):
        part = messages.c.id.in_(ids[start : start + BATCH])
        # The key of a trigger names the customer, too.
        key = literal(ERASED, String) + messages.c.id
        connection.execute(update(messages).where(part).values(trigger_key=key, erased_at=now, **BLANK))
        for customer_id, subject in sorted(subjects.items()):
            mine = part & (messages.c.customer_id == customer_id)
            connection.execute(update(messages).where(mine).values(customer_id=ERASED + subject))


def _delete(connection: Connection, customer_id: str) -> dict[str, int]:
    """Deletes the customer's rows; an account stays where another customer shares it."""
    document = connection.scalar(select(customers.c.document).where(customers.c.id == customer_id))
    own: list[str] = []
    for account in orjson.loads(document).get("account_ids", ()) if document else ():
        shared = select(customers.c.id).where(
            customers.c.id != customer_id,
            customers.c.document.contains(orjson.dumps(account).decode(), autoescape=True),
        )
        if connection.scalar(shared.limit(1)) is None:
            own.append(account)
    done = {
        "transactions": delete(transactions).where(transactions.c.account_id.in_(own)),
        "accounts": delete(accounts).where(accounts.c.account_id.in_(own)),
        "customers": delete(customers).where(customers.c.id == customer_id),
    }
    for table in (preferences, customer_choices, consents, suppressions, cases, contacts, customer_guards,
                  customer_keys, customer_salts):  # fmt: skip
        done[str(table.name)] = delete(table).where(table.c.customer_id == customer_id)
    # Those in which somebody else names the customer too; a household's id is no customer's.
    named = (relations.c.related_id == customer_id) & (relations.c.kind != "household")
    done["relations"] = delete(relations).where((relations.c.customer_id == customer_id) | named)
    return {name: connection.execute(statement).rowcount for name, statement in done.items()}


def _rename(connection: Connection, customer_id: str, subject: str) -> None:
    """In the lists of runs, the digests and the holds that were: the log's name for the id."""
    old, new = orjson.dumps(customer_id).decode(), orjson.dumps(ERASED + subject).decode()
    connection.execute(
        update(chunks)
        .where(chunks.c.customer_ids.contains(old, autoescape=True))
        .values(customer_ids=func.replace(chunks.c.customer_ids, old, cast(new, String)))
    )
    connection.execute(
        update(digests).where(digests.c.customer_id == customer_id).values(customer_id=ERASED + subject, state="closed")
    )
    connection.execute(
        update(legal_holds).where(legal_holds.c.customer_id == customer_id).values(customer_id=ERASED + subject)
    )
