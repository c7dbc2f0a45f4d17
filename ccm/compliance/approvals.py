"""Who may let a release out: submit, approve, reject, withdraw.

Actions are appended and never changed; the state of a release is that of its last action. Every action is
written under a lock on all releases of the communication, so that of two people acting at once one is told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, Row, select

from ccm.compliance.releases import Release
from ccm.errors import Conflict, InputError, NotAllowed, NotFound
from ccm.store import Store
from ccm.store.tables import release_actions, releases
from ccm.workspace.settings import Person, Role

Action = Literal["submitted", "approved", "rejected", "withdrawn"]
State = Literal["draft", "submitted", "approved", "rejected", "withdrawn"]
MAY: Mapping[Action, tuple[Role, ...]] = {
    "submitted": ("author", "administrator"),
    "approved": ("compliance",),
    "rejected": ("compliance",),
    "withdrawn": ("author", "compliance", "administrator"),  # stopping must be easier than starting
}
"""The roles of which a person needs one for an action."""
FROM: Mapping[Action, tuple[State, ...]] = {
    "submitted": ("draft", "rejected", "withdrawn"),
    "approved": ("submitted",),
    "rejected": ("submitted",),
    "withdrawn": ("submitted", "approved"),
}
"""The states in which an action is possible."""
SHORTEST_PREFIX = 12
LONGEST_COMMENT = 2000


@dataclass(frozen=True, slots=True)
class ReleaseAction:
    """One thing that a person did to a release."""

    digest: str
    communication: str
    action: Action
    person: str
    """The person's id."""
    comment: str
    at: datetime


Record = Callable[[Connection, ReleaseAction], None]
"""Writes an action to the audit log, in the transaction it is handed; what it raises undoes the action."""


@dataclass(frozen=True, slots=True)
class ReleaseState:
    """Where a release stands. A release that nobody submitted is a draft without actions."""

    digest: str
    communication: str
    """Empty for a draft, of which the store knows nothing."""
    state: State
    actions: tuple[ReleaseAction, ...]


def submit(
    store: Store, release: Release, person: Person, now: datetime, *, record: Record, comment: str = ""
) -> ReleaseAction:
    """Hands a release in for approval; the caller has compiled it.

    Raises `NotAllowed` without the role author or administrator, and `Conflict` where it is submitted or
    approved already.
    """
    with store.write() as connection:
        connection.execute(
            store.insert(releases).on_conflict_do_nothing(),
            {
                "digest": release.digest,
                "communication": release.communication,
                "manifest": release.manifest_json(),
                "created_at": now,
            },
        )
        return _act(connection, release.digest, "submitted", person, now, comment, record)


def approve(
    store: Store, digest: str, person: Person, now: datetime, comment: str = "", *, record: Record
) -> ReleaseAction:
    """Lets a release out. `digest` may be a beginning of at least 12 characters that no other release shares.

    Raises `NotFound` for a digest nobody submitted, `Conflict` where the release is not waiting for approval,
    and `NotAllowed` without the role compliance or for an author of the change: whoever submitted this
    release, or another one of its communication since the last approval.
    """
    with store.write() as connection:
        return _act(connection, find(connection, digest), "approved", person, now, comment, record)


def reject(store: Store, digest: str, person: Person, now: datetime, comment: str, *, record: Record) -> ReleaseAction:
    """Turns a submitted release down; the comment says why. Raises as `approve`, and `InputError` without comment."""
    _reason(comment)
    with store.write() as connection:
        return _act(connection, find(connection, digest), "rejected", person, now, comment, record)


def withdraw(
    store: Store, digest: str, person: Person, now: datetime, comment: str, *, record: Record
) -> ReleaseAction:
    """Takes a release out of force, at once; the comment says why. Raises as `reject`."""
    _reason(comment)
    with store.write() as connection:
        return _act(connection, find(connection, digest), "withdrawn", person, now, comment, record)


def state(connection: Connection, digest: str) -> ReleaseState:
    """Where the release with this whole digest stands."""
    found = _states(connection, connection.execute(select(releases).where(releases.c.digest == digest)).all())
    return found[0] if found else ReleaseState(digest, "", "draft", ())


def in_force(connection: Connection, digest: str) -> bool:
    """Whether messages of this release may reach a supplier: approved, and not withdrawn since."""
    return state(connection, digest).state == "approved"


def list_releases(connection: Connection, communication: str | None = None) -> tuple[ReleaseState, ...]:
    """All releases ever submitted, oldest first; of one communication, or of all."""
    query = select(releases).order_by(releases.c.created_at, releases.c.digest)
    if communication is not None:
        query = query.where(releases.c.communication == communication)
    return _states(connection, connection.execute(query).all())


