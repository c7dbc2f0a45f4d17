"""The page that shows all renderings side by side. It needs no network, and works without its script.

Every text in it is other people's: the template engine escapes it, e-mails stand in frames without rights, and the
page's policy lets nothing run but the script that was written with it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from ccm.cli.pages import page_environment
from ccm.cli.preview.cards import data_address
from ccm.cli.preview.words import WORDS, UiLanguage
from ccm.pipeline.project import Compiled

if TYPE_CHECKING:
    from ccm.cli.preview.write import Group

_PHONE = ("sms", "line", "whatsapp", "push", "social", "inbox", "digest")
_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; form-action 'none'; "
    "base-uri 'none'"
)


def _source(name: str) -> str:
    return (files("ccm.cli.preview") / name).read_text(encoding="utf-8")


def preview_page(compiled: Compiled, groups: Sequence[Group], at: datetime, ui_language: UiLanguage) -> str:
    """The page as one file of HTML, pictures and frames included."""
    words, script = WORDS[ui_language], _source("page.js")
    environment = page_environment(_source)
    environment.filters["picture"] = data_address
    digest = b64encode(sha256(script.encode()).digest()).decode()
    cards = [card for group in groups for card in group.cards]
    return environment.get_template("page.html").render(
        policy=_POLICY.format(digest=digest), script=script, style=_source("page.css"), w=words, ui=ui_language.value,
        name=compiled.communication.name.of(ui_language.value), communication=compiled.communication.id,
        at=at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC"), groups=groups, phone=_PHONE,
        languages=sorted({group.language for group in groups}),
        channels=[name for name in compiled.communication.written if any(card.channel == name for card in cards)],
        rules={rule.id: rule.file.name.of(ui_language.value) for rule in compiled.rules},
    )  # fmt: skip
