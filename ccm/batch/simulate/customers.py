"""Takes the decisions of a simulated time for a chunk of customers, one customer after the other, in order of time.

A customer's caps, preferences and history are nobody else's, so chunks need to know nothing of each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from ccm.batch.simulate.events import Event, Events
from ccm.batch.simulate.tally import Tally
from ccm.compliance.places import region_of
from ccm.decide import Facts, decide, plan_for
from ccm.decide.counting import NOT_COUNTED
from ccm.model.customer import Contact, Customer
from ccm.model.message import Decision
from ccm.pipeline.digests import windows_of
from ccm.pipeline.gather import gather
from ccm.pipeline.project import Project
from ccm.store import feeds
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Terms


class Customers:
    """One scenario's decisions. Only reads the store."""

    def __init__(self, project: Project, events: Events, first: datetime) -> None:
        self._project, self._events, self._first = project, events, first
        workspace = project.workspace
        self._policy, self._channels = workspace.policy, workspace.channels
        self._zone = ZoneInfo(workspace.settings.organisation.timezone)
        named = {name: workspace.communication(name) for name in sorted(events.communications)}
        collecting = {one.digest.into for one in named.values() if one.digest is not None}
        self._communications = named | {name: workspace.communication(name) for name in sorted(collecting)}
        self._windows = {name: windows_of(project, name) for name in collecting}
        self._terms = {name: self._policy.terms(one) for name, one in self._communications.items()}
        self._days: dict[int, str] = {}
        self._languages: dict[tuple[str, str], str] = {}

    def simulate(self, connection: Connection, customer_ids: Sequence[str]) -> Tally:
        """The counts of these customers."""
        tally = Tally(customers=len(customer_ids))
        known = self._known(connection, customer_ids)
        for customer_id, facts in known.items():
            self._one(facts, self._events.of(customer_id), tally)
        return tally

    def _known(self, connection: Connection, customer_ids: Sequence[str]) -> dict[str, Facts]:
        """What is known of each customer, with every contact that any of the communications looks at."""
        some = next(iter(self._communications.values()))
        found = gather(connection, self._project, some, customer_ids, self._first)
        places = {(facts.customer.jurisdiction, region_of(facts.customer)) for facts in found.values()}
        begins, follows = self._first, set[str]()
        for communication in self._communications.values():
            plan = plan_for(communication, self._policy, self._channels)
            follows.update(plan.follows)
            for place in places:
                asked = self._project.rules.requirements(communication, *place, self._first)
                begins = min(begins, plan.look_back(asked.values(), self._first) or begins)
        contacts = feeds.contacts(connection, list(found), begins, sorted(follows))
        return {
            customer_id: replace(facts, contacts=tuple(contacts.get(customer_id, ())))
            for customer_id, facts in found.items()
        }

    def _one(self, facts: Facts, events: Sequence[Event], tally: Tally) -> None:
        contacts, messages = facts.contacts, 0
        customer, region = facts.customer, region_of(facts.customer)
        queue, windows, place = events, set[Event](), 0
        while place < len(queue):
            event, place = queue[place], place + 1
            communication = self._communications[event.communication]
            asked = self._project.rules.requirements(communication, customer.jurisdiction, region, event.at)
            now = Facts(
                customer, facts.preferences, facts.consents, facts.cases, contacts, asked, facts.suppressions,
                facts.relations, facts.proxy,
            )  # fmt: skip
            decision = decide(communication, self._policy, self._channels, now, event.at)
            tally.events += 1
            if decision.send and decision.channel and decision.due_at:
                terms = self._terms[communication.id]
                used, due = (decision.channel, *decision.also), decision.due_at
                contacts += tuple(_contact(communication, terms, customer.id, channel, due) for channel in used)
                messages += 1 + len(decision.also)
                self._sent(communication, customer, decision, tally)
            elif decision.digest:
                tally.digested[communication.id, decision.digest] += 1
                closing = Event(self._windows[decision.digest](event.at)[1], decision.digest)
                if closing not in windows and closing.at < self._events.end:
                    windows.add(closing)
                    queue = sorted([*queue, closing])
            else:
                tally.withheld[communication.id, decision.reason, self._day(event.at)] += 1
            if decision.reason == "cap" or decision.detail.startswith("deferred"):
                self._displaced(communication, now, decision, event.at, tally)
        tally.reached[messages] += 1

    def _sent(self, communication: Communication, customer: Customer, decision: Decision, tally: Tally) -> None:
        channel, due = str(decision.channel), decision.due_at or decision.at
        tag = (communication.id, customer.language)
        if tag not in self._languages:
            self._languages[tag] = communication.language_for(customer.language) or ""
        for used in (channel, *decision.also):
            tally.sent[communication.id, used, self._day(due)] += 1
            tally.sizes[communication.id, used, self._languages[tag], customer.jurisdiction] += 1
        if due > decision.at:
            tally.later[communication.id, decision.detail.split(":")[0]] += 1

    def _displaced(
        self, communication: Communication, facts: Facts, decision: Decision, at: datetime, tally: Tally
    ) -> None:
        """Who took the room: each communication that stands in the full window, once for this message."""
        cap = decision.detail.rpartition(":")[2]
        wanted = decision.channel or next((one.channel for one in decision.candidates if one.detail == cap), None)
        plan = plan_for(communication, self._policy, self._channels)
        way = plan.regime(facts.requirements).ways.get(wanted or "")
        room = next((one.room for one in way.counters if one.room.id == cap), None) if way else None
        if room is None:
            return
        length = timedelta(microseconds=room.length)
        near = {
            contact.communication for contact in facts.contacts
            if contact.counts and contact.status not in NOT_COUNTED and at - length < contact.at < at + length
            and room.holds(contact.category, contact.channel, contact.purpose)
        }  # fmt: skip
        for name in sorted(near):
            tally.displaced[communication.id, cap, name] += 1

    def _day(self, at: datetime) -> str:
        quarter = int(at.timestamp()) // 900  # zones differ by quarters of an hour at least
        if quarter not in self._days:
            self._days[quarter] = at.astimezone(self._zone).date().isoformat()
        return self._days[quarter]


def _contact(communication: Communication, terms: Terms, customer_id: str, channel: str, at: datetime) -> Contact:
    return Contact(
        customer_id=customer_id, communication=communication.id, category=communication.category, channel=channel,
        at=at, status="reserved", purpose=communication.purpose, priority=terms.priority,
        counts=terms.counts_toward_caps,
    )  # fmt: skip
