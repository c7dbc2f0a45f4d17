"""A small workspace with the shipped wording and rules, and messages to check against them."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection

from ccm.compliance.approvals import ReleaseAction
from ccm.compliance.releases import Release, build_release, canonical
from ccm.model.message import Decision, Draft, Rendered, WordingUse
from ccm.workspace import Workspace, load_workspace
from ccm.workspace.settings import Person

SHIPPED = Path(__file__).resolve().parents[2] / "compliance"
AT = datetime(2026, 4, 1, 9, tzinfo=UTC)

FILES = {
    "ccm.toml": """
[organisation]
name = { en = "Test Bank", ja = "テスト銀行" }
address = { en = "1 Example Street\\nLondon", ja = "東京都千代田区1-1" }
website = "https://www.bank.example"
phone = "+1 555 0100"
preference_url = "https://www.bank.example/preferences"

[customer.attributes]
branch = "text"

[[people]]
id = "aoi"
name = "Aoi"
roles = ["author", "compliance"]
aliases = ["aoi@bank.example"]

[[people]]
id = "ben"
name = "Ben"
roles = ["author"]

[[people]]
id = "chie"
name = "Chie"
roles = ["compliance"]

[[people]]
id = "dan"
name = "Dan"
roles = ["compliance"]

[[people]]
id = "ops"
name = "Ops"
roles = ["operator"]

[[people]]
id = "root"
name = "Root"
roles = ["administrator"]
""",
    "channels/policy.yaml": "zones:\n  US: [America/New_York]\n  GB: [Europe/London]\n  JP: [Asia/Tokyo]\n",
    "channels/email.yaml": "channel: email\nadapter: outbox\nsender: a@bank.example\nsender_name: {en: A, ja: 甲}\n",
    "channels/sms.yaml": "channel: sms\nadapter: outbox\nsender: TESTBANK\n",
    "channels/letter.yaml": "channel: letter\nadapter: outbox\n",
    "templates/_brand/email.mjml": "<mjml><mj-body><ccm-content/></mj-body></mjml>",
    "templates/_brand/letter.css": "p { color: black }",
    "templates/_brand/notes.html": "Dear",
    "templates/quarterly-statement/communication.yaml": """
id: quarterly-statement
name: {en: Quarterly statement, ja: 取引明細書}
purpose: regulatory
category: statements
channels: [email, letter, sms]
languages: [en, ja]
jurisdictions: [US, GB, JP]
fallback: letter
wording: [deposit-protection, fee-notice]
data:
  sql: data.sql
  fields:
    opening: {type: integer}
""",
    "templates/quarterly-statement/data.sql": "SELECT id AS customer_id, 1 AS opening FROM customers\n",
    "templates/savings-offer/communication.yaml": """
id: savings-offer
name: {en: Savings offer, ja: 預金のご案内}
purpose: marketing
category: offers
channels: [email, sms]
languages: [en, ja]
jurisdictions: [US, GB, JP]
wording: [marketing-opt-out, sender-identity]
""",
    "templates/payment-received/communication.yaml": """
id: payment-received
name: {en: Payment received, ja: ご入金のお知らせ}
purpose: transactional
category: payments
channels: [sms, email]
languages: [en, ja]
jurisdictions: [US, GB, JP]
""",
}
KEPT = {
    "deposit-protection": ("gb-en-1.yaml", "gb-en-2.yaml"),
    "fee-notice": ("us-en-1.yaml", "jp-ja-1.yaml"),
    "marketing-opt-out": ("gb-en-1.yaml",),
    "sender-identity": ("gb-en-1.yaml",),
}
OTHERS = ("CW03", "CW04", "CW05", "SC01", "TY01")
"""Shipped rules of communications that this workspace has not."""
EMAIL = '---\nsubject: "Hello"\npreheader: "Hi"\n---\n<mj-text>Hello</mj-text>\n'
LETTER = '---\ntitle: "Statement"\n---\n<p>{{ wording.deposit_protection }} {{ wording.fee_notice }}</p>\n'


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a workspace that loads; not to be changed."""
    folder = tmp_path_factory.mktemp("compliance") / "workspace"
    shutil.copytree(SHIPPED, folder / "compliance")
    for rule in OTHERS:
        (folder / f"compliance/rules/{rule}.yaml").unlink()
    files = {**FILES, "compliance/packs.yaml": "packs: []\n"}
    for language in ("en", "ja"):
        for name in ("quarterly-statement", "savings-offer", "payment-received"):
            files[f"templates/{name}/{language}/email.mjml"] = EMAIL
            files[f"templates/{name}/{language}/sms.txt"] = "Hello\n"
        files[f"templates/quarterly-statement/{language}/letter.html"] = LETTER
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def workspace(pristine: Path) -> Workspace:
    return load_workspace(pristine)


@pytest.fixture(scope="session")
def small(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with a few of the wordings, so that tests which load it often are quick; not to be changed."""
    folder = Path(shutil.copytree(pristine, tmp_path_factory.mktemp("small") / "workspace"))
    for file in folder.glob("compliance/wording/*/*.yaml"):
        if file.name not in KEPT.get(file.parent.name, ()):
            file.unlink()
    return folder


@pytest.fixture
def root(small: Path, tmp_path: Path) -> Path:
    """A copy of the small workspace that a test may change."""
    return Path(shutil.copytree(small, tmp_path / "workspace"))


@pytest.fixture(scope="session")
def release(small: Path) -> Release:
    """The release of the small workspace's statement."""
    loaded = load_workspace(small)
    return build_release(loaded, loaded.communication("quarterly-statement"))


@pytest.fixture
def draft() -> Callable[..., Draft]:
    """Makes a draft; `used` are wording ids with the text that was put into their slots."""

    def make(
        communication: str,
        text: str,
        *,
        channel: str = "email",
        language: str = "en",
        jurisdiction: str = "GB",
        subject: str = "",
        links: tuple[str, ...] = (),
        used: dict[str, str] | None = None,
        segments: int = 0,
    ) -> Draft:
        uses = tuple(WordingUse(name, "1", "0" * 64, words) for name, words in (used or {}).items())
        rendered = Rendered(channel, "text/plain", text.encode(), text, subject, links, uses, segments)
        decision = Decision("c1", communication, AT, True, "preferred", channel, AT)
        return Draft("m1", decision, language, jurisdiction, "a@bank.example", rendered)

    return make


class Recorder:
    """Stands for the audit log: keeps what it is handed, or refuses it."""

    def __init__(self) -> None:
        self.actions: list[ReleaseAction] = []
        self.broken = False

    def __call__(self, connection: Connection, action: ReleaseAction) -> None:
        assert connection.in_transaction()
        if self.broken:
            raise OSError("the log is full")
        self.actions.append(action)


@pytest.fixture
def record() -> Recorder:
    """What actions are recorded with."""
    return Recorder()


@pytest.fixture(scope="session")
def person(workspace: Workspace) -> Callable[[str], Person]:
    """Finds a person of ccm.toml by any name."""
    return workspace.person


@pytest.fixture(scope="session")
def releases_of() -> Callable[..., Release]:
    """Makes a release that differs from others by its number."""

    def make(number: int, communication: str = "offer") -> Release:
        manifest = {"part": str(number)}
        document = canonical({"communication": communication, "manifest": manifest})
        return Release(hashlib.sha256(document.encode()).hexdigest(), communication, manifest)

    return make
