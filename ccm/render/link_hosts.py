"""Where links lead: from text messages to the organisation itself, in no channel through a public shortener.

``LK03`` a link in a text message to somebody else's host, ``LK04`` a link through a shortener.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from ccm.errors import Problem
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication
from ccm.workspace.settings import Organisation

SHORTENERS = (
    "bit.ly", "buff.ly", "cutt.ly", "goo.gl", "is.gd", "ow.ly", "rb.gy", "rebrand.ly", "s.id", "t.co", "t.ly",
    "tiny.cc", "tinyurl.com", "v.gd", "x.gd",
)  # fmt: skip
"""Public ones. Whoever reads such a link can't tell where it leads, which is how customers of banks are deceived;
networks filter text messages for them (CTIA, Messaging Principles and Best Practices, on shared short links)."""
_SHORTENED = re.compile(
    rf"(?<![\w@.-])(?:https?://|www\.)*({'|'.join(map(re.escape, SHORTENERS))})(?![\w-]|\.\w)", re.ASCII | re.IGNORECASE
)
_LINK = re.compile(r"(?<![\w@.-])(?:https?://|www\.)([^\s/?#:\"'<>()\0]*)", re.ASCII | re.IGNORECASE)
_HOST = re.compile(r"([a-z0-9-]+(?:\.[a-z0-9-]+)+)\.?(?:[^\0-\x7f].*)?", re.IGNORECASE)
"""Japanese goes on right behind a link; any other character after the host makes it a trick."""
_CODE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Text:
    path: str
    text: str
    line: int
    """Where it starts in the file; 0 where that is not known."""
    sms: bool = False


def own_hosts(organisation: Organisation) -> frozenset[str]:
    """The hosts that belong to the organisation: its website's and preference page's, and those it lists.

    A host stands for those below it too, and ``www.`` in front is left out.
    """
    linked = (str(urlsplit(link).hostname) for link in (organisation.website, organisation.preference_url))
    return frozenset(host.removeprefix("www.") for host in (*linked, *organisation.link_hosts))


def is_own(host: str, own: frozenset[str]) -> bool:
    """Whether a host is one of the organisation's, or below one."""
    name = host.lower()
    return any(name == known or name.endswith(f".{known}") for known in own)


def link_findings(workspace: Workspace, communication: Communication) -> list[Problem]:
    """Errors: links that lead where they should not, in a communication's templates, its wording and the brand."""
    own = own_hosts(workspace.settings.organisation)
    found = {problem for text in _texts(workspace, communication) for problem in _of_text(text, own)}
    return sorted(found)


def _texts(workspace: Workspace, communication: Communication) -> Iterator[_Text]:
    for file in workspace.templates[communication.id]:
        yield _Text(file.path, file.body, file.body_line, file.channel == "sms")
        for value in file.meta.values():
            yield _Text(file.path, value, 0)
    for name, content in workspace.brand.items():
        if name.endswith((".mjml", ".html")):
            yield _Text(f"templates/_brand/{name}", content.decode("utf-8", "replace"), 1)
    for wording in workspace.wordings:
        if wording.id in communication.wording and wording.jurisdiction in communication.jurisdictions:
            for text, is_sms in sorted({(wording.said_on(name), name == "sms") for name in communication.channels}):
                yield _Text(wording.path, text, 0, is_sms)


def _of_text(source: _Text, own: frozenset[str]) -> Iterator[Problem]:
    # Code stays as long as it is, so that columns stay true.
    text = _CODE.sub(lambda code: re.sub(r"[^\n]", "\0", code[0]), source.text)

    def problem(code: str, start: int, message: str) -> Problem:
        if not source.line:
            return Problem(source.path, 0, f"{code} {message}", 0, code)
        line, column = text.count("\n", 0, start), start - text.rfind("\n", 0, start)
        return Problem(source.path, source.line + line, f"{code} {message}", column, code)

    for found in _SHORTENED.finditer(text):
        message = f"{found[1].lower()} hides where a link leads: write the address itself, or one of your own domain"
        yield problem("LK04", found.start(), message)
    for found in _LINK.finditer(text) if source.sms else ():
        host = _HOST.fullmatch(found[1])
        if not found[1]:
            message = "the host of this link is filled in: write it out, or use {{ organisation.website }}"
            yield problem("LK03", found.start(), message)
        elif host is None or not is_own(host[1], own):
            message = f"{found[1]} is no host of the organisation: text messages link to its own pages only"
            yield problem("LK03", found.start(), f"{message}; list it under link_hosts in ccm.toml if it is")
