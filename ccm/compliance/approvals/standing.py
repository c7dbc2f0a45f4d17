"""Where releases stand: what their actions make of them, and what that means at an instant."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import Connection, Row, select

from ccm.compliance.approvals.actions import ReleaseAction, State, Terms
from ccm.compliance.releases import Release
from ccm.errors import InputError, NotFound
from ccm.store.tables import release_actions, releases

SHORTEST_PREFIX = 12
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ReleaseState:
    """What people made of a release. A release that nobody submitted is a draft without actions."""

    digest: str
    communication: str
    """Empty for a draft, of which the store knows nothing."""
    state: State
    """``submitted`` until as many people approved as must."""
    actions: tuple[ReleaseAction, ...]
    approval: ReleaseAction | None = None
    """The approval that made it complete, unless it was withdrawn since. It stands while a renewal is in work."""
    approvers: tuple[str, ...] = ()
    """Who approved the last submission so far."""
    needed: int = 1
    """How many people must approve the last submission."""

    @property
    def begins(self) -> datetime:
        """When the approval puts it in force; the beginning of time where nothing does."""
        if self.approval is None:
            return _BEGINNING
        return max(self.approval.at, self.approval.terms.effective_from or self.approval.at)


@dataclass(frozen=True, slots=True)
class Standing:
    """A release at an instant."""

    release: ReleaseState
    state: Literal["draft", "submitted", "approved", "in_force", "superseded", "expired", "rejected", "withdrawn"]
    """``approved`` means: in force later."""


def state(connection: Connection, digest: str) -> ReleaseState:
    """What people made of the release with this whole digest."""
    found = _states(connection, connection.execute(select(releases).where(releases.c.digest == digest)).all())
    return found[0] if found else ReleaseState(digest, "", "draft", ())


def list_releases(connection: Connection, communication: str | None = None) -> tuple[ReleaseState, ...]:
    """All releases ever submitted, oldest first; of one communication, or of all."""
    query = select(releases).order_by(releases.c.created_at, releases.c.digest)
    if communication is not None:
        query = query.where(releases.c.communication == communication)
    return _states(connection, connection.execute(query).all())


def refusal(connection: Connection, digest: str, at: datetime) -> str:
    """Why a message of this release must not reach a supplier at `at`, as a reason code; empty where it may.

    A superseded release may go on: its messages were composed while it was in force. To stop them too, withdraw it.
    """
    # The actions of this release only: a communication's history grows over the years, and this is asked per group.
    own = select(release_actions).where(release_actions.c.digest == digest).order_by(release_actions.c.id)
    found = fold(digest, "", [_action(row, "") for row in connection.execute(own)])
    if found.approval is None:
        return "release_not_approved"
    effective, expires = found.approval.terms.effective_from, found.approval.terms.expires_at
    if effective is not None and at < effective:
        return "release_not_yet_effective"
    if expires is not None and at >= expires:
        return "approval_expired"
    return ""


def in_force(connection: Connection, digest: str, at: datetime) -> bool:
    """Whether new messages may be made of this release at `at`."""
    found = state(connection, digest)
    if found.state == "draft":
        return False
    return any(one.release.digest == digest and one.state == "in_force"
               for one in standings(connection, at, found.communication))  # fmt: skip


def standings(connection: Connection, at: datetime, communication: str | None = None) -> tuple[Standing, ...]:
    """All releases ever submitted, oldest first, as they stand at `at`; of one communication, or of all."""
    known = list_releases(connection, communication)
    newest: dict[str, ReleaseState] = {}
    for one in known:
        if one.approval is not None and not _ahead(one, at):
            other = newest.get(one.communication)
            if other is None or one.begins >= other.begins:
                newest[one.communication] = one
    return tuple(_standing(one, newest.get(one.communication), at) for one in known)


def _ahead(one: ReleaseState, at: datetime) -> bool:
    effective = one.approval.terms.effective_from if one.approval else None
    return effective is not None and at < effective


def _standing(one: ReleaseState, newest: ReleaseState | None, at: datetime) -> Standing:
    if one.approval is None:
        return Standing(one, one.state)
    if _ahead(one, at):
        return Standing(one, "approved")
    if newest is not one:
        return Standing(one, "superseded" if one.state == "approved" else one.state)
    expires = one.approval.terms.expires_at
    if expires is not None and at >= expires:
        return Standing(one, "expired" if one.state == "approved" else one.state)
    return Standing(one, "in_force")


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


def history(connection: Connection, communication: str) -> list[ReleaseAction]:
    """Everything done to a communication's releases, in order."""
    query = (
        select(release_actions, releases.c.communication)
        .join(releases, releases.c.digest == release_actions.c.digest)
        .where(releases.c.communication == communication)
        .order_by(release_actions.c.id)
    )
    return [_action(row, row.communication) for row in connection.execute(query)]


def _action(row: Row[tuple[object, ...]], communication: str) -> ReleaseAction:
    return ReleaseAction(row.digest, communication, row.action, row.person, row.comment, row.at, Terms.read(row.terms))


def fold(digest: str, communication: str, actions: Sequence[ReleaseAction]) -> ReleaseState:
    """What the actions on one release, in order, made of it."""
    now: State = "draft"
    approval: ReleaseAction | None = None
    approvers: list[str] = []
    needed = 1
    for action in actions:
        match action.action:
            case "submitted":
                now, approvers, needed = "submitted", [], action.terms.approvers
            case "approved":
                approvers.append(action.person)
                # The policy may have become stricter since the submission, or since the first of two approvals.
                needed = max(needed, action.terms.approvers)
                if len(approvers) >= needed:
                    now, approval = "approved", action
            case "rejected":
                now = "rejected"
            case "withdrawn":
                now, approval = "withdrawn", None
    return ReleaseState(digest, communication, now, tuple(actions), approval, tuple(approvers), needed)


def _states(connection: Connection, rows: Sequence[Row[tuple[object, ...]]]) -> tuple[ReleaseState, ...]:
    actions: dict[str, list[ReleaseAction]] = {row.digest: [] for row in rows}
    for communication in sorted({row.communication for row in rows}):
        for action in history(connection, communication):
            if action.digest in actions:
                actions[action.digest].append(action)
    return tuple(fold(row.digest, row.communication, actions[row.digest]) for row in rows)
