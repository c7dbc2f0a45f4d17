"""A small workspace on disk, read by the real loader, and a context to render from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from ccm.errors import WorkspaceError as WorkspaceError
from ccm.model.customer import Customer
from ccm.model.message import RenderContext, Rendered
from ccm.render import Renderer
from ccm.workspace import Workspace, load_workspace
from ccm.workspace.wording import resolve

AT = dt.datetime(2026, 4, 2, 15, 30, tzinfo=dt.UTC)
LAYOUT = """<mjml>
<mj-head><mj-style>.a { color: red }</mj-style></mj-head>
<mj-body>
<mj-section><mj-column><mj-text>{{ organisation.name }}</mj-text></mj-column></mj-section>
<ccm-content/>
</mj-body>
</mjml>
"""
SECTION = "<mj-section><mj-column><mj-text>{}</mj-text></mj-column></mj-section>\n"
FIELDS = """
    account:
      type: object
      fields:
        number: {type: text, max_length: 20}
        currency: {type: text, max_length: 3}
        items: {type: integer, optional: true}
        opened_on: {type: date, optional: true}
    balance: {type: money, currency: account.currency}
    rate: {type: percent}
    share: {type: decimal, optional: true}
    name: {type: text, max_length: 400}
    note: {type: text, optional: true}
    seen_at: {type: datetime, optional: true}
    agreed: {type: boolean}
    entries:
      type: list
      optional: true
      max_length: 50
      fields:
        label: {type: text}
        amount: {type: money, currency: currency}
        currency: {type: text, max_length: 3}
        parts:
          type: list
          fields:
            label: {type: text}
"""
DATA: dict[str, Any] = {
    "account": {"number": "12345678", "currency": "GBP", "items": 3},
    "balance": "1234.5",
    "rate": "0.0425",
    "name": "Anna",
    "agreed": True,
    "entries": [
        {"label": "one", "amount": "-5", "currency": "JPY", "parts": [{"label": "x"}]},
        {"label": "two", "amount": "7", "currency": "USD", "parts": []},
    ],
}
WORDING = {
    "small-print": "{organisation.name} is supervised.\nSee {organisation.website} & ask.",
    "short-note": "A long sentence for letters.",
}


def write_workspace(
    root: Path, *, email: str = "", sms: str = "", letter: str = "", layout: str = LAYOUT, subject: str = "News",
    fields: str = FIELDS, purpose: str = "transactional", languages: str = "[en]", attach: str = "",
    channels: str = "", extra: Mapping[str, str] = MappingProxyType({}),
) -> None:  # fmt: skip
    """The files of a workspace whose communication ``notice`` has the given templates.

    `extra` are files of the communication's folder, for the `channels` (as in ``line, push``) beside the others.
    """
    given = [name for name, text in (("email", email), ("sms", sms), ("letter", letter)) if text]
    files = {
        "ccm.toml": """[organisation]
name = { en = "Hinoki & Co", ja = "ひのき銀行" }
address = { en = "1 Main Street\\nTokyo", ja = "東京都" }
website = "https://www.example.com"
phone = "+1 800 555 0142"
preference_url = "https://www.example.com/prefs"
[customer.attributes]
tier = "text"
""",
        "channels/email.yaml": "channel: email\nadapter: outbox\nsender: hello@example.com\n"
        'sender_name: {en: "Hinoki, \\"the\\" Bank", ja: ひのき銀行}\n',
        "channels/sms.yaml": "channel: sms\nadapter: outbox\nmax_segments: 2\n",
        "channels/letter.yaml": "channel: letter\nadapter: outbox\n",
        "channels/policy.yaml": "zones: {US: [America/Chicago], JP: [Asia/Tokyo], GB: [Europe/London]}\n",
        "compliance/rules/.keep": "",
        "templates/_brand/email.mjml": layout,
        "templates/_brand/letter.html": '<html lang="{{ message.language }}"><body><ccm-content/></body></html>',
        "templates/_brand/letter.css": "body { font-family: 'Noto Sans', 'Noto Sans JP' }",
        "templates/_brand/locale/ja.po": 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "Hello"\nmsgstr "こんにちは"\n',
        "templates/notice/communication.yaml": f"""id: notice
