"""Rendering without sending: samples and chosen customers, for people's eyes and for `ccm check`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from ccm.compliance.check import Finding, check_findings
from ccm.compliance.resolve import MissingWording, resolve_wording
from ccm.errors import InputError, NotFound, Problem, RenderError
from ccm.model.customer import Customer
from ccm.model.message import Decision, Draft, RenderContext, Rendered
from ccm.pipeline.data import DataRefusal, check_data
from ccm.pipeline.project import Compiled, Project
from ccm.store import feeds
from ccm.workspace.communication import Sample

PREVIEW_ID = "preview"
Visit = Callable[[Compiled, str, RenderContext], None]
"""Is told of each message before it is rendered: communication, channel, and what it renders from."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody to render for: a sample, or a customer of the store."""

    name: str
    path: str
    customer: Customer
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Preview:
    """One rendering, or why there is none, with what the rules say of it."""

    subject: Subject
    channel: str
    language: str
    rendered: Rendered | None
    problem: str
    findings: tuple[Finding, ...] = ()
    variant: str = ""
    """Of the communication's experiment, where the channel has words of its own for it."""


def samples(compiled: Compiled, project: Project, problems: list[Problem]) -> list[Subject]:
    """The communication's sample customers; what is wrong with one is appended to `problems`."""
    found = []
    for sample in project.workspace.samples[compiled.communication.id]:
        try:
            found.append(_subject(compiled, sample))
        except ValidationError as error:
            for item in error.errors(include_url=False, include_input=False):
                name = ".".join(("customer", *map(str, item["loc"])))
                problems.append(Problem(sample.path, 0, f"{name}: {item['msg']}"))
        except InputError as error:
            problems.append(Problem(sample.path, 0, f"data: {error}"))
    return found


def _subject(compiled: Compiled, sample: Sample) -> Subject:
    customer = Customer.model_validate({"id": f"sample-{sample.name}", **sample.customer})
    return Subject(sample.name, sample.path, customer, check_data(compiled.communication, sample.data))


def customer_subject(project: Project, compiled: Compiled, customer_id: str, at: datetime) -> Subject:
    """A customer of the store with the communication's data; raises `NotFound`, or `InputError` for refused data."""
    with project.store.read() as connection:
        customers = feeds.customers(connection, [customer_id])
        if customer_id not in customers:
            raise NotFound(f"customer '{customer_id}' does not exist")
        customer = customers[customer_id]
        data = compiled.data.load(connection, [customer], at, {})[customer_id]
    if isinstance(data, DataRefusal):
        raise InputError(f"customer '{customer_id}': {data.reason}: {data.detail}")
    return Subject(customer_id, "", customer, data.values)


def render_all(
    project: Project, compiled: Compiled, subject: Subject, at: datetime, *, channel: str | None = None,
    language: str | None = None, visit: Visit | None = None,
) -> Iterator[Preview]:  # fmt: skip
    """The subject on every channel (or one), in their own language (or a given one) and in every variant."""
    communication = compiled.communication
    language = language or communication.language_for(subject.customer.language)
    if language not in communication.languages:
        raise InputError(f"language '{language}' is none of {', '.join(communication.languages)}")
    if channel is not None and channel not in communication.written:
        raise InputError(f"channel '{channel}' is none of {', '.join(communication.written)}")
    for name in communication.written:
        if channel in (None, name):
            for variant in variants(compiled, name, language):
                yield _render(project, compiled, subject, at, name, language, variant, visit)


def variants(compiled: Compiled, channel: str, language: str) -> list[str]:
    """The variants whose message differs on a channel, an attachment included; one empty name where none does."""
    communication = compiled.communication
    if communication.experiment is None:
        return [""]
    shown = [channel, *(to for of, to in communication.attach.items() if of == channel)]
    found: dict[tuple[str, ...], str] = {}
    for variant in communication.experiment.variants:
        own = tuple(compiled.renderer.part(name, language, variant).file.variant for name in shown)
        found.setdefault(own, variant)
    common = tuple("" for _ in shown)
    return [""] if list(found) == [common] else list(found.values())


def _render(
    project: Project, compiled: Compiled, subject: Subject, at: datetime, channel: str, language: str, variant: str,
    visit: Visit | None,
) -> Preview:  # fmt: skip
    communication, customer = compiled.communication, subject.customer
    slots = compiled.renderer.slots(channel, language, variant)
    wording = resolve_wording(project.workspace, communication, slots, language, customer.jurisdiction, at)
    if isinstance(wording, MissingWording):
        ids = ", ".join(wording.ids)
        problem = f"no wording in force for {customer.jurisdiction}/{language}: {ids}"
        return Preview(subject, channel, language, None, problem, variant=variant)
    recipient = customer.reach(channel) or "preview@example.com"
    context = RenderContext(
        PREVIEW_ID, customer, language, customer.jurisdiction, at, recipient, subject.data, wording, preview=True,
        variant=variant,
    )  # fmt: skip
    if visit is not None:
        visit(compiled, channel, context)
    try:
        rendered = compiled.renderer.render(channel, context)
    except RenderError as error:
        return Preview(subject, channel, language, None, str(error), variant=variant)
    decision = Decision(customer.id, communication.id, at, True, "preview", channel, at, variant=variant)
    draft = Draft(PREVIEW_ID, decision, language, customer.jurisdiction, recipient, rendered)
    findings = check_findings(draft, communication, compiled.rules)
    return Preview(subject, channel, language, rendered, "", findings, variant)
