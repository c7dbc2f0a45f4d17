"""A simulation as plain data: what a report shows and what ``--json`` prints."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import compress
from typing import Any, TypeVar

from ccm.batch.simulate.run import Simulation
from ccm.batch.simulate.sizes import measured, total
from ccm.workspace.calendar import ChannelPrice, Prices

K = TypeVar("K", bound=tuple[str, ...])
LACKS = ("price", "sample")
"""Without which a cost is too low: a price in the table, or a sample that shows how long messages are."""
_WHOLE, _CENT = Decimal(1), Decimal("0.01")


def report(
    simulations: Sequence[Simulation], first: date, last: date, zone: str, prices: Prices | None
) -> dict[str, Any]:
    """Everything that was counted, a part a scenario; days without any message are listed too.

    What was put off may go out after the last day: ``by_day`` has it at its day, ``after`` says how much that is.
    """
    days = [(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]
    return {
        "from": first.isoformat(), "to": last.isoformat(), "timezone": zone, "days": days,
        "customers": simulations[0].tally.customers,
        "currency": prices.currency if prices else None, "price_source": prices.source if prices else None,
        "scenarios": [_scenario(simulation, last, prices) for simulation in simulations],
    }  # fmt: skip


def _scenario(simulation: Simulation, last: date, prices: Prices | None) -> dict[str, Any]:
    tally = simulation.tally
    costs = _costs(simulation, prices)
    return {
        "name": simulation.scenario.name,
        "decisions": tally.events,
        "messages": tally.sent.total(),
        "withheld": tally.withheld.total(),
        "digested": tally.digested.total(),
        "later": sum(tally.later.values()),
        "channels": _sums(tally.sent, 1),
        "communications": _table(tally.sent, tally.withheld),
        "reasons": _sums(tally.withheld, 1),
        "reasons_by_communication": _pairs(tally.withheld),
        "put_off": [{"communication": name, "why": why, "messages": count}
                    for (name, why), count in _ordered(tally.later)],
        "by_day": _by_day(tally.sent),
        "after": sum(count for (_, _, day), count in tally.sent.items() if day > last.isoformat()),
        "withheld_by_day": _by_day(tally.withheld),
        "displaced": [{"communication": name, "cap": cap, "by": by, "messages": count}
                      for (name, cap, by), count in _ordered(tally.displaced)],
        "messages_a_customer": {str(number): tally.reached[number] for number in sorted(tally.reached)},
        "costs": costs,
        "segments": sum(int(row["segments"]) for row in costs),
        "pages": sum(int(row["pages"]) for row in costs),
        "lacks": {what: sum(row["messages"] for row in costs if what in row["lacks"]) for what in LACKS},
        "cost": str(sum((Decimal(row["cost"]) for row in costs), Decimal(0))) if prices else None,
    }  # fmt: skip


def _costs(simulation: Simulation, prices: Prices | None) -> list[dict[str, Any]]:
    """A row for each communication, channel and jurisdiction; sizes are means, so sums are rounded at the end."""
    found: dict[tuple[str, str, str], tuple[int, Decimal, Decimal]] = {}
    unsized = set[tuple[str, str, str]]()
    for (name, channel, language, jurisdiction), count in simulation.tally.sizes.items():
        segments, pages = total(simulation.sizes, (name, channel, language), count)
        if not measured(simulation.sizes, (name, channel, language)):
            unsized.add((name, channel, jurisdiction))
        before = found.get((name, channel, jurisdiction), (0, Decimal(0), Decimal(0)))
        found[name, channel, jurisdiction] = (before[0] + count, before[1] + segments, before[2] + pages)
    rows = []
    for (name, channel, jurisdiction), (count, segments, pages) in sorted(found.items()):
        price = prices.channels.get(channel, ChannelPrice()) if prices else None  # type: ignore[call-overload]
        cost = price.of(jurisdiction, count, segments, pages) if price is not None else None
        lacking = (price is not None and price.lacks(jurisdiction), (name, channel, jurisdiction) in unsized)
        rows.append({
            "communication": name, "channel": channel, "jurisdiction": jurisdiction, "messages": count,
            "segments": int(segments.quantize(_WHOLE, ROUND_HALF_UP)),
            "pages": int(pages.quantize(_WHOLE, ROUND_HALF_UP)),
            "lacks": list(compress(LACKS, lacking)),
            "cost": str(cost.quantize(_CENT, ROUND_HALF_UP)) if cost is not None else None,
        })  # fmt: skip
    return rows


def _sums(counts: Mapping[tuple[str, str, str], int], place: int) -> dict[str, int]:
    """Counts by one part of their key, the largest first."""
    found: Counter[str] = Counter()
    for key, count in counts.items():
        found[key[place]] += count
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _table(sent: Mapping[tuple[str, str, str], int], withheld: Mapping[tuple[str, str, str], int]) -> dict[str, Any]:
    """Communication to its messages by channel, and how many were not sent."""
    found: dict[str, Any] = {}
    for name in sorted({key[0] for key in sent} | {key[0] for key in withheld}):
        own = {key: count for key, count in sent.items() if key[0] == name}
        found[name] = {
            "messages": sum(own.values()), "channels": _sums(own, 1),
            "withheld": sum(count for key, count in withheld.items() if key[0] == name),
        }  # fmt: skip
    return found


def _pairs(counts: Mapping[tuple[str, str, str], int]) -> list[dict[str, Any]]:
    found: Counter[tuple[str, str]] = Counter()
    for (name, reason, _), count in counts.items():
        found[name, reason] += count
    return [{"communication": name, "reason": reason, "messages": count} for (name, reason), count in _ordered(found)]


def _by_day(counts: Mapping[tuple[str, str, str], int]) -> dict[str, dict[str, int]]:
    """Day to channel (or reason) to messages."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for (_, name, day), count in counts.items():
        found[day][name] += count
    return {day: dict(sorted(found[day].items())) for day in sorted(found)}


def _ordered(counts: Mapping[K, int]) -> list[tuple[K, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
