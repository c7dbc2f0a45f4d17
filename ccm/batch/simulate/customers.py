"""Takes the decisions of a simulated time for a chunk of customers, in order of time.

A customer's caps, preferences and history are nobody else's, so customers need to know nothing of each other, but for
those who are bound (`ccm.batch.simulate.bonds`): they go through the time together. What a run would send them on one
occasion is decided and refused as `ccm.pipeline.reserve` does for a chunk.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from ccm.batch.runs import named_after
from ccm.batch.simulate.bonds import Ties, ties
from ccm.batch.simulate.events import Event, Events
from ccm.batch.simulate.known import Known, known
from ccm.batch.simulate.served import Served, served
from ccm.batch.simulate.tally import Tally
from ccm.decide import Facts, decide, plan_for
from ccm.decide.relations import household, joint_holders
from ccm.decide.sharing import Wanted, refused
from ccm.model.customer import Contact, Customer
from ccm.model.message import Decision
from ccm.pipeline.contact_points import contact_point, may_not_share
from ccm.pipeline.copies import part_of
from ccm.pipeline.data import previous_period
from ccm.pipeline.digests import windows_of
from ccm.pipeline.project import Project
from ccm.pipeline.reserve import not_again
from ccm.workspace.communication import Communication

_Outcome = tuple[Facts, Decision, tuple[str, ...], str]
"""What was known, what was decided, the channels on which messages go, and of a copy its part."""


@lru_cache(maxsize=10_000)
def _point(channel: str, address: str) -> str:
    return contact_point(channel, address, b"")


class _State:
    """What a group of customers has got so far."""

    def __init__(self, people: Known, have: Served, ids: Sequence[str], tally: Tally) -> None:
        self.people, self.have, self.ids, self.tally = people, have, ids, tally
        self.contacts: dict[str, tuple[Contact, ...]] = {}
        """Of those who got something: history and all."""
        self.messages: Counter[str] = Counter()
        self.closings: set[tuple[Event, str]] = set()

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
        self._occasions = {run: self._occasion_of(run) for run in events.runs}
        self._windows = {name: windows_of(project, name) for name in collecting}
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
        runs = {run.communication for run in self._occasions}
        have = served(connection, runs, {*self._occasions.values()}, list(people.facts))
        for group in groups:
            there = [customer_id for customer_id in group if customer_id in people.facts]
            state = _State(people, have, there, tally)
            self._group(state)
            tally.reached.update(state.messages[customer_id] for customer_id in group)
        return tally

    def _occasion_of(self, run: Event) -> str:
        """What a planned run is about, as `ccm.batch.runs` names it."""
        kind = self._communications[run.communication].data.period
        period = previous_period(kind, run.at, self._zone.key) if kind else None
        return f"{run.communication}/{named_after(run.at, period)}"

    def _group(self, state: _State) -> None:
        """Everything that happens to a group, in order of time, of communications and of ids."""
        ids = state.ids
        queue = [(event, customer_id) for customer_id in ids for event in self._events.of(customer_id)]
        if len(ids) > 1:
            queue.sort()
        place, together = 0, self._together if len(ids) > 1 else ()
        while place < len(queue):
            (event, customer_id), place = queue[place], place + 1
            concerned = [customer_id]
            if event.communication in together:
                while place < len(queue) and queue[place][0] == event:
                    concerned.append(queue[place][1])
                    place += 1
            for closing in self._occasion(state, event, concerned):
                if closing not in state.closings:
                    state.closings.add(closing)
                    insort(queue, closing)

    def _occasion(self, state: _State, event: Event, ids: Sequence[str]) -> Sequence[tuple[Event, str]]:
        """What happens at once to customers, decided one after the other; returns whose digests are to close when."""
        communication, at, tally = self._communications[event.communication], event.at, state.tally
        about = self._occasions.get(event, "")
        outcomes = [self._decided(state, communication, customer_id, at, about) for customer_id in ids]
        if communication.copies:
            outcomes = self._with_copies(state, communication, outcomes, at, about)
        if len(outcomes) > 1:
            outcomes = self._once_each(state, communication, outcomes, at, about)
        closings = []
        tally.events += len(outcomes)
        for facts, decision, used, part in outcomes:
            if about and (used or decision.digest):
                state.have.add(facts.customer.id, about, part, used)
            if used:
                state.messages[facts.customer.id] += len(used)
                self._sent(communication, facts.customer, decision, used, tally)
            elif decision.digest:
                tally.digested[communication.id, decision.digest] += 1
                end = self._windows[decision.digest](at)[1]
                if end < self._events.end:
                    closings.append((Event(end, decision.digest), facts.customer.id))
            elif not decision.send:
                tally.withheld[communication.id, decision.reason, self._day(at)] += 1
            if decision.reason == "cap" or decision.detail.startswith("deferred"):
                self._displaced(communication, facts, decision, at, tally)
        return closings

    def _decided(
        self, state: _State, communication: Communication, customer_id: str, at: datetime, about: str, part: str = ""
    ) -> _Outcome:
        """One decision; the room that it takes is taken from then on. `about`: the occasion of a run."""
        known = state.people.of(customer_id, communication.purpose)
        customer, contacts = known.customer, state.contacts.get(customer_id, known.contacts)
        place = state.people.places[id(known)]
        asked = self._project.rules.requirements(
            communication, place.jurisdiction, place.region, at, place.number
        )  # fmt: skip
        facts = Facts(
            customer, known.preferences, known.consents, known.cases, contacts, asked, known.suppressions,
            known.relations, known.proxy,
        )  # fmt: skip
        decision = decide(communication, self._policy, self._channels, facts, at)
        if about and (decision.send or decision.digest) and state.have.has(customer_id, about, part):
            return facts, not_again(decision, "already_sent"), (), part
        if not (decision.send and decision.channel and decision.due_at):
            return facts, decision, (), part
        plan, used = plan_for(communication, self._policy, self._channels), (decision.channel, *decision.also)
        due = decision.due_at
        state.contacts[customer_id] = contacts + tuple(plan.contact(customer_id, channel, due) for channel in used)
        return facts, decision, used, part

    def _with_copies(
        self, state: _State, communication: Communication, outcomes: Sequence[_Outcome], at: datetime, about: str
    ) -> list[_Outcome]:
        """Behind each customer's outcome those of the joint holders, as `ccm.pipeline.copies` has them."""
        found = []
        for outcome in outcomes:
            found.append(outcome)
            for holder in joint_holders(outcome[0].relations, communication.purpose):
                if holder in state.people.facts:
                    part = part_of(outcome[0].customer.id, holder)
                    found.append(self._decided(state, communication, holder, at, about, part))
                else:
                    state.tally.events += 1
                    state.tally.withheld[communication.id, "unknown_customer", self._day(at)] += 1
        return found

    def _once_each(
        self, state: _State, communication: Communication, outcomes: Sequence[_Outcome], at: datetime, about: str
    ) -> list[_Outcome]:
        """Without what would reach one address or household twice, as `ccm.pipeline.reserve` keeps it back."""
        wanted = []
        for number, (facts, _, used, _) in enumerate(outcomes):
            for channel in used:
                point, home = self._places(communication, facts, channel)
                if point or home:
                    wanted.append(Wanted(f"{number} {channel}", facts.customer.id, point, home))
        points, homes = self._served_places(state, communication, about) if wanted and about else ({}, {})
        why = refused(wanted, points, homes)
        if not why:
            return list(outcomes)
        found = []
        for number, (facts, decision, used, part) in enumerate(outcomes):
            left = tuple(channel for channel in used if f"{number} {channel}" not in why)
            for channel in used if len(left) < len(used) else ():
                if reason := why.get(f"{number} {channel}"):
                    state.give_back(facts.customer.id, communication.id, channel, decision.due_at)
                    state.tally.withheld[communication.id, reason, self._day(at)] += 1
            found.append((facts, decision, left, part))
        return found

    def _places(self, communication: Communication, facts: Facts, channel: str) -> tuple[str, str]:
        """The address and the household that get a communication once, each empty where that does not hold."""
        shared = may_not_share(self._policy, communication, channel)
        point = _point(channel, facts.customer.reach(channel) or "") if shared else ""
        at_home = communication.one_per == "household"
        return point, (household(facts.relations, communication.purpose) or "") if at_home else ""

    def _served_places(
        self, state: _State, communication: Communication, about: str
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Addresses and households that have it already, by where those who got it can be reached now."""
        points, homes = dict[str, str](), dict[str, str]()
        for customer_id in state.ids:
            for channel in state.have.channels(customer_id, about):
                facts = state.people.of(customer_id, communication.purpose)
                point, home = self._places(communication, facts, channel)
                points.setdefault(point, customer_id)
                homes.setdefault(home, customer_id)
        return points, homes

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
            if at - length < contact.at < at + length and room.is_taken_by(contact)
        }  # fmt: skip
        for name in sorted(near):
            tally.displaced[communication.id, cap, name] += 1

    def _day(self, at: datetime) -> str:
        quarter = int(at.timestamp()) // 900  # zones differ by quarters of an hour at least
        if quarter not in self._days:
            self._days[quarter] = at.astimezone(self._zone).date().isoformat()
        return self._days[quarter]
