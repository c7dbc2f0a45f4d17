"""What is known of a chunk of customers when a simulation begins."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from ccm.compliance.places import Place, place_of
from ccm.decide import Facts, plan_for
from ccm.decide.relations import INSTEAD, joint_holders
from ccm.model.customer import Contact
from ccm.pipeline.gather import gather
from ccm.pipeline.project import Project
from ccm.store import feeds
from ccm.workspace.communication import Communication


@dataclass(frozen=True, slots=True)
class Known:
    """Facts by customer."""

    facts: Mapping[str, Facts]
    received: Mapping[tuple[str, str], Facts]
    """By customer and purpose, of customers for whom somebody else may receive: that goes by purpose."""
    places: Mapping[int, Place]
    """By the identity of facts, where their customer is."""

    def of(self, customer_id: str, purpose: str) -> Facts:
        """What is known when something of a purpose is decided."""
        if self.received and (customer_id, purpose) in self.received:
            return self.received[customer_id, purpose]
        return self.facts[customer_id]


def known(
    connection: Connection, project: Project, communications: Collection[Communication], customer_ids: Sequence[str],
    at: datetime,
) -> Known:  # fmt: skip
    """What is known of customers and of who gets copies of their messages, each table read once.

    Contacts are all that any of the communications looks at.
    """
    by_purpose = {one.purpose: one for one in communications}
    some = next(iter(by_purpose.values()))
    found = gather(connection, project, some, customer_ids, at, whole=True)
    copied = {one.purpose for one in communications if one.copies}
    holders = {
        holder for facts in found.values() if facts.relations
        for purpose in copied for holder in joint_holders(facts.relations, purpose)
    }  # fmt: skip
    if others := sorted(holders - set(customer_ids)):
        found |= gather(connection, project, some, others, at, whole=True)
    wards = [customer_id for customer_id, facts in found.items() if any(row.kind in INSTEAD for row in facts.relations)]
    received: dict[tuple[str, str], Facts] = {
        (customer_id, purpose): facts for purpose, one in (by_purpose.items() if wards else ())
        for customer_id, facts in gather(connection, project, one, wards, at, whole=True).items()
    }  # fmt: skip
    contacts = _contacts(connection, project, communications, [*found.values(), *received.values()], at)
    by_customer = {name: _with(facts, contacts) for name, facts in found.items()}
    by_purpose_too = {name: _with(facts, contacts) for name, facts in received.items()}
    everything = (*by_customer.values(), *by_purpose_too.values())
    return Known(by_customer, by_purpose_too, {id(facts): place_of(facts.customer) for facts in everything})


def _with(facts: Facts, contacts: Mapping[str, tuple[Contact, ...]]) -> Facts:
    mine = contacts.get(facts.customer.id)
    return facts if mine is None else replace(facts, contacts=mine)


def _contacts(
    connection: Connection, project: Project, communications: Collection[Communication], found: Sequence[Facts],
    at: datetime,
) -> dict[str, tuple[Contact, ...]]:  # fmt: skip
    workspace = project.workspace
    places = {place_of(facts.customer) for facts in found}
    begins, follows, counted = at, set[str](), set[str]()
    for communication in communications:
        plan = plan_for(communication, workspace.policy, workspace.channels)
        follows.update(plan.follows)
        for place in places:
            asked = project.rules.requirements(
                communication, place.jurisdiction, place.region, at, place.number
            )  # fmt: skip
            begins = min(begins, plan.look_back(asked.values(), at) or begins)
            counted |= plan.counted(asked.values())
    ids = list(dict.fromkeys(facts.customer.id for facts in found))
    contacts = feeds.contacts(connection, ids, begins, sorted(follows), sorted(counted))
    return {customer_id: tuple(rows) for customer_id, rows in contacts.items()}
