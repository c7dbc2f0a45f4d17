"""Takes the decisions of a simulated time for a chunk of customers, one customer after the other, in order of time.

A customer's caps, preferences and history are nobody else's, so chunks need to know nothing of each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from ccm.batch.simulate.events import Event, Events
from ccm.batch.simulate.tally import Tally
from ccm.compliance.places import region_of
from ccm.decide import Facts, decide
from ccm.model.customer import Contact, Customer
from ccm.model.message import Decision
from ccm.pipeline.compose import gather
from ccm.pipeline.project import Project
from ccm.workspace.communication import Communication


class Customers:
    """One scenario's decisions. Only reads the store."""

    def __init__(self, project: Project, events: Events, first: datetime) -> None:
        self._project, self._events, self._first = project, events, first
        workspace = project.workspace
        self._policy, self._channels = workspace.policy, workspace.channels
        self._zone = ZoneInfo(workspace.settings.organisation.timezone)
        names = sorted(events.communications)
        self._communications = {name: workspace.communication(name) for name in names}
        self._days: dict[datetime, str] = {}

    def simulate(self, connection: Connection, customer_ids: Sequence[str]) -> Tally:
        """The counts of these customers."""
        tally = Tally(customers=len(customer_ids))
        known = self._known(connection, customer_ids)
        for customer_id, facts in known.items():
            self._one(facts, self._events.of(customer_id), tally)
        return tally

    def _known(self, connection: Connection, customer_ids: Sequence[str]) -> dict[str, Facts]:
        """What is known of each customer, with every contact that any of the communications counts."""
        found: dict[str, Facts] = {}
        contacts: dict[str, dict[str, Contact]] = {}
        for communication in self._communications.values():
            for customer_id, facts in gather(
                connection, self._project, communication, customer_ids, self._first
            ).items():
                found[customer_id] = facts
                own = contacts.setdefault(customer_id, {})
                own.update({contact.message_id or "": contact for contact in facts.contacts})
        for customer_id, rows in contacts.items():
            ordered = sorted(rows.values(), key=lambda contact: (contact.at, contact.message_id or ""))
            found[customer_id] = replace(found[customer_id], contacts=tuple(ordered))
        return found

    def _one(self, facts: Facts, events: Sequence[Event], tally: Tally) -> None:
        contacts, messages = facts.contacts, 0
        customer, region = facts.customer, region_of(facts.customer)
        for event in events:
            communication = self._communications[event.communication]
            asked = self._project.rules.requirements(communication, customer.jurisdiction, region, event.at)
            now = replace(facts, contacts=contacts, requirements=asked)
            decision = decide(communication, self._policy, self._channels, now, event.at)
            tally.events += 1
            if decision.send and decision.channel and decision.due_at:
                contacts = (*contacts, _contact(communication, customer.id, decision.channel, decision.due_at))
                messages += 1
                self._sent(communication, customer, decision, tally)
            else:
                tally.withheld[communication.id, decision.reason, self._day(event.at)] += 1
            if decision.reason == "cap" or decision.detail.startswith("deferred"):
                self._displaced(communication, now, decision, event.at, tally)
        tally.reached[messages] += 1

    def _sent(self, communication: Communication, customer: Customer, decision: Decision, tally: Tally) -> None:
        channel, due = str(decision.channel), decision.due_at or decision.at
        tally.sent[communication.id, channel, self._day(due)] += 1
        language = communication.language_for(customer.language) or ""
        tally.sizes[communication.id, channel, language, customer.jurisdiction] += 1
        if due > decision.at:
            tally.later[communication.id, decision.detail.split(":")[0]] += 1

    def _displaced(
        self, communication: Communication, facts: Facts, decision: Decision, at: datetime, tally: Tally
    ) -> None:
        """Who took the room: each communication that stands in the full window, once for this message."""
        cap = next((cap for cap in self._policy.caps if cap.id == decision.detail.rpartition(":")[2]), None)
        if cap is not None:
            near = [
                contact
                for contact in facts.contacts
                if contact.category in cap.categories and at - cap.length < contact.at
            ]
            for name in sorted({contact.communication for contact in near}):
                tally.displaced[communication.id, cap.id, name] += 1

    def _day(self, at: datetime) -> str:
        hour = at.replace(minute=0, second=0, microsecond=0)
        if hour not in self._days:
            self._days[hour] = at.astimezone(self._zone).date().isoformat()
        return self._days[hour]


def _contact(communication: Communication, customer_id: str, channel: str, at: datetime) -> Contact:
    return Contact.model_construct(
        None, customer_id=customer_id, communication=communication.id, category=communication.category,
        channel=channel, at=at, status="reserved", message_id=None,
        purpose=communication.purpose, counts=communication.counts_toward_caps,
    )  # fmt: skip
