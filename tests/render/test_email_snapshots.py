"""The shipped e-mails as they were last looked at: a change of words or looks shows up here.

Look at them (``ccm preview``), then take over the new state with: pytest tests/render --snapshot-update
"""

from __future__ import annotations

import datetime as dt
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cache
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from ccm.model.customer import Customer
from ccm.model.message import RenderContext
from ccm.render import Renderer
from ccm.workspace import Workspace, load_workspace
from ccm.workspace.wording import resolve

ROOT = Path(__file__).resolve().parents[2]
AT = dt.datetime(2026, 4, 2, 3, 0, tzinfo=dt.UTC)


class _Html(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "html"


class _Text(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "txt"


@cache
def workspace() -> Workspace:
    return load_workspace(ROOT)


SHIPPED = [
    (communication.id, language)
    for communication in workspace().communications.values() if "email" in communication.channels
    for language in communication.languages
]  # fmt: skip


@cache
def message(communication_id: str, language: str) -> EmailMessage:
    """The e-mail of the first sample in a language."""
    communication = workspace().communications[communication_id]
    for sample in workspace().samples[communication_id]:
        customer = Customer.model_validate({"id": "C000123", **sample.customer})
        if communication.language_for(customer.language) == language:
            wording = {
                name: resolve(workspace().wordings, name, language, customer.jurisdiction, AT)
                for name in communication.wording
            }
            context = RenderContext("5f2c9a7e41d0", customer, language, customer.jurisdiction, AT,
                                    "somebody@example.com", sample.data, wording,
                                    preference_token="AbCdEf0123456789-_" * 9)  # fmt: skip
            parsed = message_from_bytes(
                Renderer(workspace(), communication).render("email", context).body, policy=default
            )
            assert isinstance(parsed, EmailMessage)
            return parsed
    raise AssertionError(f"{communication_id} has no sample in '{language}'")


def body(communication_id: str, language: str, kind: str) -> str:
    part = message(communication_id, language).get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@pytest.mark.parametrize(("communication", "language"), SHIPPED)
def test_page_is_the_one_last_looked_at(communication: str, language: str, snapshot: SnapshotAssertion) -> None:
    assert body(communication, language, "html") == snapshot(extension_class=_Html)


@pytest.mark.parametrize(("communication", "language"), SHIPPED)
def test_headers_and_text_are_the_ones_last_read(
    communication: str, language: str, snapshot: SnapshotAssertion
) -> None:
    mail = message(communication, language)
    kinds = " ".join(part.get_content_type() for part in mail.walk())
    told = [f"{name}: {value}" for name, value in mail.items() if name not in ("Content-Type", "MIME-Version")]
    assert "\n".join([*told, kinds, "", body(communication, language, "plain")]) == snapshot(extension_class=_Text)
