"""submit, approve, reject, withdraw, comment: one transaction each, for one release or for many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select

from ccm.compliance.approvals.actions import FROM, MAY, Action, Record, ReleaseAction, Submission, Terms
from ccm.compliance.approvals.standing import ReleaseState, find, fold, history
from ccm.compliance.release_files import store_files
from ccm.compliance.releases import Release
from ccm.errors import Conflict, InputError, NotAllowed
from ccm.store import Store
from ccm.store.tables import release_actions, releases
from ccm.workspace.settings import Person

LONGEST_COMMENT = 2000


def submit(
    store: Store, release: Release, person: Person, now: datetime, *, record: Record, comment: str = ""
) -> ReleaseAction:
    """Hands one release in for approval, on no special terms; raises as `submit_all`."""
    return submit_all(store, [Submission(release)], person, now, comment, record=record)[0]


def submit_all(
    store: Store, submissions: Sequence[Submission], person: Person, now: datetime, comment: str = "", *,
    record: Record,
) -> tuple[ReleaseAction, ...]:  # fmt: skip
    """Hands releases in for approval, all or none; the caller has compiled them.

    Raises `NotAllowed` without the role author or administrator, and `Conflict` where one is submitted or
    approved already. One whose approval has an end, ended or was superseded may be submitted to renew it.
    """
    with store.write() as connection:
        for one in submissions:
            connection.execute(
                store.insert(releases).on_conflict_do_nothing(),
                {
                    "digest": one.release.digest,
                    "communication": one.release.communication,
                    "manifest": one.release.manifest_json(),
                    "created_at": now,
                },
            )
            store_files(store, connection, one.release.digest, one.files)
        terms = {one.release.digest: one.terms for one in submissions}
        return _act(connection, terms, "submitted", person, now, comment, record)


def approve(
    store: Store, digest: str, person: Person, now: datetime, comment: str = "", *, record: Record,
    terms: Terms = Terms(),  # noqa: B008  frozen
) -> ReleaseAction:  # fmt: skip
    """Lets one release out; raises as `approve_all`."""
    return approve_all(store, {digest: terms}, person, now, comment, record=record)[0]


def approve_all(
    store: Store, terms: Mapping[str, Terms], person: Person, now: datetime, comment: str = "", *, record: Record
) -> tuple[ReleaseAction, ...]:
    """Lets releases out, all or none: one decision, one action a release.

    `terms` has them by digest, or by a beginning of at least 12 characters that no other release shares;
    `terms.authors` are people who wrote parts of the change beside those who submitted it. Where more than one
    person must approve, the release is let out by the last of them.

    Raises `NotFound` for a digest nobody submitted, `Conflict` where a release is not waiting for approval,
    and `NotAllowed` without the role compliance, for an author of the change (whoever wrote a part of it, or
    submitted this release or another one of its communication since the last approval), and for a person who
    has approved it already.
    """
    with store.write() as connection:
        whole = {find(connection, digest): one for digest, one in terms.items()}
        if len(whole) < len(terms):
            raise InputError("a release is named twice")
        return _act(connection, whole, "approved", person, now, comment, record)


def reject(store: Store, digest: str, person: Person, now: datetime, comment: str, *, record: Record) -> ReleaseAction:
    """Turns a submitted release down; the comment says why. Raises as `approve`, and `InputError` without comment.

    An approval that still stands from before goes on: to end it, withdraw the release.
    """
    return _one(store, digest, "rejected", person, now, comment, record)


def withdraw(
    store: Store, digest: str, person: Person, now: datetime, comment: str, *, record: Record
) -> ReleaseAction:
    """Takes a release out of force, at once; the comment says why. Raises as `reject`."""
    return _one(store, digest, "withdrawn", person, now, comment, record)


def comment(store: Store, digest: str, person: Person, now: datetime, comment: str, *, record: Record) -> ReleaseAction:
    """Says something about a release, which changes nothing else. Raises as `reject`."""
    return _one(store, digest, "commented", person, now, comment, record)


def _one(
    store: Store, digest: str, action: Action, person: Person, now: datetime, comment: str, record: Record
) -> ReleaseAction:
    if not comment.strip():
        raise InputError("a comment is needed that says why")
    with store.write() as connection:
        return _act(connection, {find(connection, digest): Terms()}, action, person, now, comment, record)[0]


def _act(
    connection: Connection, wanted: Mapping[str, Terms], action: Action, person: Person, now: datetime, comment: str,
    record: Record,
) -> tuple[ReleaseAction, ...]:  # fmt: skip
    if len(comment) > LONGEST_COMMENT:
        raise InputError(f"the comment has {len(comment):,} characters; {LONGEST_COMMENT:,} are possible")
    if set(person.roles).isdisjoint(MAY[action]):
        roles = ", ".join(person.roles) or "none"
        raise NotAllowed(f"'{person.id}' needs the role {' or '.join(MAY[action])} for this; roles: {roles}")
    named = select(releases.c.digest, releases.c.communication).where(releases.c.digest.in_(wanted))
    of = {row.digest: row.communication for row in connection.execute(named)}
    # Lock first, then read: what is read now is true until this transaction ends. SQLite holds its lock already.
    connection.execute(
        select(releases.c.digest)
        .where(releases.c.communication.in_(set(of.values())))
        .order_by(releases.c.digest)
        .with_for_update()
    ).all()
    done = []
    for digest, terms in sorted(wanted.items(), key=lambda pair: (of[pair[0]], pair[0])):
        before = history(connection, of[digest])
        one = _judged(before, ReleaseAction(digest, of[digest], action, person.id, comment, now, terms), person)
        connection.execute(
            release_actions.insert(),
            {
                "digest": digest, "action": action, "person": person.id, "comment": comment, "at": now,
                "terms": one.terms.stored(),
            },
        )  # fmt: skip
        record(connection, one)
        done.append(one)
    return tuple(done)


def _judged(before: Sequence[ReleaseAction], wanted: ReleaseAction, person: Person) -> ReleaseAction:
    """The action as it will be recorded; raises where it is not possible now, or not this person's."""
    digest, action, now = wanted.digest, wanted.action, wanted.at
    standing = fold(digest, wanted.communication, [one for one in before if one.digest == digest])
    if standing.state not in FROM[action] and not _possible_still(before, standing, action):
        raise Conflict(_told(standing, action))
    if before and now < max(one.at for one in before):
        raise NotAllowed(
            f"the clock says {now.isoformat()}, which is before the last action on '{wanted.communication}'"
        )
    if action != "approved":
        return wanted
    names = {name.casefold() for name in person.names}
    _refuse_author(before, wanted, person, names)
    if not names.isdisjoint(name.casefold() for name in standing.approvers):
        left = standing.needed - len(standing.approvers)
        raise NotAllowed(
            f"'{person.id}' approved release {digest[:12]} already; {left} more must, and not the same person"
        )
    return replace(wanted, terms=_agreed(standing, wanted))


