"""Checking the tables that people work with against the log: does it say the same of every message and release?

The log's claims go into temporary tables, in the database's own temporary space, so that memory stays the same
however many messages there are; one join then finds what differs and what is on one side only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import islice
from typing import Any

import orjson
from sqlalchemy import Connection, Row, select, text

from ccm.log.interventions import Interventions
from ccm.log.leaves import ERASED, digest_of, instant, subject
from ccm.log.waiting import every_leaf
from ccm.log.walk import ROWS, Faults, snapshot
from ccm.store import Store
from ccm.store.tables import release_actions, releases, stops

_DECISION = ("message", "subject", "communication", "state", "reason", "channel", "release", "body", "trace", "run")
_OUTCOME = ("message", "state", "detail", "reference")
_SENT = ("sending", "accepted", "delivered", "unknown")
"""States that a message reaches only through a call of its supplier."""
_ANSWERED = ("accepted", "delivered", "failed", "unknown")
"""States that only an answer of the supplier gives, or that none came."""
_Action = tuple[str, ...]
"""What a person did, in the words of the log: to a release, or to something that was stopped or resumed."""

_MESSAGES = text(
    "SELECT m.id, m.customer_id, m.communication, m.state, m.reason, m.channel, m.release, m.body_digest, m.trace,"
    " m.run_id, m.supplier_reference, s.salt, d.message AS logged, d.subject, d.communication AS d_communication,"
    " d.state AS d_state, d.reason AS d_reason, d.channel AS d_channel, d.release AS d_release, d.body, d.trace"
    " AS d_trace, d.run, o.state AS sent, r.state AS received, r.detail, r.reference,"
    " EXISTS (SELECT 1 FROM said_erased e WHERE e.subject = d.subject)"
    " OR EXISTS (SELECT 1 FROM said_erased e WHERE e.subject = m.id) AS erased"
    " FROM messages m"
    " LEFT JOIN customer_salts s ON s.customer_id = m.customer_id"
    " LEFT JOIN said_decisions d ON d.message = m.id"
    " LEFT JOIN said_outcomes o ON o.message = m.id AND o.state = 'send'"
    " LEFT JOIN said_outcomes r ON r.message = m.id AND r.state = m.state"
    " ORDER BY m.id"
)
_UNKNOWN = text(
    "SELECT d.message FROM said_decisions d LEFT JOIN messages m ON m.id = d.message WHERE m.id IS NULL"
    " ORDER BY d.message"
)
_ERASED_COLUMNS = ("subject",)


def verify_messages(store: Store) -> tuple[str, ...]:
    """Compares `messages`, `release_actions` and `stops` with what the log says of them; every difference in words.

    - Every message has a decision leaf; of several the newest counts. Communication, channel, release, run, digests
      and outcome are equal, and so is the customer. A message whose customer is not to be told any more has an
      erasure leaf about the same customer, or a disposal leaf that names it: an erasure hides no change.
    - A message withheld after it was decided to go has a later decision leaf with its reason, or an event leaf.
    - One that is sending, accepted, delivered or unknown has a send leaf.
    - One that is accepted, delivered, failed or unknown has a receipt or event leaf that says so, with the same
      supplier reference where the leaf has one.
    - Every release action and every stop has a leaf, and every such leaf an action; so have erasures and legal holds.
      Every decision leaf has its message: erasing one leaves its row.

    Leaves that have no place in the tree yet count too. `verify_store` says whether leaves can be believed.
    """
    faults = Faults()
    with snapshot(store) as connection:
        connection.exec_driver_sql(_table("said_decisions", _DECISION, "message"))
        connection.exec_driver_sql(_table("said_outcomes", _OUTCOME, "message, state"))
        connection.exec_driver_sql(_table("said_erased", _ERASED_COLUMNS, "subject"))
        actions, people = _load(connection, faults)
        for row in connection.execute(_MESSAGES.execution_options(yield_per=ROWS)):
            for difference in _differences(row):
                faults.add(f"message {row.id}: {difference}")
        for (message,) in connection.execute(_UNKNOWN.execution_options(yield_per=ROWS)):
            faults.add(f"message {message}: the log has its decision, but there is no such message")
        _compare_actions(connection, actions, faults)
        for fault in people.compared(connection):
            faults.add(fault)
        connection.exec_driver_sql("DROP TABLE said_erased")
        connection.exec_driver_sql("DROP TABLE said_decisions")
        connection.exec_driver_sql("DROP TABLE said_outcomes")
    return faults.told()


def _table(name: str, columns: Sequence[str], key: str) -> str:
    return f"CREATE TEMPORARY TABLE {name} ({', '.join(f'{column} TEXT' for column in columns)}, PRIMARY KEY ({key}))"


def _load(connection: Connection, faults: Faults) -> tuple[Counter[_Action], Interventions]:
    """Fills the temporary tables from the leaves, oldest first. Returns what people did, which is little."""
    actions: Counter[_Action] = Counter()
    people = Interventions()
    for leaves in _leaves(connection, faults):
        decisions: dict[str, Mapping[str, str | None]] = {}
        outcomes: dict[tuple[str, str], Mapping[str, str | None]] = {}
        erased: dict[str, Mapping[str, str | None]] = {}
        for leaf in leaves:
            erased |= {name: {"subject": name} for name in people.take(leaf)}
            message, state = leaf.get("message"), leaf.get("state")
            match leaf.get("kind"):
                case "decision" if message is not None:
                    decisions[message] = leaf
                case "send" if message is not None:
                    outcomes[message, "send"] = {"message": message, "state": "send"}
                case "receipt" | "event" if message is not None and state is not None:
                    state = "failed" if state == "bounced" else state
                    outcomes[message, state] = {**leaf, "state": state}
                case "release":
                    named = ("release", "communication", "action", "person", "comment", "at")
                    said = tuple(str(leaf.get(name)) for name in named)
                    actions["release", *said, leaf.get("terms") or "{}"] += 1
                case "stop":
                    named = ("name", "target", "action", "person", "comment", "at")
                    actions["stop", *(str(leaf.get(name)) for name in named), ""] += 1
        _put(connection, "said_decisions", _DECISION, "message", decisions.values())
        _put(connection, "said_outcomes", _OUTCOME, "message, state", outcomes.values())
        _put(connection, "said_erased", _ERASED_COLUMNS, "subject", erased.values())
    return actions, people


def _leaves(connection: Connection, faults: Faults) -> Iterator[list[dict[str, str | None]]]:
    """Every leaf as text fields, `ROWS` at a time, those that wait too."""
    entries = every_leaf(connection)
    while part := list(islice(entries, ROWS)):
        leaves = []
        for stands, entry in part:
            try:
                leaf = orjson.loads(entry)
            except orjson.JSONDecodeError:
                leaf = None
            if isinstance(leaf, dict):
                named = leaf.pop("messages", None) if leaf.get("kind") == "disposal" else None
                told = {name: _text(value) for name, value in leaf.items()}
                leaves.append(told | ({"messages": " ".join(map(str, named))} if isinstance(named, list) else {}))
            else:
                faults.add(f"log leaf {stands}: its entry is no JSON object")
        yield leaves


def _text(value: Any) -> str | None:
    """A field as text that both databases take: a leaf that was tampered with can hold anything, and then differs."""
    if value is None:
        return None
    whole = orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode() if isinstance(value, dict | list) else str(value)
    return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _put(
    connection: Connection, table: str, columns: Sequence[str], key: str, rows: Iterable[Mapping[str, str | None]]
) -> None:
    """Inserts rows, or replaces those with the same key; one statement."""
    values = [tuple(row.get(column) for column in columns) for row in rows]
    if not values:
        return
    names = ", ".join(columns)
    replaced = ", ".join(f"{column} = excluded.{column}" for column in columns)
    # The names are this module's own constants; WHERE true keeps SQLite from reading ON as a join.
    end = f" WHERE true ON CONFLICT ({key}) DO UPDATE SET {replaced}"
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" for _ in columns)
        connection.exec_driver_sql(f"INSERT INTO {table} ({names}) SELECT {marks}{end}", values)
    else:
        arrays = ", ".join("%b::text[]" for _ in columns)
        connection.exec_driver_sql(
            f"INSERT INTO {table} ({names}) SELECT * FROM unnest({arrays}){end}",  # noqa: S608
            tuple(list(column) for column in zip(*values, strict=True)),
        )


def _differences(row: Row[Any]) -> Iterator[str]:
    """What the log says otherwise than the row of one message."""
    if row.logged is None:
        yield "the log has no decision about it"
        return
    for name, said, stored in (
        ("communication", row.d_communication, row.communication),
        ("channel", row.d_channel, row.channel),
        ("release", row.d_release, row.release),
        ("run", row.run, row.run_id),
        ("body digest", row.body, row.body_digest),
        ("trace digest", row.d_trace, sha256(row.trace).hexdigest()),
    ):
        if said != stored:
            yield f"the log says {name} {said}, its row says {stored}"
    if row.customer_id == f"{ERASED}{row.subject}":
        if not row.erased:
            yield "its customer is erased, but the log has no erasure or disposal of it"
    elif row.salt is None:
        yield "the salt of its customer is gone, so whose it is cannot be told from the log"
    elif subject(bytes(row.salt), row.customer_id) != row.subject:
        yield "the log says another customer than its row"
    if row.state in _SENT and row.sent is None:
        yield f"it is {row.state}, but the log has no send"
    if row.state in _ANSWERED:
        if row.received is None:
            yield f"it is {row.state}, but the log has no receipt or event that says so"
        elif row.reference not in (None, row.supplier_reference):
            yield "the log says another supplier reference than its row"
    yield from _outcome(row)


def _outcome(row: Row[Any]) -> Iterator[str]:
    """Whether the decision, or an event after it, led to the row's state, with its reason."""
    decided = (row.d_state, row.d_reason)
    match row.state:
        case "withheld" | "cancelled" if row.d_state in ("due", "digested"):
            decided = (row.received, row.detail)
            expected = (row.state, row.reason)
        case "withheld" | "set_aside" | "digested" | "due" | "claimed" | "sending":
            expected = ("due" if row.state in ("claimed", "sending") else row.state, row.reason)
        case _:  # the supplier's answer has changed the reason, or may have
            expected = ("due", row.d_reason)
    if decided != expected:
        yield f"the log says {decided[0]} ({decided[1]}), its row says {row.state} ({row.reason})"


def _compare_actions(connection: Connection, said: Counter[_Action], faults: Faults) -> None:
    query = select(release_actions, releases.c.communication).join(
        releases, releases.c.digest == release_actions.c.digest
    )
    stored: Counter[_Action] = Counter(
        ("release", row.digest, row.communication, row.action, row.person, digest_of(row.comment), instant(row.at),
         row.terms)
        for row in connection.execute(query)
    )  # fmt: skip
    stored.update(
        ("stop", row.name, row.target, row.action, row.person, digest_of(row.comment), instant(row.at), "")
        for row in connection.execute(select(stops))
    )
    for found, where in ((stored - said, "not in the log"), (said - stored, "in the log only")):
        for (kind, name, of, action, person, _, at, _), count in sorted(found.items()):
            thing = f"release {name}" if kind == "release" else f"{of} {name}"
            faults.add(f"{thing}: {action} by {person} at {at}: {count} {where}")