def stored_release(connection: Connection, digest: str) -> Release:
    """A submitted release with its manifest. Raises as `find`, and `IntegrityError` where the row was altered."""
    row = connection.execute(select(releases).where(releases.c.digest == find(connection, digest))).one()
    return Release(row.digest, row.communication, json.loads(row.manifest))


def find(connection: Connection, digest: str) -> str:
    """The whole digest for a beginning of one; raises `InputError` or `NotFound`."""
    prefix = digest.strip().lower()
    if not re.fullmatch(rf"[0-9a-f]{{{SHORTEST_PREFIX},64}}", prefix):
        raise InputError(f"'{digest[:80]}' is no digest: give at least {SHORTEST_PREFIX} hexadecimal digits of it")
    known = select(releases.c.digest).where(releases.c.digest.startswith(prefix)).order_by(releases.c.digest)
    found = list(connection.scalars(known.limit(2)))
    if not found:
        raise NotFound(f"no release {prefix[:16]} was submitted; list them with: ccm releases")
    if len(found) > 1:
        raise InputError(f"{prefix} is the beginning of several digests; give more of it")
    return str(found[0])


def _reason(comment: str) -> None:
    if not comment.strip():
        raise InputError("a comment is needed that says why")


def _act(
    connection: Connection, digest: str, action: Action, person: Person, now: datetime, comment: str, record: Record
) -> ReleaseAction:
    if len(comment) > LONGEST_COMMENT:
        raise InputError(f"the comment has {len(comment):,} characters; {LONGEST_COMMENT:,} are possible")
    if set(person.roles).isdisjoint(MAY[action]):
        roles = ", ".join(person.roles) or "none"
        raise NotAllowed(f"'{person.id}' needs the role {' or '.join(MAY[action])} for this; roles: {roles}")
    communication = connection.execute(select(releases.c.communication).where(releases.c.digest == digest)).scalar_one()
    # Lock first, then read: what is read now is true until this transaction ends. SQLite holds its lock already.
    connection.execute(
        select(releases.c.digest)
        .where(releases.c.communication == communication)
        .order_by(releases.c.digest)
        .with_for_update()
    ).all()
    history = _history(connection, communication)
    last = next((one for one in reversed(history) if one.digest == digest), None)
    if (last.action if last else "draft") not in FROM[action]:
        raise Conflict(_standing(digest, last, action))
    if history and now < max(one.at for one in history):
        raise NotAllowed(f"the clock says {now.isoformat()}, which is before the last action on '{communication}'")
    if action == "approved":
        _refuse_author(history, digest, person)
    done = ReleaseAction(digest, communication, action, person.id, comment, now)
    connection.execute(
        release_actions.insert(),
        {"digest": digest, "action": action, "person": person.id, "comment": comment, "at": now},
    )
    record(connection, done)
    return done


def _standing(digest: str, last: ReleaseAction | None, action: Action) -> str:
    if last is None:
        return f"release {digest[:12]} was not submitted"
    hint = "; submit it again first" if action != "submitted" and last.action in ("rejected", "withdrawn") else ""
    return f"release {digest[:12]} was {last.action} by {last.person} at {last.at.isoformat()}{hint}"


def _refuse_author(history: Sequence[ReleaseAction], digest: str, person: Person) -> None:
    approvals = [index for index, one in enumerate(history) if one.action == "approved"]
    since = approvals[-1] + 1 if approvals else 0
    authors = {one.person.casefold() for index, one in enumerate(history)
               if one.action == "submitted" and (index >= since or one.digest == digest)}  # fmt: skip
    # Aliases too: who was entered as two people once may be known as one person now.
    if not authors.isdisjoint(name.casefold() for name in (person.id, *person.aliases)):
        raise NotAllowed(f"'{person.id}' submitted this change; another person with the role compliance must approve")


def _history(connection: Connection, communication: str) -> list[ReleaseAction]:
    """Everything done to a communication's releases, in order."""
    query = (
        select(release_actions, releases.c.communication)
        .join(releases, releases.c.digest == release_actions.c.digest)
        .where(releases.c.communication == communication)
        .order_by(release_actions.c.id)
    )
    return [_action(row) for row in connection.execute(query)]


def _states(connection: Connection, rows: Sequence[Row[tuple[object, ...]]]) -> tuple[ReleaseState, ...]:
    actions: dict[str, list[ReleaseAction]] = {row.digest: [] for row in rows}
    for communication in sorted({row.communication for row in rows}):
        for action in _history(connection, communication):
            if action.digest in actions:
                actions[action.digest].append(action)
    return tuple(
        ReleaseState(
            row.digest,
            row.communication,
            actions[row.digest][-1].action if actions[row.digest] else "draft",
            tuple(actions[row.digest]),
        )
        for row in rows
    )


def _action(row: Row[tuple[object, ...]]) -> ReleaseAction:
    return ReleaseAction(row.digest, row.communication, row.action, row.person, row.comment, row.at)
