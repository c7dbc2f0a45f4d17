"""Traces of decisions on their way into the store and out of it, and what decisions were taken by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, select

from ccm import __version__
from ccm.decide import Facts
from ccm.decide.chain import links
from ccm.decide.grounds import Grounds, names_of
from ccm.decide.packing import Packer
from ccm.decide.unpacking import Trace, grounds_of, unpack
from ccm.errors import IntegrityError
from ccm.model.message import Decision
from ccm.model.requirements import PolicyRequirements
from ccm.pipeline.project import Project
from ccm.store import Store
from ccm.store.engine import BATCH
from ccm.store.tables import decision_policies
from ccm.workspace.channels import Channel
from ccm.workspace.communication import Communication

_NOWHERE: Mapping[str, PolicyRequirements] = {}
_stored: WeakKeyDictionary[Store, set[str]] = WeakKeyDictionary()
"""Digests that a later transaction than the one that wrote them has seen: they need no statement any more."""


class Kept(NamedTuple):
    """Two columns of `messages`."""

    trace: bytes
    policy: str
    """Digest in `decision_policies`."""


class Traces:
    """Packs the decisions of one transaction with the facts that they were taken from."""

    def __init__(self, project: Project, communication: Communication) -> None:
        self._project, self._communication = project, communication
        self._by_place: dict[int, Packer] = {}

    def pack(self, decision: Decision, facts: Facts | None) -> Kept:
        """The trace of one decision; asks the store for nothing."""
        requirements = _NOWHERE if facts is None else facts.requirements
        packer = self._by_place.get(id(requirements))
        if packer is None:
            packer = packer_for(self._project, self._communication, requirements)
            self._by_place[id(requirements)] = packer
        return Kept(packer.pack(decision, facts), packer.grounds.digest)

    def store(self, connection: Connection) -> None:
        """Stores what the decisions packed so far were taken by, in the transaction that inserts their messages.

        Costs one statement a call until a process has seen its policies committed, and none from then on.
        """
        _store(self._project, connection, {one.grounds.digest: one.grounds for one in self._by_place.values()})


def packer_for(
    project: Project, communication: Communication, requirements: Mapping[str, PolicyRequirements]
) -> Packer:
    """It holds what a decision about a customer of one place is taken by; made once a process."""
    workspace = project.workspace
    channels: dict[str, Channel] = {
        name: workspace.channels[name] for name in communication.channels if name in workspace.channels
    }
    key = id(communication), id(requirements)
    known = project.packers.get(key)
    # By identity, which is quick; the grounds hold both objects, so that no other takes their place in memory.
    if known is None or known.grounds.policy is not workspace.policy or known.grounds.channels != channels:
        rules = (rule.id for rule in project.rules)
        names = names_of(workspace.communications.values(), workspace.policy, rules)
        grounds = Grounds(communication, workspace.policy, channels, requirements, names, f"ccm {__version__}")
        known = project.packers[key] = Packer(grounds)
    return known


def load(connection: Connection, rows: Sequence[Mapping[Any, Any]]) -> dict[str, Grounds | IntegrityError]:
    """What the decisions of rows of `messages` were taken by, by digest; a policy that cannot be read is its error.

    Those at hand-off too; what a damaged trace names is left out.
    """
    wanted = sorted({row["policy"] for row in rows}.union(*map(_named_later, rows)) - {""})
    found: dict[str, Grounds | IntegrityError] = {}
    for start in range(0, len(wanted), BATCH):
        query = select(decision_policies).where(decision_policies.c.digest.in_(wanted[start : start + BATCH]))
        for row in connection.execute(query):
            try:
                found[row.digest] = Grounds.read(bytes(row.content), row.digest)
            except IntegrityError as error:
                found[row.digest] = error
    return found


def _named_later(row: Mapping[Any, Any]) -> set[str]:
    """The policies of a message's decisions at hand-off."""
    try:
        return {grounds_of(packed) for packed in links(row["trace"])[1:]}
    except IntegrityError:  # whoever opens the trace is told
        return set()


def opened(row: Mapping[Any, Any], found: Mapping[str, Grounds | IntegrityError]) -> tuple[Trace, Grounds | None]:
    """The decision about a row of `messages` and what it was decided by (None: of before, when nobody kept it).

    Raises `IntegrityError` where the trace or the policy is damaged, missing, or not the one that the row names.
    """
    return opened_all(row, found)[0]


def opened_all(
    row: Mapping[Any, Any], found: Mapping[str, Grounds | IntegrityError]
) -> list[tuple[Trace, Grounds | None]]:
    """The same of every decision about it: the first one, and each by which it was held or withheld at hand-off."""
    try:
        first, *later = links(row["trace"])
        if (digest := grounds_of(first)) != row["policy"]:
            raise IntegrityError(f"its trace names policy {digest or 'none'}, its row {row['policy'] or 'none'}")
        return [_opened(packed, row, found) for packed in (first, *later)]
    except IntegrityError as error:
        raise IntegrityError(f"message {row['id']}: {error}") from error


def _opened(
    packed: bytes, row: Mapping[Any, Any], found: Mapping[str, Grounds | IntegrityError]
) -> tuple[Trace, Grounds | None]:
    digest = grounds_of(packed)
    grounds = found.get(digest)
    if isinstance(grounds, IntegrityError):
        raise grounds
    if digest and grounds is None:
        raise IntegrityError(f"policy {digest}, which it was decided by, is not in the store")
    return unpack(packed, grounds, row["customer_id"], row["communication"], row["decided_at"]), grounds


def _store(project: Project, connection: Connection, grounds: Mapping[str, Grounds]) -> None:
    seen = _stored.setdefault(project.store, set())
    new = grounds.keys() - seen
    if not new:
        return
    query = select(decision_policies.c.digest).where(decision_policies.c.digest.in_(sorted(new)))
    committed = set(connection.scalars(query))
    # Not those written here: this transaction may yet be rolled back.
    seen |= committed
    if missing := sorted(new - committed):
        connection.execute(
            project.store.insert(decision_policies).on_conflict_do_nothing(),
            [{"digest": digest, "content": grounds[digest].content} for digest in missing],
        )
