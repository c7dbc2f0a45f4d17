"""The demonstration workspace, rendered for its samples."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from ccm.model.customer import Customer
from ccm.model.message import RenderContext, Rendered
from ccm.pipeline.data import check_data
from ccm.render import Renderer
from ccm.workspace import Workspace, load_workspace
from ccm.workspace.communication import Communication, FieldType, Sample
from ccm.workspace.wording import resolve

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "AbCdEf0123456789-_AbCdEf0123456789"
AT = dt.datetime(2026, 4, 2, 3, 0, tzinfo=dt.UTC)
IDS = (
    "address-changed", "branch-news", "card-blocked", "complaint-received", "news-digest", "payment-received",
    "payment-reminder", "preference-link", "quarterly-statement", "rate-change", "savings-offer",
)  # fmt: skip


@cache
def workspace() -> Workspace:
    """The repository's own workspace."""
    return load_workspace(ROOT)


@cache
def renderer(communication_id: str) -> Renderer:
    """A shipped communication, compiled once for all tests."""
    return Renderer(workspace(), workspace().communications[communication_id])


def customer(sample: Sample) -> Customer:
    """The sample's customer."""
    return Customer.model_validate({"id": "C000123", **sample.customer})


def samples(communication_id: str, language: str = "") -> tuple[Sample, ...]:
    """The communication's samples, of one language or of all."""
    return tuple(
        sample for sample in workspace().samples[communication_id]
        if not language or str(sample.customer["language"]).startswith(language)
    )  # fmt: skip


@cache
def rendered(communication_id: str, name: str, channel: str) -> Rendered:
    """The sample called `name` on one channel, in its customer's language."""
    communication = workspace().communications[communication_id]
    (sample,) = (sample for sample in samples(communication_id) if sample.name == name)
    who = customer(sample)
    language = communication.language_for(who.language) or ""
    wording = {
        wording_id: resolve(workspace().wordings, wording_id, language, who.jurisdiction, AT)
        for wording_id in communication.wording
    }
    context = RenderContext(
        "5f2c9a7e41d0", who, language, who.jurisdiction, AT, who.reach(channel) or "",
        check_data(communication, sample.data), wording, preference_token=TOKEN,
    )  # fmt: skip
    return renderer(communication_id).render(channel, context)


def leaves(communication: Communication) -> Iterator[tuple[tuple[str, ...], FieldType]]:
    """The path and type of every field of the communication's data, objects and lists among them."""
    waiting = [((name,), field) for name, field in communication.data.fields.items()]
    while waiting:
        path, field = waiting.pop()
        yield path, field
        waiting += [((*path, name), inner) for name, inner in field.fields.items()]


def values(sample: Sample, path: tuple[str, ...]) -> list[Any]:
    """What the sample's data hold at `path`: one value, or one for each row of a list; None where nothing is given."""
    found: list[Any] = [sample.data]
    for part in path:
        rows = [row for value in found for row in (value if isinstance(value, list) else [value])]
        found = [row.get(part) for row in rows if isinstance(row, dict)]
    return found
