"""Takes the decisions of a simulated time for a chunk of customers, in order of time.

A customer's caps, preferences and history are nobody else's, so customers need to know nothing of each other, but for
those who are bound (`ccm.batch.simulate.bonds`): they go through the time together. What a run would send them on one
occasion is decided and refused as `ccm.pipeline.reserve` does for a chunk.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from ccm.batch.simulate.bonds import Ties, ties
from ccm.batch.simulate.events import Event, Events
from ccm.batch.simulate.known import Known, known
from ccm.batch.simulate.tally import Tally
from ccm.compliance.places import region_of
from ccm.decide import Facts, decide, plan_for
from ccm.decide.counting import NOT_COUNTED
from ccm.decide.relations import household, joint_holders
from ccm.decide.sharing import Wanted, refused
from ccm.model.customer import Contact, Customer
from ccm.model.message import Decision
from ccm.pipeline.contact_points import contact_point, may_not_share
from ccm.pipeline.digests import windows_of
from ccm.pipeline.project import Project
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Terms


class _Outcome(NamedTuple):
    facts: Facts
    decision: Decision
    used: tuple[str, ...]
    """Channels on which a message is to go."""


class _State:
    """What a group of customers has got so far."""

    def __init__(self, people: Known, tally: Tally) -> None:
        self.people, self.tally = people, tally
        self.contacts: dict[str, tuple[Contact, ...]] = {}
        """Of those who got something: history and all."""
        self.messages: Counter[str] = Counter()

    def give_back(self, customer_id: str, communication: str, channel: str, due: datetime | None) -> None:
        """Takes out the contact of a message that does not go after all."""
        rows = list(self.contacts[customer_id])
        last = max(
            place for place, row in enumerate(rows)
            if (row.communication, row.channel, row.at) == (communication, channel, due)
        )  # fmt: skip
        self.contacts[customer_id] = (*rows[:last], *rows[last + 1 :])


class Customers:
    """One scenario's decisions. Only reads the store."""

    def __init__(self, project: Project, events: Events, first: datetime) -> None:
        self._project, self._events, self._first = project, events, first
        workspace = project.workspace
        self._policy, self._channels = workspace.policy, workspace.channels
        self._zone = ZoneInfo(workspace.settings.organisation.timezone)
        named = {name: workspace.communication(name) for name in sorted(events.communications)}
        collecting = {one.digest.into for one in named.values() if one.digest is not None}
        self._together = frozenset({run.communication for run in events.runs} | collecting)
        self._communications = named | {name: workspace.communication(name) for name in sorted(collecting)}
        self._windows = {name: windows_of(project, name) for name in collecting}
        self._terms = {name: self._policy.terms(one) for name, one in self._communications.items()}
        self._days: dict[int, str] = {}
        self._languages: dict[tuple[str, str], str] = {}

    @property
    def ties(self) -> Ties:
        """What binds customers in this scenario."""
        together = [self._communications[name] for name in self._together]
        return ties(self._communications.values(), self._policy, together)

    def simulate(self, connection: Connection, groups: Sequence[Sequence[str]]) -> Tally:
        """The counts of these customers; those who are bound stand in one group, in code point order."""
        ids = [customer_id for group in groups for customer_id in group]
        tally = Tally(customers=len(ids))
        people = known(connection, self._project, list(self._communications.values()), ids, self._first)
        for group in groups:
            state = _State(people, tally)
            self._group(state, [customer_id for customer_id in group if customer_id in people.facts])
            tally.reached.update(state.messages[customer_id] for customer_id in group)
        return tally

    def _group(self, state: _State, ids: Sequence[str]) -> None:
        """Everything that happens to some customers, in order of time, of communications and of ids."""
        queue = [(event, customer_id) for customer_id in ids for event in self._events.of(customer_id)]
        if len(ids) > 1:
            queue.sort()
        windows, place = set[tuple[Event, str]](), 0
        while place < len(queue):
            (event, first), end = queue[place], place + 1
            while event.communication in self._together and end < len(queue) and queue[end][0] == event:
                end += 1
            concerned = [first] if end == place + 1 else [customer_id for _, customer_id in queue[place:end]]
            place = end
            for customer_id, digest in self._occasion(state, event, concerned):
                closing = (Event(self._windows[digest](event.at)[1], digest), customer_id)
                if closing not in windows and closing[0].at < self._events.end:
                    windows.add(closing)
                    insort(queue, closing)

    def _occasion(self, state: _State, event: Event, ids: Sequence[str]) -> Iterator[tuple[str, str]]:
        """What happens at once to customers, decided one after the other; gives who has a part in which digest."""
        communication, tally = self._communications[event.communication], state.tally
        outcomes: list[_Outcome] = []
        for customer_id in ids:
            outcomes.append(self._decided(state, communication, customer_id, event.at))
            if communication.copies:
                holders = joint_holders(outcomes[-1].facts.relations, communication.purpose)
                for holder in holders:
                    if holder in state.people.facts:
                        outcomes.append(self._decided(state, communication, holder, event.at))
                    else:
                        tally.events += 1
                        tally.withheld[communication.id, "unknown_customer", self._day(event.at)] += 1
        kept_back = self._kept_back(communication, outcomes) if len(outcomes) > 1 else {}
        for number, (facts, decision, used) in enumerate(outcomes):
            tally.events += 1
            for channel in used if kept_back else ():
                if why := kept_back.get(f"{number} {channel}"):
                    state.give_back(facts.customer.id, communication.id, channel, decision.due_at)
                    tally.withheld[communication.id, why, self._day(event.at)] += 1
            if left := [channel for channel in used if f"{number} {channel}" not in kept_back] if kept_back else used:
                state.messages[facts.customer.id] += len(left)
                self._sent(communication, facts.customer, decision, left, tally)
            elif decision.digest:
                tally.digested[communication.id, decision.digest] += 1
                yield facts.customer.id, decision.digest
            elif not used:
                tally.withheld[communication.id, decision.reason, self._day(event.at)] += 1
            if decision.reason == "cap" or decision.detail.startswith("deferred"):
                self._displaced(communication, facts, decision, event.at, tally)

    def _decided(self, state: _State, communication: Communication, customer_id: str, at: datetime) -> _Outcome:
        """One decision; the room that it takes is taken from then on."""
        known = state.people.of(customer_id, communication.purpose)
        customer, contacts = known.customer, state.contacts.get(customer_id, known.contacts)
        asked = self._project.rules.requirements(communication, customer.jurisdiction, region_of(customer), at)
        facts = Facts(
            customer, known.preferences, known.consents, known.cases, contacts, asked, known.suppressions,
            known.relations, known.proxy,
        )  # fmt: skip
        decision = decide(communication, self._policy, self._channels, facts, at)
        if not (decision.send and decision.channel and decision.due_at):
            return _Outcome(facts, decision, ())
        terms, due, used = self._terms[communication.id], decision.due_at, (decision.channel, *decision.also)
        new = tuple(_contact(communication, terms, customer_id, channel, due) for channel in used)
        state.contacts[customer_id] = contacts + new
        return _Outcome(facts, decision, used)

    def _kept_back(self, communication: Communication, outcomes: Sequence[_Outcome]) -> dict[str, str]:
        """Why messages must not go, by place and channel: another customer's reaches the address, or the household."""
        wanted = []
        for number, (facts, _, used) in enumerate(outcomes):
            lives = household(facts.relations, communication.purpose) if communication.one_per == "household" else None
            for channel in used:
                point = ""
                if may_not_share(self._policy, communication, channel):
                    point = contact_point(channel, facts.customer.reach(channel) or "", b"")
                wanted.append(Wanted(f"{number} {channel}", facts.customer.id, point, lives or ""))
        return refused(wanted, {}, {})

    def _sent(
        self, communication: Communication, customer: Customer, decision: Decision, used: Sequence[str], tally: Tally
    ) -> None:
        due = decision.due_at or decision.at
        tag = (communication.id, customer.language)
        if tag not in self._languages:
            self._languages[tag] = communication.language_for(customer.language) or ""
        for channel in used:
            tally.sent[communication.id, channel, self._day(due)] += 1
            tally.sizes[communication.id, channel, self._languages[tag], customer.jurisdiction] += 1
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
        room = way.caps.named(cap) if way else None
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
