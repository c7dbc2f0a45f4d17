"""Simulates a time to come with all processors: chunks of customers, each in one process, nothing written."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import reduce
from operator import or_
from zoneinfo import ZoneInfo

from ccm.batch.simulate.bonds import bound
from ccm.batch.simulate.customers import Customers
from ccm.batch.simulate.events import Events
from ccm.batch.simulate.scenario import Scenario
from ccm.batch.simulate.sizes import Key, Size, sizes
from ccm.batch.simulate.tally import Tally
from ccm.batch.workers import forked
from ccm.errors import InputError
from ccm.store import Store, feeds
from ccm.workspace.calendar import MAX_DAYS, Calendar

CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Simulation:
    """What came out for one scenario."""

    scenario: Scenario
    tally: Tally
    sizes: dict[Key, Size]


def simulate(
    scenarios: Sequence[Scenario], calendar: Calendar, first: date, last: date, *, limit: int | None = None,
    workers: int | None = None, on_progress: Callable[[int], None] = lambda customers: None,
) -> list[Simulation]:  # fmt: skip
    """Decides everything between two days (inclusive, of the organisation's zone) for every customer of the store.

    All scenarios see the same customers and triggers. Raises `InputError` for a time that is too long or empty, where
    there is nothing to simulate, or no customer.
    """
    if not first <= last or (last - first).days >= MAX_DAYS:
        raise InputError(f"from {first} to {last}: between 1 and {MAX_DAYS} days can be simulated")
    store = scenarios[0].project.store
    zone = scenarios[0].project.workspace.settings.organisation.timezone
    start = datetime.combine(first, time(), ZoneInfo(zone)).astimezone(UTC)
    events = Events(calendar, first, last, zone)
    if not events.communications:
        raise InputError(f"nothing is planned or expected from {first} to {last}: add to the calendar")
    simulators = [Customers(scenario.project, events, start) for scenario in scenarios]
    tallies = [Tally() for _ in scenarios]
    for parts in _worked_off(simulators, store, limit, workers or os.cpu_count() or 1):
        for tally, part in zip(tallies, parts, strict=True):
            tally.add(part)
        on_progress(tallies[0].customers)
    if not tallies[0].customers:
        raise InputError("there are no customers; import some with: ccm import customers FILE")
    return [
        Simulation(scenario, tally, sizes(scenario.project, [key[:3] for key in tally.sizes], start))
        for scenario, tally in zip(scenarios, tallies, strict=True)
    ]


def _worked_off(simulators: list[Customers], store: Store, limit: int | None, workers: int) -> Iterator[list[Tally]]:
    """The tallies of every chunk, a tally a scenario, as they come."""
    tied = reduce(or_, (simulator.ties for simulator in simulators))
    with store.read() as connection:
        groups = bound(connection, tied)
        last = None if limit is None else (feeds.customer_ids(connection, None, limit) or [""])[-1]
    store.close()  # a connection must not be shared with a forked process
    with forked(workers, _enter, simulators, store.url) as pool:
        yield from pool.map(_work, _chunks(store, groups, last))


def _chunks(store: Store, groups: Sequence[Sequence[str]], last: str | None) -> Iterator[list[Sequence[str]]]:
    """Every customer up to the id `last` (None: all) once: a group as a whole, where its first customer stands."""
    group_of = {customer_id: group for group in groups for customer_id in group}
    after: str | None = None
    while after is None or last is None or after < last:
        with store.read() as connection:
            ids = feeds.customer_ids(connection, after, CHUNK)
        if not ids:
            return
        after = ids[-1]
        chunk = []
        for customer_id in ids:
            group = group_of.get(customer_id, (customer_id,))
            if group[0] == customer_id and (last is None or customer_id <= last):
                chunk.append(group if last is None else [member for member in group if member <= last])
        if chunk:
            yield chunk


_simulators: list[Customers]
_store: Store


def _enter(simulators: list[Customers], url: str) -> None:
    global _simulators, _store
    _simulators, _store = simulators, Store(url)


def _work(groups: list[Sequence[str]]) -> list[Tally]:
    with _store.read() as connection:
        return [simulator.simulate(connection, groups) for simulator in _simulators]
