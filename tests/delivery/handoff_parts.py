"""Messages that wait, and what befalls their customers meanwhile, for the tests of hand-offs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import delete, insert, select, update
from support import Bank

from ccm.delivery import deliver
from ccm.log import sequencer
from ccm.log.verify import verify_messages
from ccm.pipeline.explain import explained, told
from ccm.pipeline.replay import Replay, replay
from ccm.pipeline.trigger import Accepted, send
from ccm.store import feeds
from ccm.store.tables import cases, contacts, customers, log_leaves, messages, preferences, relations
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Policy

DAY = datetime(2026, 4, 1, 10, tzinfo=UTC)
NOTICE = "payment-received"


LETTER = "address-changed"
CHANGE = {"change": {"requested_on": "2026-04-01", "effective_on": "2026-05-01", "to_previous": True}}


def payment(payer: str = "A. Moss") -> dict[str, Any]:
    return {"payment": {"amount": "120.50", "currency": "GBP", "received_on": "2026-04-01", "payer": payer}}


def people(bank: Bank, count: int, language: str = "en-GB") -> list[str]:
    """Approves the notice; customers with addresses of every kind, without wishes or a history."""
    bank.approve(NOTICE)
    bank.clock.now = DAY
    with bank.project.store.write() as connection:
        everybody = feeds.customers(connection, feeds.customer_ids(connection, None, 100)).values()
        chosen = [one.id for one in everybody if one.status == "active"][:count]
        for table in (contacts, preferences, cases):
            connection.execute(delete(table))
    for number, customer in enumerate(chosen):
        change(
            bank, customer, family_name=f"Family{number}", given_name="Ada", language=language, jurisdiction="GB",
            timezone="Europe/London", address={"line1": f"{number} Quay", "city": "Leith", "country": "GB"},
            contact_points={"email": f"c{number}@example.com", "sms": f"+4477009000{number:02}"},
        )  # fmt: skip
    return chosen


def change(bank: Bank, customer_id: str, **values: Any) -> None:
    mine = customers.c.id == customer_id
    with bank.project.store.write() as connection:
        plain = orjson.loads(connection.scalar(select(customers.c.document).where(mine)))
        connection.execute(update(customers).where(mine).values(document=orjson.dumps(plain | values).decode()))


def relate(bank: Bank, customer: str, kind: str, other: str, purposes: str = "") -> None:
    row = {"customer_id": customer, "kind": kind, "related_id": other, "purposes": purposes, "row_digest": ""}
    with bank.project.store.write() as connection:
        connection.execute(insert(relations), [row])


def unrelate(bank: Bank) -> None:
    with bank.project.store.write() as connection:
        connection.execute(delete(relations))


def with_terms(bank: Bank, policy: Policy | None = None, of: str = NOTICE, **terms: Any) -> None:
    """Other terms for a communication, for this bank alone."""
    project = bank.project
    project.workspace = replace(
        project.workspace, communications=dict(project.workspace.communications),
        policy=policy or project.workspace.policy,
    )  # fmt: skip
    project._compiled = dict(project._compiled)
    compiled = project.compiled(of)
    communication = Communication.model_validate(compiled.communication.model_dump() | terms)
    project._compiled[of] = replace(compiled, communication=communication)
    project.workspace.communications[of] = communication


def notice(bank: Bank, customer: str, key: str = "k1", at: datetime = DAY) -> Accepted:
    return send(bank.project, NOTICE, customer, payment(), key=key, at=at)


def letter(bank: Bank, customer: str, key: str = "k1") -> Accepted:
    return send(bank.project, LETTER, customer, CHANGE, key=key, at=DAY)


def rows(bank: Bank) -> Sequence[Any]:
    with bank.project.store.read() as connection:
        query = select(messages).order_by(messages.c.decided_at, messages.c.trigger_key)
        return connection.execute(query).mappings().all()


def row(bank: Bank, message: str) -> Any:
    return next(one for one in rows(bank) if one["id"] == message)


def delivered(bank: Bank, message: str, moment: datetime = DAY) -> tuple[str, str]:
    """State and reason of a message after a pass at that time; the log says the same."""
    bank.clock.now = max(bank.clock.now, moment)
    deliver(bank.project, moment=lambda: moment)
    sequencer.integrate(bank.project.store)
    assert verify_messages(bank.project.store) == ()
    found = row(bank, message)
    return found["state"], found["reason"]


def said(bank: Bank, message: str) -> list[dict[str, Any]]:
    """The log's entries about a message, oldest first."""
    sequencer.integrate(bank.project.store)
    with bank.project.store.read() as connection:
        entries = connection.scalars(select(log_leaves.c.entry).order_by(log_leaves.c.position)).all()
    return [leaf for entry in entries if (leaf := orjson.loads(entry)).get("message") == message]


def replayed_row(bank: Bank, message: str) -> Replay:
    with bank.project.store.read() as connection:
        [found] = replay(connection, [row(bank, message)])
    return found


def told_of(bank: Bank, message: str, language: str) -> str:
    with bank.project.store.read() as connection:
        return "\n".join(told(explained(bank.project, connection, row(bank, message), language), language))


def another_contact(bank: Bank, customer: str, at: datetime, name: str = "other") -> None:
    """Something else that the customer is told."""
    values = {
        "id": name, "customer_id": customer, "communication": "rate-change", "category": "payments",
        "channel": "email", "at": at, "status": "sent", "counts": True, "purpose": "servicing", "row_digest": "",
    }  # fmt: skip
    with bank.project.store.write() as connection:
        connection.execute(insert(contacts), [values])
