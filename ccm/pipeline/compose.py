"""decide, render and check for a chunk of customers: everything before the one transaction that records it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import orjson

from ccm.compliance import stops
from ccm.compliance.check import Refusal, applied, check
from ccm.compliance.places import region_of
from ccm.compliance.resolve import MissingWording, resolve_wording
from ccm.compliance.stops import Stop, Stops
from ccm.decide import Facts, decide
from ccm.errors import RenderError
from ccm.model.message import ApprovedMessage, Decision, Draft, RenderContext, Rendered
from ccm.pipeline.data import DataRefusal, DataResult
from ccm.pipeline.gather import gather
from ccm.pipeline.project import Compiled, Project


@dataclass(frozen=True, slots=True)
class Occasion:
    """What makes two messages the same: the communication's period, or the instant or key of its trigger."""

    id: str
    run_id: str | None
    at: datetime
    parameters: Mapping[str, object]

    def trigger_key(self, customer_id: str) -> str:
        """Unique in the store: a repeat finds the message that is there."""
        return f"{self.run_id}/{customer_id}" if self.run_id else self.id


@dataclass(frozen=True, slots=True)
class Composed:
    """One customer's outcome, ready to be recorded: a message to send, or the reason why there is none."""

    message_id: str
    decision: Decision
    state: str
    """``due``, ``withheld`` or ``set_aside``."""
    reason: str
    detail: str
    language: str | None
    jurisdiction: str
    message: ApprovedMessage | None = None
    rendered: Rendered | None = None
    region: str = ""
    """The part of the jurisdiction where the customer is; empty where nobody knows."""


def message_id(trigger_key: str, communication: str, customer_id: str) -> str:
    """32 hexadecimal digits, the same for the same trigger: a repeat can't make a second message."""
    return hashlib.sha256(f"{trigger_key}\n{communication}\n{customer_id}".encode()).hexdigest()[:32]


def compose(
    project: Project,
    compiled: Compiled,
    occasion: Occasion,
    customer_ids: Sequence[str],
    *,
    given: Mapping[str, DataResult] | None = None,
    isolate: bool = False,
) -> tuple[list[Composed], str]:
    """Decides, renders and checks; writes nothing.

    Returns the outcomes in the order of `customer_ids`, and the digest of everything they came from.
    `given` holds the data of customers whose trigger brought them. `isolate`: a failure of the engine itself
    is that one message's outcome (used for a chunk that failed before, to find the message it fails on).
    """
    at = occasion.at
    with project.store.read() as connection:
        stopped = stops.active(connection)
        facts = gather(connection, project, compiled.communication, customer_ids, at)
        decisions = {
            customer_id: decide(compiled.communication, project.workspace.policy, project.workspace.channels, known, at)
            for customer_id, known in facts.items()
        }
        wanted = [facts[customer_id].customer for customer_id in customer_ids
                  if customer_id in decisions and decisions[customer_id].send]  # fmt: skip
        data: Mapping[str, DataResult]
        if given is None:
            data = compiled.data.load(connection, wanted, at, occasion.parameters) if wanted else {}
        else:
            data = given
    composed = []
    inputs = hashlib.sha256()
    for customer_id in customer_ids:
        result = data.get(customer_id)
        inputs.update(_input(customer_id, facts.get(customer_id), result))
        if customer_id not in facts:
            composed.append(_unknown(customer_id, compiled, occasion))
            continue
        one = _One(project, compiled, occasion, facts[customer_id], decisions[customer_id], result, stopped)
        composed.append(_isolated(one) if isolate else one.compose())
    return composed, inputs.hexdigest()