def _possible_still(before: Sequence[ReleaseAction], standing: ReleaseState, action: Action) -> bool:
    """Whether the approval that stands makes possible what the state alone does not.

    It can be withdrawn, also where its renewal was rejected; and it can be renewed where it ends, or where another
    one came after it.
    """
    if standing.approval is None or action not in ("withdrawn", "submitted"):
        return False
    if action == "withdrawn":
        return True
    if standing.state == "submitted":
        return False
    ends = standing.approval.terms.expires_at is not None
    return ends or any(one.action == "approved" and one.digest != standing.digest
                       for one in before[before.index(standing.approval):])  # fmt: skip


def _agreed(standing: ReleaseState, wanted: ReleaseAction) -> Terms:
    """The terms of an approval, with what an earlier approver of the same submission asked for."""
    earlier = [one for one in standing.actions if one.action == "approved"]
    asked = [one.terms.effective_from for one in earlier[len(earlier) - len(standing.approvers) :]] if earlier else []
    starts = [start for start in (wanted.terms.effective_from, *asked) if start is not None]
    terms = replace(
        wanted.terms, authors=(), approvers=max(standing.needed, wanted.terms.approvers),
        effective_from=max(starts, default=None),
    )  # fmt: skip
    if terms.expires_at is not None and terms.expires_at <= max([wanted.at, *starts]):
        raise InputError(f"the approval would end at {terms.expires_at.isoformat()}, before it begins")
    return terms


def _told(standing: ReleaseState, action: Action) -> str:
    last = next((one for one in reversed(standing.actions) if one.action != "commented"), None)
    if last is None:
        return f"release {standing.digest[:12]} was not submitted"
    hint = "; submit it again first" if action != "submitted" and last.action in ("rejected", "withdrawn") else ""
    return f"release {standing.digest[:12]} was {last.action} by {last.person} at {last.at.isoformat()}{hint}"


def _refuse_author(before: Sequence[ReleaseAction], wanted: ReleaseAction, person: Person, names: set[str]) -> None:
    submissions = [one for one in before[_since(before) :] if one.action == "submitted"]
    submissions += [one for one in before if one.action == "submitted" and one.digest == wanted.digest]
    # Aliases too: who was entered as two people once may be known as one person now.
    if not names.isdisjoint(one.person.casefold() for one in submissions):
        raise NotAllowed(f"'{person.id}' submitted this change; another person with the role compliance must approve")
    writers = {name.casefold() for one in submissions for name in one.terms.authors}
    if not names.isdisjoint(writers | {name.casefold() for name in wanted.terms.authors}):
        raise NotAllowed(
            f"'{person.id}' wrote a part of this change; another person with the role compliance must approve"
        )


def _since(before: Sequence[ReleaseAction]) -> int:
    """The place after the last approval that let a release out."""
    place = 0
    for number, one in enumerate(before):
        if one.action == "approved":
            own = [other for other in before[: number + 1] if other.digest == one.digest]
            if fold(one.digest, one.communication, own).approval is one:
                place = number + 1
    return place