name: {{en: Notice, ja: お知らせ}}
purpose: {purpose}
category: news
channels: [{", ".join([*given, *([channels] if channels else [])])}]
languages: {languages}
jurisdictions: [US, GB, JP]
wording: [small-print, short-note]
{attach}
data:
  fields: {fields}
""",
    }
    for name in ("line", "push", "whatsapp", "social", "inbox"):
        files[f"channels/{name}.yaml"] = f"channel: {name}\nadapter: outbox\n"
    files["templates/_brand/inbox.html"] = '<article lang="{{ message.language }}"><ccm-content/></article>'
    files |= {f"templates/notice/{name}": text for name, text in extra.items()}
    for wording_id, text in WORDING.items():
        for language in ("en", "ja"):
            files[f"compliance/wording/{wording_id}/us-{language}-1.yaml"] = (
                f'id: {wording_id}\nversion: "1"\nlanguage: {language}\njurisdiction: US\n'
                "effective_from: 2025-01-01T00:00:00Z\nowner: compliance\nsource: none\n"
                f"text: {text!r}\n".replace("\\n", "\n\n  ")
                + ("texts: {sms: Short.}\n" if wording_id == "short-note" else "")
                + "placeholders: {organisation.name: text, organisation.website: text}\n"
            )
    for language in languages.strip("[]").split(", "):
        if email:
            head = f"---\nsubject: {subject!r}\npreheader: In short\n---\n"
            files[f"templates/notice/{language}/email.mjml"] = head + email
        if sms:
            files[f"templates/notice/{language}/sms.txt"] = sms
        if letter:
            files[f"templates/notice/{language}/letter.html"] = f"---\ntitle: Letter\n---\n{letter}"
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def load(root: Path, **templates: Any) -> Workspace:
    """The workspace of `write_workspace`, loaded; one that differs only in its SMS is not read again."""
    if templates.keys() == {"sms"}:
        base = _sms_workspace()
        file = base.templates["notice"][0].model_copy(update={"body": templates["sms"]})
        return replace(base, templates={"notice": (file,)})
    write_workspace(root, **templates)
    return load_workspace(root)


@cache
def _sms_workspace() -> Workspace:
    with TemporaryDirectory() as folder:
        write_workspace(Path(folder), sms="x")
        return load_workspace(Path(folder))


def compiled(root: Path, **templates: Any) -> Renderer:
    """The communication ``notice`` of `write_workspace`, compiled."""
    workspace = load(root, **templates)
    return Renderer(workspace, workspace.communications["notice"])


def customer(**fields: Any) -> Customer:
    """A customer; `fields` win over the ordinary ones."""
    return Customer.model_validate(
        {
            "id": "C1", "given_name": "Jane", "family_name": "Whitfield", "language": "en-US", "jurisdiction": "US",
            "timezone": "America/Chicago", "contact_points": {"email": "jane@example.com", "sms": "+15125550123"},
            **fields,
        }
    )  # fmt: skip


def context(workspace: Workspace | None = None, **fields: Any) -> RenderContext:
    """Everything one message renders from; `data` is laid over `DATA`."""
    who = fields.pop("customer", None) or customer()
    wording = {}
    if workspace is not None:
        wording = {name: resolve(workspace.wordings, name, "en", "US", AT) for name in WORDING}
    data = {**DATA, **fields.pop("data", {})}
    values = {
        "message_id": "m-1", "customer": who, "language": "en", "jurisdiction": who.jurisdiction, "at": AT,
        "recipient": "jane@example.com", "data": data, "wording": wording, **fields,
    }  # fmt: skip
    return RenderContext(**values)


def sms(root: Path, text: str, **fields: Any) -> str:
    """What the SMS template `text` renders to."""
    workspace = load(root, sms=text)
    rendered: Rendered = Renderer(workspace, workspace.communications["notice"]).render(
        "sms", context(workspace, **fields)
    )
    return rendered.body.decode()
