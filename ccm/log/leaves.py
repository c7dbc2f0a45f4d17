"""What a leaf of the log says: one constructor per kind, each giving the entry's bytes.

No personal data stands in a leaf: a customer is `subject`, a keyed hash whose key (the customer's salt) can be
destroyed; free text is there as its digest only. `person` is a member of staff. Times are instants, written in UTC
with microseconds.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import Connection, select

from ccm.errors import InputError
from ccm.log.canonical import canonical
from ccm.store.queries import Query, one_of
from ccm.store.tables import customer_salts

VERSION = 1
SALT_SIZE = 32
DISPOSED = 1000
"""Messages that one entry of a disposal names: an entry has at most 65,535 bytes."""
ERASED = "erased:"
"""Before the log's name of a customer, in the place of the customer's id: whose it was, nobody knows any more."""
_SALTS = Query(
    select(customer_salts.c.customer_id, customer_salts.c.salt).where(one_of(customer_salts.c.customer_id, "ids"))
)
# Driver SQL with the whole chunk as one value: half (SQLite) to a fifth of the time of a list of 1,000 values.
_ADD_SALTS = {
    "sqlite": "INSERT INTO customer_salts (customer_id, salt) VALUES (?, ?) ON CONFLICT (customer_id) DO NOTHING",
    "postgresql": "INSERT INTO customer_salts (customer_id, salt) SELECT * FROM unnest(%b::text[], %b::bytea[])"
    " ON CONFLICT (customer_id) DO NOTHING",
}


def subjects(
    connection: Connection, customer_ids: Collection[str], random_bytes: Callable[[int], bytes]
) -> dict[str, str]:
    """Customer id to the name the log knows the customer by: HMAC-SHA256 of the id under the customer's salt, in hex.

    Makes salts that are not there yet, with `random_bytes` (`secrets.token_bytes`), so `connection` must be one that
    writes. One statement where all are known, three where some are not.
    """
    found = salts(connection, customer_ids, random_bytes)
    return {customer_id: subject(found[customer_id], customer_id) for customer_id in customer_ids}


def salts(
    connection: Connection, customer_ids: Collection[str], random_bytes: Callable[[int], bytes]
) -> dict[str, bytes]:
    """Customer id to the salt of `subject`, made where there is none yet; as `subjects`."""
    wanted = sorted(set(customer_ids))  # in order, so that two transactions never wait for each other in a ring
    found = known_salts(connection, wanted)
    missing = [customer_id for customer_id in wanted if customer_id not in found]
    if missing:
        new = [random_bytes(SALT_SIZE) for _ in missing]
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(_ADD_SALTS["sqlite"], list(zip(missing, new, strict=True)))
        else:
            connection.exec_driver_sql(_ADD_SALTS["postgresql"], (missing, new))
        found |= known_salts(connection, missing)  # read again: another transaction's salt may have come first
    return found


def known_salts(connection: Connection, customer_ids: Sequence[str]) -> dict[str, bytes]:
    """Customer id to the salt of `subject`, of those who have one."""
    return {customer_id: bytes(salt) for customer_id, salt in _SALTS(connection, ids=customer_ids)}


def subject(salt: bytes, customer_id: str) -> str:
    """The name the log knows a customer by."""
    return hmac.digest(salt, customer_id.encode(), "sha256").hex()


@lru_cache(maxsize=1024)  # the leaves of a chunk share their instant, and writing it costs more than the JSON
def instant(at: datetime) -> str:
    """RFC 3339 in UTC with microseconds, always as long: ``2026-03-31T09:00:00.000000Z``."""
    if at.tzinfo is None:
        raise InputError("an instant in a log entry needs a time zone")
    return at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def digest_of(words: str) -> str:
    """SHA-256 in hex of free text that must not stand in the log itself."""
    return sha256(words.encode()).hexdigest()


def _entry(kind: str, at: datetime, fields: Mapping[str, Any]) -> bytes:
    return canonical({"v": VERSION, "kind": kind, "at": instant(at), **fields})


def decision_leaf(
    *,
    message_id: str,
    subject: str,
    communication: str,
    at: datetime,
    state: Literal["due", "withheld", "set_aside", "digested"],
    reason: str,
    channel: str | None,
    release: str,
    body_digest: str | None,
    trace_digest: str,
    run: str | None,
    held: tuple[datetime, str] | None = None,
) -> bytes:
    """What was decided about one message, and in which words it would go.

    `at` is the instant the decision was taken for. Should a message be decided again, as at its hand-off, its newest
    leaf counts. `held`: of one that is held then, until when and by what, a code; other entries lack both fields.
    `body_digest` is that of the row in `messages`, `trace_digest` the SHA-256 in hex of the row's trace; `run` is None
    for a single trigger.
    """
    # One for each message that there ever is: with its names in order, so that nobody has to sort them.
    fields = {
        "at": instant(at),
        "body": body_digest,
        "channel": channel,
        "communication": communication,
        "kind": "decision",
        "message": message_id,
        "reason": reason,
        "release": release,
        "run": run,
        "state": state,
        "subject": subject,
        "trace": trace_digest,
        "v": VERSION,
    }
    if held is not None:
        fields |= {"due": instant(held[0]), "held": held[1]}
    return canonical(fields)


def release_leaf(
    *, digest: str, communication: str, action: str, person: str, comment: str, at: datetime,
    terms: Mapping[str, Any] | None = None,
) -> bytes:  # fmt: skip
    """Somebody submitted, approved, rejected, withdrew or commented on a release; the comment enters as its SHA-256.

    `terms` is what the action says besides: how many must approve, further authors, from when to when. Without
    any, the entry has no such field.
    """
    fields: dict[str, Any] = {
        "release": digest,
        "communication": communication,
        "action": action,
        "person": person,
        "comment": digest_of(comment),
    }
    return _entry("release", at, {**fields, "terms": dict(terms)} if terms else fields)


def stop_leaf(*, action: str, target: str, name: str, person: str, comment: str, at: datetime) -> bytes:
    """Somebody stopped a release, communication, wording or channel, or let it go on (``stopped``, ``resumed``)."""
    fields = {"action": action, "target": target, "name": name, "person": person, "comment": digest_of(comment)}
    return _entry("stop", at, fields)


def send_leaf(*, message_id: str, channel: str, adapter: str, attempt: int, at: datetime) -> bytes:
    """The supplier is about to be called; recorded before it is. `attempt` counts from 1."""
    return _entry("send", at, {"message": message_id, "channel": channel, "adapter": adapter, "attempt": attempt})


def receipt_leaf(*, message_id: str, state: str, supplier_reference: str | None, at: datetime) -> bytes:
    """What the supplier's answer made of the message: its state, accepted, failed, unknown, or due for another try."""
    return _entry("receipt", at, {"message": message_id, "state": state, "reference": supplier_reference})


