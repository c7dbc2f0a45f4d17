"""decide, render and check for a chunk of customers: everything before the one transaction that records it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import orjson
from pydantic import BaseModel
from sqlalchemy import Connection

from ccm.compliance import stops
from ccm.compliance.check import Refusal, applied, check
from ccm.compliance.places import region_of
from ccm.compliance.resolve import MissingWording, resolve_wording
from ccm.compliance.stops import Stop, Stops
from ccm.decide import Facts, decide
from ccm.errors import RenderError
from ccm.model.customer import Customer
from ccm.model.message import ApprovedMessage, Decision, Draft, RenderContext, Rendered
from ccm.pipeline.copies import copies, part_of
from ccm.pipeline.data import DataRefusal, DataResult
from ccm.pipeline.gather import gather
from ccm.pipeline.project import Compiled, Project
from ccm.store import feeds
from ccm.workspace.communication import DIGEST_PART


@dataclass(frozen=True, slots=True)
class Occasion:
    """What makes two messages the same: the communication's period, or the instant or key of its trigger."""

    id: str
    run_id: str | None
    at: datetime
    parameters: Mapping[str, object]
    keys: Mapping[str, str] = field(default_factory=dict)
    """Customer to the key of that customer's message, where it is not the trigger of one customer alone."""

    def trigger_key(self, customer_id: str, part: str = "") -> str:
        """Unique in the store: a repeat finds the message that is there. No key that a person gives has two lines."""
        key = f"{self.run_id}/{customer_id}" if self.run_id else self.keys.get(customer_id, self.id)
        return part_key(key, part)


class Composed(NamedTuple):
    """One customer's outcome, ready to be recorded: a message to send, or the reason why there is none."""

    message_id: str
    decision: Decision
    state: str
    """``due``, ``withheld``, ``set_aside`` or ``digested``."""
    reason: str
    detail: str
    language: str | None
    jurisdiction: str
    message: ApprovedMessage | None = None
    """What goes out; of ``digested``, what the digest is to tell of it."""
    rendered: Rendered | None = None
    region: str = ""
    """The part of the jurisdiction where the customer is; empty where nobody knows."""
    part: str = ""
    """Empty; the channel of a message that goes out beside the customer's first, whose outcome stands before it; or a
    copy's, see `ccm.pipeline.copies`."""
    about: str = ""
    """Of a copy for a joint holder: the customer whose matter it tells of; empty: the customer's own."""
    facts: Facts | None = None
    """What the decision was taken from; None where the customer is not known."""

    def __repr__(self) -> str:
        """Without what is known of the customer."""
        return f"Composed({self.message_id}, {self.state}, {self.reason!r})"

    @property
    def key(self) -> str:
        """Whose outcome it is of a chunk's, the further parts being the same one's. No customer's id has two lines."""
        return f"{self.about}\n{self.decision.customer_id}" if self.about else self.decision.customer_id


def trigger_key(occasion: Occasion, communication: str, customer_id: str, part: str = "", about: str = "") -> str:
    """Of a message; that of a copy is made from the id of the message it is a copy of, and names nobody."""
    if not about:
        return occasion.trigger_key(customer_id, part)
    return part_key(message_id(occasion.trigger_key(about), communication, about), part)


def part_key(trigger_key: str, part: str) -> str:
    """The key of a further channel's message, by that of the customer's first."""
    return f"{trigger_key}\n{part}" if part else trigger_key


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

    Returns the outcomes in the order of `customer_ids`, further parts of a customer's behind the first, and the
    digest of what their messages are made of. `given` holds the data of customers whose trigger brought them.
    `isolate`: a failure of the engine itself is that one message's outcome (used for a chunk that failed before, to
    find the message it fails on).
    """
    workspace, communication = project.workspace, compiled.communication
    with project.store.read() as connection:
        stopped = stops.active(connection)
        facts = gather(connection, project, communication, customer_ids, occasion.at)
        decided = {
            customer_id: (known, decide(communication, workspace.policy, workspace.channels, known, occasion.at))
            for customer_id, known in facts.items()
        }
        further = copies(connection, project, communication, facts, occasion.at)
        wanted = [
            facts[customer_id].customer for customer_id, (_, decision) in decided.items()
            if decision.send or decision.digest or any(copy.sent for copy in further.get(customer_id, ()))
        ]  # fmt: skip
        data = _data(connection, compiled, occasion, wanted, given)
    composed: list[Composed] = []
    inputs = hashlib.sha256()
    for customer_id in customer_ids:
        result = data.get(customer_id)
        inputs.update(material(customer_id, facts.get(customer_id), result))
        if customer_id not in decided:
            composed.append(_unknown(customer_id, compiled, occasion))
        else:
            composed += _parts(project, compiled, occasion, *decided[customer_id], result, stopped, isolate)
        for copy in further.get(customer_id, ()):
            inputs.update(material(copy.holder, copy.known[0] if copy.known else None, None))
            if copy.known is None:
                composed.append(_unknown(copy.holder, compiled, occasion, customer_id))
            else:
                composed += _parts(project, compiled, occasion, *copy.known, result, stopped, isolate, customer_id)
    return composed, inputs.hexdigest()


def compose_anew(
    project: Project, compiled: Compiled, occasion: Occasion, decided: Mapping[str, tuple[Facts, Decision]], *,
    given: Mapping[str, DataResult] | None = None, isolate: bool = False,
) -> dict[str, list[Composed]]:  # fmt: skip
    """As `compose`, by decisions that were taken already; both by `Composed.key`."""
    about = {key: key.rpartition("\n")[0] for key in decided}
    with project.store.read() as connection:
        stopped = stops.active(connection)
        wanted = [facts.customer for key, (facts, decision) in decided.items()
                  if (decision.send or decision.digest) and not about[key]]  # fmt: skip
        others = feeds.customers(connection, sorted({*about.values()} - {"", *(one.id for one in wanted)}))
        data = _data(connection, compiled, occasion, [*wanted, *others.values()], given)
    return {
        key: _parts(
            project, compiled, occasion, facts, decision, data.get(about[key] or key), stopped, isolate, about[key]
        )
        for key, (facts, decision) in decided.items()
    }  # fmt: skip


def _data(
    connection: Connection, compiled: Compiled, occasion: Occasion, wanted: Sequence[Customer],
    given: Mapping[str, DataResult] | None,
) -> Mapping[str, DataResult]:  # fmt: skip
    if given is not None:
        return given
    return compiled.data.load(connection, wanted, occasion.at, occasion.parameters) if wanted else {}


def _parts(
    project: Project, compiled: Compiled, occasion: Occasion, facts: Facts, decision: Decision,
    data: DataResult | None, stopped: Stops, isolate: bool, about: str = "",
) -> list[Composed]:  # fmt: skip
    """One person's outcomes: the first, then one for each further channel at once; `about`: of a copy, whose data."""
    first = part_of(about, facts.customer.id) if about else ""
    ways = [(first, decision), *((channel, decision._replace(channel=channel)) for channel in decision.also)]
    found = []
    for part, way in ways:
        one = _One(project, compiled, occasion, facts, way, data, stopped, part, about)
        found.append(_isolated(one) if isolate else one.compose())
    return found


