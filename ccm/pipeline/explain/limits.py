"""Of an explanation: the caps that were full and what fills them, and the hours in which nothing goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from sqlalchemy import select

from ccm.decide.case import SHUT
from ccm.decide.facts import Facts
from ccm.decide.preferences import Wishes
from ccm.decide.whatif import fills
from ccm.model.customer import Contact
from ccm.model.message import Decision
from ccm.model.requirements import DAY, FrequencyLimit, Minutes
from ccm.pipeline.explain.about import POLICY, About, Known
from ccm.pipeline.explain.words import WEEKDAYS, shown
from ccm.store.tables import contacts
from ccm.workspace.policy import Cap


def hours(about: About) -> Iterator[Known]:
    """The hours that hold the message, and those that kept it from a channel that it could not wait for."""
    decision = about.decision
    shut = [one.channel for one in decision.candidates if one.reason in SHUT]
    if decision.send and decision.due_at is not None and decision.due_at > decision.at:
        shut.append(decision.channel or "")
    for channel in shut:
        if channel in about.grounds.channels:
            yield from _of_rules(about, channel)
            yield from _of_settings(about, channel)
    yield from _wished(about)
    ends = about.grounds.communication.expires_after_hours
    if ends and any(one.reason == "expires_in_quiet_hours" for one in decision.candidates):
        source = about.terms("expires_after_hours")
        named = about.grounds.communication.id
        yield Known("expires", about.say("expires", communication=named, hours=ends, source=source), source)


def caps(about: About) -> Iterator[Known]:
    """The caps for which it waits, or for which it went on no channel or on a later one."""
    decision = about.decision
    full = [one for one in decision.candidates if one.reason == "cap"]
    held = decision.detail.removeprefix("deferred_by_cap:")
    if held != decision.detail or (decision.reason == "cap" and not full):
        yield from _cap(about, held, (decision.reason, decision.detail), _outcome)
    for one in full:
        yield from _cap(about, one.detail, (one.reason, one.detail), partial(_on, one.channel))


def _outcome(decision: Decision) -> tuple[str, str]:
    return decision.reason, decision.detail


def _on(channel: str, decision: Decision) -> tuple[str, str]:
    """What came of a channel; of a decision that looked at no others its own outcome."""
    found = ((one.reason, one.detail) for one in decision.candidates if one.channel == channel)
    return next(found, (decision.reason, decision.detail))


def _cap(
    about: About, name: str, met: tuple[str, str], read: Callable[[Decision], tuple[str, str]]
) -> Iterator[Known]:  # fmt: skip
    policy = about.grounds.policy
    cap = next((cap for cap in policy.caps if cap.id == name), None)
    limits = [limit for asked in about.grounds.requirements.values() for limit in asked.frequency]
    limit = next((limit for limit in limits if limit.id == name), None)
    if cap is not None:
        yield _own_cap(about, cap)
    elif limit is not None:
        yield _rules_limit(about, limit)
    else:
        return

    def again(facts: Facts) -> tuple[str, str]:
        return read(about.again(facts))

    for contact in fills(about.facts, met, again):
        yield told_before(about, contact)


def told_before(about: About, contact: Contact, key: str = "filled") -> Known:
    """Something that the customer was told, or is about to be, with the message where it is one of ours."""
    table = contacts.c
    # Without a name it is the same communication's on another channel, sent by the same decision.
    communication = contact.communication or about.grounds.communication.id
    message = about.connection.scalar(
        select(table.id).where(
            table.customer_id == about.facts.customer.id, table.communication == communication,
            table.channel == contact.channel, table.at == contact.at,
            table.row_digest == "",  # imported rows have no message of ours
        )
    )  # fmt: skip
    named = about.say("filled_message", message=message) if message else ""
    text = about.say(
        key, communication=communication, channel=about.channel(contact.channel),
        at=shown(contact.at, about.zone), message=named,
    )  # fmt: skip
    return Known(key, text, "history", contact.at.isoformat(), contact.channel, message or "")


def _own_cap(about: About, cap: Cap) -> Known:
    policy = about.grounds.policy
    above = policy.priorities[: policy.priorities.index(policy.terms(about.grounds.communication).priority)]
    kept = sum(cap.reserved.get(priority, 0) for priority in above)
    place = next((place for place, one in enumerate(about.project.workspace.policy.caps) if one.id == cap.id), None)
    source = POLICY if place is None else about.line(POLICY, "caps", place)
    window = (
        about.say("per", per=cap.per) if cap.per
        else about.say("hours_long", count=cap.hours) if cap.hours
        else about.say("days_long", count=cap.days) if cap.days != 1
        else about.say("hours_long", count=24)
    )  # fmt: skip
    said = about.say("kept", count=kept) if kept else ""
    text = about.say("cap", cap=cap.id, limit=cap.limit, window=window, kept=said, source=source)
    return Known("cap", text, source)


def _rules_limit(about: About, limit: FrequencyLimit) -> Known:
    window = about.say("hours_long", count=limit.hours)
    source = about.rule(limit.id)
    return Known("cap_rule", about.say("cap_rule", cap=limit.id, limit=limit.limit, window=window, source=source),
                 limit.id)  # fmt: skip


def _of_rules(about: About, channel: str) -> Iterator[Known]:
    for week in about.requirement(channel).quiet:
        told = about.listed([_week(about, week.days), *sorted(week.dates)])
        for rule in week.rules:
            text = about.say(
                "hours_rule", rule=rule, week=told, zone=about.where_told(channel, week.zone), source=about.rule(rule)
            )  # fmt: skip
            yield Known("hours_rule", text, rule)


def _of_settings(about: About, channel: str) -> Iterator[Known]:
    """Quiet hours, send times and holidays, which nothing urgent keeps."""
    communication, set_up = about.grounds.communication, about.grounds.channels[channel]
    if communication.urgent:
        return
    file, zone = f"channels/{channel}.yaml", about.where_told(channel)
    if set_up.quiet_hours is not None:
        source = about.line(file, "quiet_hours")
        week = _week(about, set_up.quiet_hours.week)
        text = about.say("hours", channel=about.channel(channel), week=week, zone=zone, source=source)
        yield Known("hours", text, source, "", channel)
    for send, source in ((set_up.send, about.line(file, "send")), (communication.send, about.terms("send"))):
        if send is not None and send.limits_hours:
            text = about.say("send_times", week=_week(about, send.week), zone=zone, source=source)
            yield Known("send_times", text, source, "", channel)
        if send is not None and send.holidays == "skip":
            yield Known("holidays", about.say("holidays", source=source), source, "", channel)


def _wished(about: About) -> Iterator[Known]:
    if not about.decision.detail.startswith("held_for_preferred_hours"):
        return
    wishes = Wishes(about.facts.preferences, about.grounds.communication.category)
    if (stated := wishes.stated_hours(about.decision.channel or "")) is not None:
        channel, category, hours = stated
        text = about.say("wished_hours", category=category, channel=about.channel(channel), hours=hours)
        yield Known("wished_hours", text, "customer", "", channel)


def _week(about: About, days: Sequence[Minutes]) -> str:
    """Spans of a week, as ``21:00 to 08:00``, or by days where those differ: ``Mon-Fri 09:00 to 17:00``."""
    told = [_day(about, spans) for spans in days]
    if len(set(told)) == 1:
        return told[0]
    names, runs = WEEKDAYS[about.language == "ja"], list[tuple[int, int]]()
    for place, one in enumerate(told):
        if place and told[place - 1] == one:
            runs[-1] = (runs[-1][0], place)
        else:
            runs.append((place, place))
    return about.listed(
        about.say("on_days", days=names[first] if first == last else f"{names[first]}-{names[last]}", spans=told[first])
        for first, last in runs if told[first]
    )  # fmt: skip


def _day(about: About, spans: Minutes) -> str:
    # 21:00 to 24:00 and 0:00 to 8:00 are one night to a reader.
    if len(spans) > 1 and spans[0][0] == 0 and spans[-1][1] == DAY:
        spans = (*spans[1:-1], (spans[-1][0], spans[0][1]))
    clock = [(_time(start), _time(end % DAY or DAY)) for start, end in spans]
    return about.listed(about.say("span", start=start, end=end) for start, end in clock)


def _time(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
