"""A workspace with one communication, whose templates each test writes."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from support import copy_workspace, without_lost_link

from ccm.compliance.rules import load_rules
from ccm.pipeline.facts import fact_findings
from ccm.pipeline.preview import samples
from ccm.pipeline.project import Compiled, Project
from ccm.store import Store
from ccm.store.archive import Archive
from ccm.workspace import load_workspace

AT = datetime(2026, 4, 2, tzinfo=UTC)
DATA = """
  offer: {rate: "0.0425", until: "2026-06-30"}
  account: {number: "40126613", currency: GBP}
  opening_balance: "2418.06"
  closing_balance: "1250.50"
  payments: [{amount: "12.40"}, {amount: "7.00"}]
"""
COMMUNICATION = """\
id: notice
name: {en: Notice, ja: お知らせ}
purpose: transactional
category: notices
channels: [CHANNELS]
languages: [LANGUAGES]
jurisdictions: [GB, JP]
wording: [WORDING]
data:
  fields:
    offer:
      type: object
      fields: {rate: {type: percent}, until: {type: date}, vip: {type: boolean, optional: true}}
    account:
      type: object
      fields: {number: {type: text, max_length: 34}, currency: {type: text, max_length: 3}}
    opening_balance: {type: money, currency: account.currency}
    closing_balance: {type: money, currency: account.currency}
    reference: {type: text, max_length: 20, optional: true}
    payments:
      type: list
      fields: {amount: {type: money, currency: account.currency}}
"""
FORMS = {"sms": "sms.txt", "social": "social.txt", "push": "push.yaml", "inbox": "inbox.md", "email": "email.md",
         "letter": "letter.html"}  # fmt: skip
HEADS = {
    "inbox": "---\nsubject: News\n---\n", "email": "---\nsubject: News\npreheader: In short\n---\n",
    "letter": "---\ntitle: News\n---\n",
}  # fmt: skip

WORDING = """\
id: notice-end
version: "{version}"
language: {language}
jurisdiction: GB
effective_from: 2025-01-01T00:00:00Z
owner: compliance
source: none
text: "{text}"
"""
SENTENCE = {
    "en": "You can end this agreement at any time without giving a reason to us.",
    "ja": "本契約はいつでも理由を示さずに解約することができます。",
}


def bare_workspace(root: Path) -> Path:
    """The shipped workspace without communications, wording and rules."""
    copy_workspace(root)
    for folder in root.glob("templates/[!_]*"):
        shutil.rmtree(folder)
    without_lost_link(root)
    for file in [*root.glob("compliance/rules/*.yaml"), *root.glob("compliance/wording/*/*.yaml")]:
        file.unlink()
    (root / "channels/policy.yaml").write_text("zones: {GB: [Europe/London], JP: [Asia/Tokyo]}\n", encoding="utf-8")
    return root


def write_notice(
    root: Path, templates: dict[str, str], *, data: str = DATA, wording: str = "", more: str = "", languages: str = ""
) -> Path:
    """The communication ``notice``; `templates` are by ``en/sms`` and the like, or by their own file names."""
    folder = root / "templates/notice"
    tongues = languages or ", ".join(sorted({name.partition("/")[0] for name in templates}))
    named = (name.partition("/")[2].partition(".")[0].partition("@")[0] for name in templates)
    channels = dict.fromkeys(name for name in named if name != "body")
    text = COMMUNICATION.replace("CHANNELS", ", ".join(channels)).replace("LANGUAGES", tongues)
    files = {"communication.yaml": text.replace("WORDING", wording) + more}
    for number, (language, place) in enumerate((("en-GB", "GB"), ("ja-JP", "JP"))):
        customer = f"customer:\n  given_name: Mori\n  language: {language}\n  jurisdiction: {place}\n"
        files[f"samples/sample-{number}.yaml"] = f"{customer}data:{data}"
    for name, body in templates.items():
        language, _, channel = name.partition("/")
        files[f"{language}/{FORMS.get(channel, channel)}"] = HEADS.get(channel, "") + body
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return root


def write_wording(root: Path, wording_id: str, versions: dict[str, str]) -> None:
    """A version of a wording for GB in each language."""
    for language, version in versions.items():
        file = root / f"compliance/wording/{wording_id}/gb-{language}-{version}.yaml"
        file.parent.mkdir(exist_ok=True)
        text = WORDING.format(version=version, language=language, text=SENTENCE[language])
        file.write_text(text.replace("notice-end", wording_id), encoding="utf-8")


def opened(root: Path) -> tuple[Project, Compiled]:
    """The workspace, with a store that nothing reads, and ``notice`` compiled."""
    workspace = load_workspace(root)
    project = Project(workspace, load_rules(workspace), Store("sqlite:///:memory:"), Archive(root / "archive"))
    return project, project.compiled("notice")


def found(root: Path) -> list[str]:
    """Everything found in ``notice``, as ``FX01 en/sms.txt:1 words``."""
    project, compiled = opened(root)
    problems: list[object] = []
    subjects = samples(compiled, project, problems)  # type: ignore[arg-type]
    assert not problems
    findings = fact_findings(project, compiled, subjects, AT)
    return [f"{one.code} {_short(one.path)}:{one.line} {_short(one.message)}" for one in findings]


def _short(text: str) -> str:
    return text.replace("templates/notice/", "")
