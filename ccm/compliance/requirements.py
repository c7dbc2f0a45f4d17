"""Several rules at once: the strictest number, the strongest consent, the earliest stop, all quiet hours together.

Evidence is kept as long as the longest rule asks, content as short as the shortest allows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import reduce

from ccm.model.requirements import NOTHING, STRENGTH, FrequencyLimit, Minutes, OptOut, PolicyRequirements, QuietWeek


def combine(parts: Iterable[PolicyRequirements]) -> PolicyRequirements:
    """What satisfies every part; the order of the parts does not matter."""
    return reduce(_both, parts, NOTHING)


def _both(one: PolicyRequirements, other: PolicyRequirements) -> PolicyRequirements:
    strongest = max(one.consent, other.consent, key=STRENGTH.__getitem__)
    asking = {
        rule for part in (one, other) if part.consent == strongest for rule in part.consent_rules
    }  # fmt: skip
    return PolicyRequirements(
        rules=_names(one.rules, other.rules),
        consent=strongest,
        consent_rules=tuple(sorted(asking)),
        quiet=_quiet((*one.quiet, *other.quiet)),
        frequency=_limits((*one.frequency, *other.frequency)),
        opt_out=_opt_out(one.opt_out, other.opt_out),
        evidence_days=_of(max, one.evidence_days, other.evidence_days),
        content_days=_of(min, one.content_days, other.content_days),
    )


def on_clocks_of(asked: PolicyRequirements, zones: Sequence[str]) -> PolicyRequirements:
    """With the quiet hours of the customer's own clock on those of `zones` instead; as it is where there are none."""
    if not zones:
        return asked
    fixed = [week for week in asked.quiet if week.zone]
    moved = [replace(week, zone=zone) for week in asked.quiet if not week.zone for zone in zones]
    return replace(asked, quiet=_quiet((*fixed, *moved)))


def _names(*groups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({name for group in groups for name in group}))


def _limits(limits: tuple[FrequencyLimit, ...]) -> tuple[FrequencyLimit, ...]:
    """Each as it is: of 3 in a day and 5 in a week neither is the stricter."""
    return tuple(sorted(set(limits), key=lambda limit: (limit.id, limit.hours, limit.limit)))


def _quiet(weeks: tuple[QuietWeek, ...]) -> tuple[QuietWeek, ...]:
    by_zone: dict[str, QuietWeek] = {}
    for week in weeks:
        known = by_zone.get(week.zone)
        by_zone[week.zone] = week if known is None else QuietWeek(
            _names(known.rules, week.rules), week.zone,
            tuple(union(*pair) for pair in zip(known.days, week.days, strict=True)), known.dates | week.dates,
        )  # fmt: skip
    return tuple(by_zone[zone] for zone in sorted(by_zone))


def union(*spans: Minutes) -> Minutes:
    """All minutes that are in any of the spans; spans that touch become one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(span for group in spans for span in group):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _opt_out(one: OptOut | None, other: OptOut | None) -> OptOut | None:
    known = [part for part in (one, other) if part is not None]
    if not known:
        return None
    earliest = min(known, key=lambda part: (part.hours, part.words))
    return OptOut(earliest.hours, earliest.words, any(part.everything for part in known))


def _of(choose: Callable[[list[int]], int], *values: int | None) -> int | None:
    known = [value for value in values if value is not None]
    return choose(known) if known else None
