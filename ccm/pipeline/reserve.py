"""reserve: the decision once more, now that nobody else can change what a customer's caps are counted on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection, Transaction, select

from ccm.decide import Facts, decide, plan_for, relations
from ccm.decide.sharing import Wanted
from ccm.model.customer import Contact
from ccm.model.message import NEVER_WENT, Decision
from ccm.pipeline import contact_points
from ccm.pipeline.compose import Composed, Occasion
from ccm.pipeline.copies import PART
from ccm.pipeline.gather import ledger_again
from ccm.pipeline.project import Compiled, Project
from ccm.store.queries import Query, given, one_of
from ccm.store.tables import messages

_COUNT_GUARDS = "SELECT count(*) FROM customer_guards WHERE customer_id = ANY(%b::text[])"
# In the order of the column's collation, which is that of Python: by code point.
_ADD_GUARDS = (
    "INSERT INTO customer_guards (customer_id) SELECT id FROM unnest(%b::text[]) AS given (id)"
    ' ORDER BY id COLLATE "C" ON CONFLICT (customer_id) DO NOTHING'
)
_LOCK_GUARDS = (
    "SELECT count(*) FROM (SELECT 1 FROM customer_guards WHERE customer_id = ANY(%b::text[])"
    " ORDER BY customer_id FOR NO KEY UPDATE) AS locked"
)


@dataclass
class Reserved:
    """What may be recorded, and who has to be composed anew before anything can be."""

    final: list[Composed] = field(default_factory=list)
    changed: dict[str, tuple[Facts, Decision]] = field(default_factory=dict)
    """By `Composed.key` for whom the ledger as it is now leads to a message that is not there, or to another one."""


def lock_guards(project: Project, connection: Connection, customer_ids: Iterable[str]) -> None:
    """One row a customer, locked in customer order: two transactions count one customer's caps in turn.

    SQLite needs none of it: its write transaction is the only one.
    """
    ids = sorted(set(customer_ids))
    if project.store.dialect == "sqlite" or not ids:
        return
    # Who waits for one guard only holds no other.
    while not _locked(connection, ids, nullcontext() if len(ids) == 1 else connection.begin_nested()):
        pass


def _locked(connection: Connection, ids: Sequence[str], attempt: AbstractContextManager[Transaction | None]) -> bool:
    """Whether all guards are locked now; if not, none is.

    An erasure may take one away that this waited for. It is made anew before any is locked, not while others are held:
    two that did so would wait for each other.
    """
    with attempt as savepoint:
        if connection.exec_driver_sql(_COUNT_GUARDS, (ids,)).scalar_one() < len(ids):
            connection.exec_driver_sql(_ADD_GUARDS, (ids,))
        locked: bool = connection.exec_driver_sql(_LOCK_GUARDS, (ids,)).scalar_one() == len(ids)
        if savepoint is not None and not locked:
            savepoint.rollback()
    return locked


def reserve(
    project: Project, connection: Connection, compiled: Compiled, occasion: Occasion, composed: Sequence[Composed],
    points: Mapping[str, str],
) -> Reserved:  # fmt: skip
    """Decides again for everybody whose ledger changed since they were composed; takes their guards first.

    Deciding is a pure function: an equal ledger gives an equal decision, and need not be asked again. That goes for
    those who were withheld, too: a slot that became free meanwhile is theirs. Times need no lock, for a cap looks at
    every window that holds the new contact, before and after it, whatever a host's clock said. `points`: message id to
    the digest of the address of each that is due.
    """
    communication, workspace = compiled.communication, project.workspace
    known = {outcome.decision.customer_id: outcome.facts for outcome in composed if outcome.facts is not None}
    wanted = _wanted(project, compiled, composed, points)
    lock_guards(project, connection, {*known, *contact_points.guards(wanted.values())})
    contacts = ledger_again(connection, project, communication, known, occasion.at)
    already = _already_sent(connection, communication.id, occasion.id, list(known))
    reserved = Reserved()
    taken: defaultdict[str, list[Contact]] = defaultdict(list)
    # Nobody else but the receiver of copies gets several messages of one transaction.
    takes_room = bool(communication.copies)
    for key, outcomes in groupby(composed, key=attrgetter("key")):
        group = list(outcomes)
        first = group[0]
        facts, customer_id = first.facts, first.decision.customer_id
        now = (*contacts.get(customer_id, ()), *taken[customer_id]) if taken else tuple(contacts.get(customer_id, ()))
        if facts is not None and now != facts.contacts:
            facts = replace(facts, contacts=now)
            decision = decide(communication, workspace.policy, workspace.channels, facts, occasion.at)
            if (decision.send or decision.digest) and not _same_way(decision, first.decision):
                reserved.changed[key] = facts, decision
                if takes_room:
                    taken[customer_id] += _room(project, compiled, first.message_id, decision)
                continue
            group = _decided_again(group, facts, decision)
        has_it = bool(already) and (customer_id, first.part if first.about else "") in already
        # The first of several channels may be withheld, as where it is stopped, and another go.
        if has_it and any(one.state in ("due", "digested") for one in group):
            group = [_withheld(group[0], "already_sent")]
        elif takes_room and group[0].state == "due":
            taken[customer_id] += _room(project, compiled, first.message_id, group[0].decision)
        reserved.final += group
    if not reserved.changed:
        reserved.final = _once_each(connection, compiled, occasion, reserved.final, wanted)
    return reserved


def _room(project: Project, compiled: Compiled, message: str, decision: Decision) -> list[Contact]:
    """The contact that a message of this transaction will be, for others to the same person.

    It is as the ledger will have it, so that an equal one is known again when the transaction is tried anew.
    """
    if decision.channel is None or decision.due_at is None:
        return []
    plan = plan_for(compiled.communication, project.workspace.policy, project.workspace.channels)
    return [plan.contact(decision.customer_id, decision.channel, decision.due_at, message)]


def _wanted(
    project: Project, compiled: Compiled, composed: Sequence[Composed], points: Mapping[str, str]
) -> dict[str, Wanted]:
    """By message id, what is due and must not meet another in one address or household."""
    communication = compiled.communication
    alone = {channel for channel in communication.channels
             if contact_points.may_not_share(project.workspace.policy, communication, channel)}  # fmt: skip
    if not alone and communication.one_per != "household":
        return {}
    found = {}
    for outcome in composed:
        if outcome.state == "due":
            decision, household = outcome.decision, None
            if communication.one_per == "household" and outcome.facts is not None:
                household = relations.household(outcome.facts.relations, communication.purpose)
            point = points[outcome.message_id] if decision.channel in alone else ""
            found[outcome.message_id] = Wanted(outcome.message_id, decision.customer_id, point, household or "")
    return found


def _once_each(
    connection: Connection, compiled: Compiled, occasion: Occasion, outcomes: Sequence[Composed],
    wanted: Mapping[str, Wanted],
) -> list[Composed]:  # fmt: skip
    """Without what would reach one address or household twice, though it is different customers'."""
    asked = [wanted[one.message_id] for one in outcomes if one.state == "due" and one.message_id in wanted]
    refused = contact_points.shared_contact_points(connection, compiled.communication, occasion.id, asked)
    if not refused:
        return list(outcomes)
    return [
        _withheld(outcome, refused[outcome.message_id]) if outcome.message_id in refused else outcome
        for outcome in outcomes
    ]


