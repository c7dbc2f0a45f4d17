"""What customers read of the shipped communications on every channel but e-mail, as it was last looked at.

A change of words shows up here, and in the review of the files beside this one. E-mails have snapshots of their own.
Look (``ccm preview``), then take over the new state with: pytest tests/render --snapshot-update
"""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from weasyprint import HTML

from ccm.model.customer import Customer
from ccm.model.message import RenderContext
from ccm.pipeline.data import check_data
from ccm.render import Renderer
from ccm.render.channels.letter import LetterChannel
from ccm.render.letter_markup import visible_text
from ccm.render.letter_totals import carry_totals
from ccm.workspace import Workspace, load_workspace
from ccm.workspace.wording import resolve

ROOT = Path(__file__).resolve().parents[2]
AT = dt.datetime(2026, 4, 2, 3, 0, tzinfo=dt.UTC)


class _Text(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@cache
def workspace() -> Workspace:
    return load_workspace(ROOT)


@cache
def renderer(communication_id: str) -> Renderer:
    return Renderer(workspace(), workspace().communications[communication_id])


def context(communication_id: str, language: str) -> RenderContext:
    """What the first sample in a language renders from."""
    communication = workspace().communications[communication_id]
    for sample in workspace().samples[communication_id]:
        customer = Customer.model_validate({"id": "C000123", **sample.customer})
        if communication.language_for(customer.language) == language:
            wording = {
                name: resolve(workspace().wordings, name, language, customer.jurisdiction, AT)
                for name in communication.wording
            }
            data = check_data(communication, sample.data)
            return RenderContext("5f2c9a7e41d0", customer, language, customer.jurisdiction, AT, "", data, wording)
    raise AssertionError(f"{communication_id} has no sample in '{language}'")


def told(communication_id: str, channel: str, language: str) -> str:
    """The message as a reviewer reads it."""
    made, message = renderer(communication_id), context(communication_id, language)
    if channel == "letter":
        # Without the layout, which has tests of its own.
        letters = made.channel("letter")
        assert isinstance(letters, LetterChannel)
        html, title = letters.page(made.filling("letter", message))
        root = HTML(string=html).etree_element
        carry_totals(root)
        return f"{title}\n\n{visible_text(root)}"
    rendered = made.render(channel, message)
    if rendered.media_type == "application/json":
        return json.dumps(json.loads(rendered.body), ensure_ascii=False, indent=2)
    counted = f"segments: {rendered.segments}" if channel == "sms" else rendered.subject
    return f"{counted}\n\n{rendered.text}"


SHIPPED = [
    pytest.param(communication.id, channel, language, id=f"{communication.id}.{channel}.{language}")
    for communication in workspace().communications.values()
    for channel in communication.channels if channel != "email"
    for language in communication.languages
]  # fmt: skip


@pytest.mark.parametrize(("communication", "channel", "language"), SHIPPED)
def test_text_is_the_one_last_read(
    communication: str, channel: str, language: str, snapshot: SnapshotAssertion
) -> None:
    assert told(communication, channel, language) + "\n" == snapshot(extension_class=_Text)