def event_leaf(*, message_id: str | None, state: str, detail: str, at: datetime) -> bytes:
    """Something happened to a message that was decided to go: withheld at hand-off, delivered, bounced, opened.

    `state` is the message's new state or the supplier's word for the event, `detail` a reason code or empty, never
    free text. `message_id` is None where nobody knows the message; `at` is when it happened.
    """
    return _entry("event", at, {"message": message_id, "state": state, "detail": detail})


def preference_leaf(
    *, subject: str, category: str, channel: str, rank: int | None, allowed: bool, source: str, at: datetime,
    paused_until: datetime | None = None, hours: str = "",
) -> bytes:  # fmt: skip
    """A customer's preference changed, and through what: a reply, a preference page, a person of staff.

    The fields `paused_until` and `hours` stand there only where the preference has them.
    """
    fields = {
        "subject": subject,
        "category": category,
        "channel": channel,
        "rank": rank,
        "allowed": allowed,
        "source": source,
    }
    if paused_until is not None:
        fields["paused_until"] = instant(paused_until)
    return _entry("preference", at, {**fields, "hours": hours} if hours else fields)


def choice_leaf(*, subject: str, name: str, value: str, source: str, at: datetime) -> bytes:
    """A customer chose how to be written to: `name` is ``language`` or ``accessible_format``."""
    return _entry("choice", at, {"subject": subject, "name": name, "value": value, "source": source})


def consent_leaf(
    *, subject: str, purpose: str, channel: str, basis: str, granted: bool, evidence: str, source: str, at: datetime
) -> bytes:
    """A customer gave or withdrew consent through a door of our own; the evidence enters as its SHA-256."""
    fields = {
        "subject": subject,
        "purpose": purpose,
        "channel": channel,
        "basis": basis,
        "granted": granted,
        "evidence": digest_of(evidence),
        "source": source,
    }
    return _entry("consent", at, fields)


def access_leaf(
    *, message_id: str | None, person: str, purpose: str, at: datetime, subject: str | None = None,
    manifest: str | None = None,
) -> bytes:  # fmt: skip
    """Somebody looked at what a message says; `purpose` is a code, such as ``explain`` or ``complaint``.

    `message_id` is None where it was not one recorded message: a preview for a customer (`subject`), or an evidence
    pack, of which `manifest` is the SHA-256 of the list of its files.
    """
    more = {name: value for name, value in (("subject", subject), ("manifest", manifest)) if value is not None}
    return _entry("access", at, {"message": message_id, "person": person, "purpose": purpose, **more})


def erasure_leaf(*, subject: str, person: str, reason: str, at: datetime) -> bytes:
    """All that is known of a customer was erased; the reason enters as its SHA-256.

    The customer's salt is destroyed with it, so that nobody can tell any more whose name `subject` was.
    """
    return _entry("erasure", at, {"subject": subject, "person": person, "reason": digest_of(reason)})


def hold_leaf(*, subject: str, action: Literal["placed", "lifted"], person: str, reason: str, at: datetime) -> bytes:
    """A legal hold was placed on a customer, or lifted; the reason enters as its SHA-256."""
    return _entry("hold", at, {"subject": subject, "action": action, "person": person, "reason": digest_of(reason)})


def disposal_leaf(*, messages: Sequence[str], report: str, person: str, at: datetime) -> bytes:
    """The contents of these messages, at most `DISPOSED`, were destroyed; `report` is the SHA-256 of the report."""
    return _entry("disposal", at, {"messages": list(messages), "report": report, "person": person})


def certificate_leaf(*, run: str, digest: str, at: datetime) -> bytes:
    """A run's certificate was issued; `digest` is over its bytes."""
    return _entry("certificate", at, {"run": run, "digest": digest})


def import_leaf(*, kind: str, file_digest: str, counts: Mapping[str, int], at: datetime) -> bytes:
    """A feed of this kind was imported; `counts` are its rows by what became of them."""
    return _entry("import", at, {"feed": kind, "file": file_digest, "counts": dict(counts)})