def _same_way(decision: Decision, before: Decision) -> bool:
    same = (decision.send, decision.channel, decision.also, decision.digest)
    return same == (before.send, before.channel, before.also, before.digest)


def _decided_again(group: Sequence[Composed], facts: Facts, decision: Decision) -> list[Composed]:
    """The outcomes of one customer by a decision that needs no other message: another time, or none at all."""
    if not decision.send and not decision.digest:
        return [not_sent(group[0], facts, decision)]
    found = []
    for outcome in group:
        mine = decision._replace(channel=outcome.decision.channel, rules=outcome.decision.rules)
        # Why the data or the rules did not allow it is still so.
        is_so = outcome.state in ("due", "digested")
        reason, detail = (mine.reason, mine.detail) if is_so else (outcome.reason, outcome.detail)
        found.append(outcome._replace(facts=facts, decision=mine, reason=reason, detail=detail))
    return found


def not_sent(outcome: Composed, facts: Facts, decision: Decision) -> Composed:
    """The outcome of a decision not to send, in place of one that was composed."""
    return outcome._replace(
        facts=facts, decision=decision, state="withheld", reason=decision.reason, detail=decision.detail,
        message=None, rendered=None,
    )  # fmt: skip


def not_again(decision: Decision, reason: str) -> Decision:
    """A decision to send or to collect, after it was seen that somebody has the same thing already."""
    return decision._replace(send=False, reason=reason, detail="", channel=None, due_at=None, also=(), digest="")


def _withheld(outcome: Composed, reason: str) -> Composed:
    decision = not_again(outcome.decision, reason)
    return outcome._replace(
        decision=decision, state="withheld", reason=reason, detail="", message=None, rendered=None
    )  # fmt: skip


_HAVE_IT = Query(
    select(messages.c.customer_id, messages.c.part).where(
        one_of(messages.c.customer_id, "ids"), messages.c.communication == given("communication"),
        messages.c.occasion == given("occasion"), messages.c.state.not_in(NEVER_WENT),
    )
)  # fmt: skip


def _already_sent(
    connection: Connection, communication: str, occasion: str, ids: Sequence[str]
) -> set[tuple[str, str]]:  # fmt: skip
    """Who has it already, and of what: an empty part is the customer's own matter, others are copies of another's."""
    found = _HAVE_IT(connection, ids=ids, communication=communication, occasion=occasion)
    return {(customer_id, part if part.startswith(PART) else "") for customer_id, part in found}