class _One:
    """One customer's way from decision to checked message."""

    def __init__(
        self, project: Project, compiled: Compiled, occasion: Occasion, facts: Facts, decision: Decision,
        data: DataResult | None, stops: Stops,
    ) -> None:  # fmt: skip
        self.project, self.compiled, self.occasion = project, compiled, occasion
        self.customer, self.decision, self.data, self.stops = facts.customer, decision, data, stops
        self.language = compiled.communication.language_for(facts.customer.language)
        key = occasion.trigger_key(facts.customer.id)
        self.id = message_id(key, compiled.communication.id, facts.customer.id)

    def compose(self) -> Composed:
        decision, channel = self.decision, self.decision.channel
        if not decision.send or channel is None or self.language is None:
            return self.outcome("withheld", decision.reason, decision.detail)
        if (stop := self.stopped(channel)) is not None:
            return self.outcome("withheld", stop.reason, stop.name)
        slots = self.compiled.renderer.slots(channel, self.language, decision.variant)
        wording = resolve_wording(
            self.project.workspace, self.compiled.communication, slots, self.language, self.customer.jurisdiction,
            self.occasion.at,
        )  # fmt: skip
        if isinstance(wording, MissingWording):
            return self.outcome("withheld", "wording_missing", ", ".join(wording.ids))
        if self.data is None:
            return self.outcome("set_aside", "no_data", "")
        if isinstance(self.data, DataRefusal):
            return self.outcome("set_aside", self.data.reason, self.data.detail)
        recipient = self.customer.reach(channel) or ""
        try:
            context = RenderContext(
                self.id, self.customer, self.language, self.customer.jurisdiction, self.occasion.at, recipient,
                self.data.values, wording, variant=decision.variant, preference_token=self.preference_token(channel),
            )  # fmt: skip
            rendered = self.compiled.renderer.render(channel, context)
        except RenderError as error:
            return self.outcome("set_aside", error.reason, error.detail)
        used = [(use.id, use.version) for use in rendered.wording]
        if (stop := self.stopped(channel, used)) is not None:
            return self.outcome("withheld", stop.reason, stop.name)
        draft = Draft(self.id, decision, self.language, self.customer.jurisdiction, recipient, rendered)
        rules = self.compiled.rules
        checked = check(draft, self.compiled.communication, rules, self.compiled.release.digest)
        looked_at = tuple(rule.id for rule in applied(draft, self.compiled.communication, rules))
        self.decision = replace(decision, rules=(*decision.rules, *looked_at))
        if isinstance(checked, Refusal):
            return self.outcome("withheld", checked.reason, checked.detail)
        return replace(self.outcome("due", decision.reason, decision.detail), message=checked, rendered=rendered)

    def preference_token(self, channel: str) -> str:
        """The token of this message's link to the preference page; empty on channels that cannot carry one."""
        if not self.compiled.renderer.channel(channel).personal_links:
            return ""
        communication = self.compiled.communication
        return self.project.links().token(
            self.id, self.customer.id, communication.category, communication.purpose, channel, self.language or "",
            self.occasion.at,
        )  # fmt: skip

    def stopped(self, channel: str, wording: Sequence[tuple[str, str]] = ()) -> Stop | None:
        return self.stops.of(
            release=self.compiled.release.digest, communication=self.compiled.communication.id, channel=channel,
            wording=wording,
        )  # fmt: skip

    def outcome(self, state: str, reason: str, detail: str) -> Composed:
        return Composed(
            self.id, self.decision, state, reason, detail, self.language, self.customer.jurisdiction,
            region=region_of(self.customer),
        )  # fmt: skip


def _isolated(one: _One) -> Composed:
    compose: Callable[[], Composed] = one.compose
    try:
        return compose()
    except Exception as error:  # whatever it is, it is recorded at this message, by type
        return one.outcome("set_aside", "engine_error", type(error).__name__)


def _unknown(customer_id: str, compiled: Compiled, occasion: Occasion) -> Composed:
    decision = Decision(customer_id, compiled.communication.id, occasion.at, False, "unknown_customer")
    key = message_id(occasion.trigger_key(customer_id), compiled.communication.id, customer_id)
    return Composed(key, decision, "withheld", "unknown_customer", "", None, "")


def _input(customer_id: str, facts: Facts | None, data: DataResult | None) -> bytes:
    """A digest of all that one customer's outcome came from."""
    parts: list[object] = [customer_id]
    if facts is not None:
        parts.append(facts.customer.model_dump(mode="json"))
        for rows in (facts.preferences, facts.consents, facts.cases, facts.contacts):
            parts.append([row.model_dump(mode="json") for row in rows])
    if data is not None:
        parts.append([data.reason, data.detail] if isinstance(data, DataRefusal) else data.digest)
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).digest()