class _One:
    """One customer's way from decision to checked message."""

    def __init__(
        self, project: Project, compiled: Compiled, occasion: Occasion, facts: Facts, decision: Decision,
        data: DataResult | None, stops: Stops, part: str, about: str,
    ) -> None:  # fmt: skip
        self.project, self.compiled, self.occasion = project, compiled, occasion
        self.facts, self.customer, self.part, self.about = facts, facts.customer, part, about
        self.decision, self.data, self.stops = decision, data, stops
        self.language = compiled.communication.language_for(facts.customer.language)
        key = trigger_key(occasion, compiled.communication.id, facts.customer.id, part, about)
        self.id = message_id(key, compiled.communication.id, facts.customer.id)

    def compose(self) -> Composed:
        decision = self.decision
        channel = DIGEST_PART if decision.digest else decision.channel if decision.send else None
        if channel is None or self.language is None:
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
        recipient = "" if decision.digest else self.customer.addressed(channel) or ""
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
        # What is collected is checked like a message: it is told later in these words.
        way = decision._replace(send=True, channel=channel) if decision.digest else decision
        draft = Draft(self.id, way, self.language, self.customer.jurisdiction, recipient, rendered)
        rules = self.compiled.rules
        checked = check(draft, self.compiled.communication, rules, self.compiled.release.digest)
        looked_at = tuple(rule.id for rule in applied(draft, self.compiled.communication, rules))
        self.decision = decision._replace(rules=(*decision.rules, *looked_at))
        if isinstance(checked, Refusal):
            return self.outcome("withheld", checked.reason, checked.detail)
        state = "digested" if decision.digest else "due"
        return self.outcome(state, decision.reason, decision.detail, checked, rendered)

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

    def outcome(
        self, state: str, reason: str, detail: str, message: ApprovedMessage | None = None,
        rendered: Rendered | None = None,
    ) -> Composed:  # fmt: skip
        return Composed(
            self.id, self.decision, state, reason, detail, self.language, self.customer.jurisdiction, message, rendered,
            region_of(self.customer), self.part, self.about, self.facts,
        )  # fmt: skip


def _isolated(one: _One) -> Composed:
    compose: Callable[[], Composed] = one.compose
    try:
        return compose()
    except Exception as error:  # whatever it is, it is recorded at this message, by type
        return one.outcome("set_aside", "engine_error", type(error).__name__)


def _unknown(customer_id: str, compiled: Compiled, occasion: Occasion, about: str = "") -> Composed:
    part = part_of(about, customer_id) if about else ""
    decision = Decision(customer_id, compiled.communication.id, occasion.at, False, "unknown_customer")
    key = trigger_key(occasion, compiled.communication.id, customer_id, part, about)
    own = message_id(key, compiled.communication.id, customer_id)
    return Composed(own, decision, "withheld", "unknown_customer", "", None, "", part=part, about=about)


def material(customer_id: str, facts: Facts | None, data: DataResult | None) -> bytes:
    """What one customer's message is made of. What it was decided by stands in its trace."""
    parts: list[object] = [customer_id] if facts is None else [customer_id, facts.document, facts.proxy]
    if data is not None:
        parts.append([data.reason, data.detail] if isinstance(data, DataRefusal) else data.digest)
    return orjson.dumps(parts, default=_plain, option=orjson.OPT_SORT_KEYS)


def _plain(value: object) -> object:
    # A fifth of the time of dumping each model by pydantic.
    return value.__dict__ if isinstance(value, BaseModel) else dict(value) if isinstance(value, Mapping) else str(value)
