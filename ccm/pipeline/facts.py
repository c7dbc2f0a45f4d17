"""Facts of one communication over its samples: channels and languages must not contradict each other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ccm.compliance.resolve import MissingWording, resolve_wording
from ccm.model.message import RenderContext
from ccm.pipeline.facts_wording import wording_findings
from ccm.pipeline.preview import PREVIEW_ID, Subject
from ccm.pipeline.project import Compiled, Project
from ccm.render.facts import Comparison, Declared, FactFinding, FactReader, Reading
from ccm.workspace.communication import FieldType, TemplateFile


def fact_findings(
    project: Project, compiled: Compiled, subjects: Sequence[Subject], at: dt.datetime
) -> tuple[FactFinding, ...]:
    """What the samples' messages say differently on different channels or in different languages, by place.

    Nothing is laid out or compiled for it: the templates' syntax trees are walked with each sample's values.
    """
    reader = FactReader(project.workspace, compiled.communication, compiled.renderer)
    comparison = Comparison()
    for subject in subjects:
        readings = [
            reading for file in reader.templates
            if (reading := _reading(project, compiled, reader, subject, file, at)) is not None
        ]  # fmt: skip
        comparison.add(readings, tuple(_declared(project, compiled, subject)))
    wording = wording_findings(project, compiled, reader, at)
    return tuple(sorted({*comparison.findings(), *wording}))


def _reading(
    project: Project, compiled: Compiled, reader: FactReader, subject: Subject, file: TemplateFile, at: dt.datetime
) -> Reading | None:
    customer, communication = subject.customer, compiled.communication
    slots = compiled.renderer.slots(file.channel, file.language, file.variant)
    wording = resolve_wording(project.workspace, communication, slots, file.language, customer.jurisdiction, at)
    if isinstance(wording, MissingWording):
        return None
    context = RenderContext(
        PREVIEW_ID, customer, file.language, customer.jurisdiction, at, "preview@example.com", subject.data, wording,
        preview=True, variant=file.variant,
    )  # fmt: skip
    return reader.read(file, subject.name, context)


def _declared(project: Project, compiled: Compiled, subject: Subject) -> Iterator[Declared]:
    """The values behind one sample's messages; the items of lists are too many to mean one of them."""
    organisation = project.workspace.settings.organisation
    for name in ("website", "phone"):
        yield Declared(f"organisation.{name}", "text", getattr(organisation, name))
    yield from _fields(compiled.communication.data.fields, subject.data, "", subject.data)


def _fields(
    fields: Mapping[str, FieldType], data: Mapping[str, Any], prefix: str, top: Mapping[str, Any]
) -> Iterator[Declared]:
    for name, field in fields.items():
        value, path = data.get(name), f"{prefix}{name}"
        if isinstance(value, Mapping):
            yield from _fields(field.fields, value, f"{path}.", top)
        elif isinstance(value, dt.datetime):
            yield Declared(path, field.type, value.date())
        elif isinstance(value, Decimal | dt.date | str):
            yield Declared(path, field.type, value, _currency(field.currency or "", data, top))


def _currency(declared: str, parent: Mapping[str, Any], top: Mapping[str, Any]) -> str:
    found: Any = parent.get(declared) or top
    for part in declared.split(".") if found is top else ():
        found = found.get(part) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) else declared
