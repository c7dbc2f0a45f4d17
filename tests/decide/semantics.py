"""The notation of docs/reference/decisions.md: situations to facts, outcomes to what is compared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ccm.decide import Facts, decide
from ccm.decide.handover import at_handoff, readdressed, without
from ccm.decide.relations import addressed, joint_holders
from ccm.decide.sharing import Wanted, refused
from ccm.model.customer import Case, Consent, Contact, Customer, Preference, Relation, Suppression
from ccm.model.requirements import FrequencyLimit, PolicyRequirements, QuietWeek
from ccm.pipeline.digests import window_of
from ccm.workspace.channels import Channel
from ccm.workspace.collecting import Collects
from ccm.workspace.communication import Communication
from ccm.workspace.policy import Policy
from ccm.workspace.yamlreader import parse_yaml

PAGE = Path(__file__).parent.parent.parent / "docs/reference/decisions.md"
ROW = re.compile(r"^\| *([a-z-]+-[0-9]+) *\| *`(.*?)` *\| *`(.*?)` *\|")
LISTS: dict[str, dict[str, Any]] = {
    "preferences": {"category": "*", "channel": "*"},
    "consents": {"purpose": "marketing", "basis": "opt_in", "granted": True, "at": "-100d"},
    "contacts": {"communication": "offer", "category": "offers", "purpose": "marketing", "priority": "low",
                 "channel": "email", "status": "sent"},
    "suppressions": {"channel": "*", "at": "-1d"},
    "cases": {"case_id": "K1", "kind": "complaint", "status": "open", "opened_at": "-40d"},
    "relations": {},
}  # fmt: skip
"""What each entry of a list has where it says nothing."""
MODELS: dict[str, TypeAdapter[Any]] = {
    "preferences": TypeAdapter(Preference), "consents": TypeAdapter(Consent), "contacts": TypeAdapter(Contact),
    "suppressions": TypeAdapter(Suppression), "cases": TypeAdapter(Case), "relations": TypeAdapter(Relation),
}  # fmt: skip
INSTANTS = ("at", "until", "opened_at", "closed_at", "paused_until")
_DISTANCE = re.compile(r"([+-])?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


@dataclass(frozen=True)
class Line:
    """One line of a table."""

    id: str
    situation: dict[str, Any]
    outcome: dict[str, Any]


def lines() -> Iterator[Line]:
    """Every line of every table of the page."""
    for number, text in enumerate(PAGE.read_text(encoding="utf-8").splitlines(), 1):
        if found := ROW.match(text):
            name, situation, outcome = found.groups()
            read = [parse_yaml(part, PAGE.name, number).data for part in (situation, outcome)]
            yield Line(name, *read)


def defaults() -> dict[str, Any]:
    """The situation that stands at the head of the page."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    data: dict[str, Any] = parse_yaml(found[1], PAGE.name).data
    return data


def instant(value: Any, at: datetime) -> datetime:
    """An instant, or a distance from `at`."""
    text = str(value)
    found = _DISTANCE.fullmatch(text)
    if text and found:
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
        distance = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        return at - distance if found[1] == "-" else at + distance
    return datetime.fromisoformat(text)


