"""Writes the shipped e-mails into tests/render/mjml_corpus, as MJML with invented values in place of their code.

Run it from the repository when the e-mails changed, and tools/mjml_reference.sh after it.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from ccm.workspace import Workspace, load_workspace
from ccm.workspace.communication import Communication, TemplateFile

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "tests/render/mjml_corpus"
_CODE = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{\s*'?([^'|}]+?)'?\s*(?:\|.*?)?\}\}", re.DOTALL)
_PICTURE = re.compile(r'(?<=\ssrc=")[^"]*(?=")')


def document(workspace: Workspace, communication: Communication, file: TemplateFile) -> str:
    """One e-mail: code printed as the sample's values, pictures named by a Content-ID."""
    language = file.language
    layout = workspace.brand["email.mjml"].decode()
    layout = layout.replace("<mjml>", f'<mjml lang="{language}" dir="ltr">').replace("<ccm-content/>", file.body)
    metas = "".join(
        f'<meta name="{name}" content="light dark" />' for name in ("color-scheme", "supported-color-schemes")
    )
    lead = (f"<{tag}>{escape(file.meta[name])}</{tag}>" for tag, name in (("mj-title", "subject"),
                                                                         ("mj-preview", "preheader")))  # fmt: skip
    source = layout.replace("</mj-head>", f"<mj-raw>{metas}</mj-raw>{''.join(lead)}</mj-head>")
    values = dict(_values(workspace, communication, language))
    filled = _CODE.sub(lambda code: escape(values.get(code[1] or "", code[1] or "")), source)
    return _PICTURE.sub("cid:0123456789abcdef01234567@example.com", filled).strip() + "\n"


def _values(workspace: Workspace, communication: Communication, language: str) -> dict[str, str]:
    organisation = workspace.settings.organisation
    found = {
        "organisation.name": organisation.name.of(language), "organisation.website": organisation.website,
        "organisation.address": organisation.address.of(language).replace("\n", " "),
        "organisation.phone": organisation.phone, "organisation.preference_url": organisation.preference_url,
        "customer.addressee": {"en": "Jane Whitfield", "ja": "高橋 春香 様"}[language],
        "message.reference": "5f2c9a7e41d0",
        **workspace.catalogues.get(language, {}),
    }  # fmt: skip
    for wording in workspace.wordings:
        if wording.language == language:
            found[f"wording.{wording.id.replace('-', '_')}"] = wording.text
    for sample in workspace.samples[communication.id]:
        if sample.customer["language"][:2] == language:
            found |= dict(_flat("", sample.data))
    return found


def _flat(path: str, value: object) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [item for name, part in value.items() for item in _flat(f"{path}.{name}".strip("."), part)]
    return [(path, str(value))]


def main() -> None:
    workspace = load_workspace(ROOT)
    for communication in workspace.communications.values():
        for file in workspace.templates[communication.id]:
            if file.path.endswith("/email.mjml"):
                target = CORPUS / f"{communication.id}-{file.language}.mjml"
                target.write_text(document(workspace, communication, file), encoding="utf-8")


if __name__ == "__main__":
    main()