def outcome(line: Line) -> dict[str, Any]:
    """What comes of a line's situation, told like its outcome."""
    usual = defaults()
    unknown = line.situation.keys() - usual.keys()
    assert not unknown, f"{line.id}: {', '.join(sorted(unknown))} is none of {', '.join(usual)}"
    whole = {name: _laid_over(default, line.situation.get(name)) for name, default in usual.items()}
    at = datetime.fromisoformat(str(whole["at"]))
    if whole["collects"]:
        return {"window": window_of(Collects.model_validate(whole["collects"]), at, whole["organisation"]["timezone"])}
    communication = Communication.model_validate({"name": {"en": "x", "ja": "x"}} | whole["communication"])
    policy = Policy.model_validate(whole["policy"])
    channels = {
        name: Channel.model_validate({"channel": name, "adapter": "outbox"} | whole["channels"].get(name, {}))
        for name in communication.channels
    }
    if whole["wanted"]:
        rows = [Wanted(one["of"], one["of"], one.get("address", ""), one.get("household", ""))
                for one in whole["wanted"]]  # fmt: skip
        kept_back = refused(rows, whole["served"].get("addresses", {}), whole["served"].get("households", {}))
        return {row.id: kept_back.get(row.id, "goes") for row in rows}
    facts = _facts(whole, at)
    if purpose := whole["holders"]:
        return {"holders": list(joint_holders(facts.relations, purpose))}
    if channel := whole["handoff"]:
        decision = at_handoff(communication, policy, channels, without(facts, "M1"), channel, at)
        if decision.send and (moved := readdressed(communication, facts, channel, *_addressed(whole, facts, channel))):
            return {"withheld": moved, "detail": ""}
        if decision.send:
            return {"send": channel, "due": decision.due_at, "detail": decision.detail}
        return {"withheld": decision.reason, "detail": decision.detail}
    decision = decide(communication, policy, channels, facts, at)
    told: dict[str, Any] = {"detail": decision.detail, "reason": decision.reason, "also": list(decision.also)}
    told["passed"] = {one.channel: one.reason for one in decision.candidates if not one.taken}
    if decision.send:
        return told | {"send": decision.channel, "due": decision.due_at}
    if decision.reason == "digested":
        return told | {"digested": decision.digest}
    return told | {"withheld": decision.reason}


def expected(line: Line) -> dict[str, Any]:
    """The line's outcome with its instant read."""
    at = datetime.fromisoformat(str(line.situation.get("at", defaults()["at"])))
    if "send" in line.outcome:
        return line.outcome | {"due": instant(line.outcome.get("due", "0h"), at)}
    if "window" in line.outcome:
        return {"window": tuple(instant(end, at) for end in line.outcome["window"])}
    return line.outcome


def _addressed(whole: Mapping[str, Any], facts: Facts, channel: str) -> tuple[str, str]:
    """To whom the message that is handed off is addressed, and the kind of relation by which; by default as now."""
    said = whole["addressed"] or {}
    return said.get("to", facts.customer.addressed(channel) or ""), said.get("as", "")


def _laid_over(default: Any, given: Any) -> Any:
    if given is None:
        return default
    return {**default, **given} if isinstance(default, dict) and isinstance(given, Mapping) else given


def _facts(whole: Mapping[str, Any], at: datetime) -> Facts:
    def entries(name: str) -> tuple[Any, ...]:
        made = []
        for entry in whole[name]:
            fields = {"customer_id": "C1", **LISTS[name], **entry}
            fields |= {key: instant(value, at) for key, value in fields.items() if key in INSTANTS and value}
            made.append(MODELS[name].validate_python(fields))
        return tuple(made)

    customer = Customer.model_validate(whole["customer"])
    proxy = Customer.model_validate(whole["customer"] | {"id": "C2"} | whole["proxy"]) if whole["proxy"] else None
    return Facts(
        addressed(customer, proxy) if proxy else customer,
        requirements={channel: _requirements(asked) for channel, asked in whole["rules"].items()},
        proxy=proxy,
        **{name: entries(name) for name in LISTS},
    )


def _requirements(asked: Mapping[str, Any]) -> PolicyRequirements:
    """A rule's demands; `quiet` lists spans of minutes for every day: [[0, 480], [1260, 1440]]."""
    spans = tuple((start, end) for start, end in asked.get("quiet", ()))
    return PolicyRequirements(
        tuple(asked.get("rules", ())),
        consent=asked.get("consent", "none"),
        consent_rules=tuple(asked.get("rules", ())),
        quiet=(QuietWeek(("Q1",), "", (spans,) * 7),) if spans else (),
        frequency=tuple(FrequencyLimit(**_tuples(limit)) for limit in asked.get("frequency", ())),
    )


def _tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
    usual: dict[str, Any] = {"categories": ["offers"]}
    return {key: tuple(value) if isinstance(value, list) else value for key, value in (usual | dict(fields)).items()}
