"""One template file: its name says what it is for; front matter stands between two lines of ``---``, then the body."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ccm.errors import Problem
from ccm.workspace.communication import DIGEST_PART, TemplateKind
from ccm.workspace.yamlfile import read_text, relative
from ccm.workspace.yamlreader import Document, Refused, parse_yaml


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write a channel's template."""

    channel: str
    kind: TemplateKind
    needed: frozenset[str] = frozenset()
    """Front matter that it must have."""
    possible: frozenset[str] = frozenset()
    """Front matter that it may have besides."""


_MAIL = frozenset({"subject", "preheader"})
FORMS = {
    "email.mjml": Form("email", "mjml", _MAIL),
    "email.md": Form("email", "markdown", _MAIL),
    "letter.html": Form("letter", "html", frozenset({"title"})),
    "letter.md": Form("letter", "markdown", frozenset({"title"})),
    "sms.txt": Form("sms", "text"),
    "line.txt": Form("line", "text"),
    "line.json": Form("line", "json"),
    "push.yaml": Form("push", "yaml"),
    "whatsapp.yaml": Form("whatsapp", "yaml"),
    "social.txt": Form("social", "text"),
    "inbox.md": Form("inbox", "markdown", frozenset({"subject"})),
    "digest.txt": Form(DIGEST_PART, "text", possible=frozenset({"page"})),
}
"""File name to form. A channel is written in one of its forms."""
BODY = "body.md"
"""Serves every channel of `BODY_CHANNELS` that has no file of its own."""
BODY_CHANNELS = {"email": _MAIL, "letter": frozenset({"title"}), "inbox": frozenset({"subject"})}
"""Channel to the front matter it takes from ``body.md``; a letter's title is the subject where none is given."""
_VARIANT = re.compile(r"([a-z]+)@([a-z][a-z0-9]{0,15})(\.[a-z]+)")


@dataclass(frozen=True, slots=True)
class Read:
    """A file as it stands on disk."""

    path: str
    meta: dict[str, str]
    body: str
    body_line: int


def split_name(name: str) -> tuple[str, str]:
    """A file's name without its variant, and the variant: ``email@b.mjml`` is (``email.mjml``, ``b``)."""
    found = _VARIANT.fullmatch(name)
    return (found[1] + found[3], found[2]) if found else (name, "")


def names_for(channel: str) -> list[str]:
    """The names that a channel's template may have, its own before the common one."""
    return [name for name, form in FORMS.items() if form.channel == channel] + [BODY] * (channel in BODY_CHANNELS)


def read_template(
    file: Path, root: Path, needed: frozenset[str], possible: frozenset[str], problems: list[Problem]
) -> Read | None:
    """The template, not compiled; what is wrong with it is appended to `problems`."""
    path = relative(file, root)
    try:
        text = read_text(file, root)
        front, body, body_line = Document(path, {}, {}), text, 1
        if head := re.match(r"---\n(.*?\n|)---(?:\n|$)", text, re.DOTALL):
            front = parse_yaml(head[1], path, first_line=2)
            body, body_line = text[head.end() :], head[0].count("\n") + 1
        if not isinstance(front.data, dict):
            raise Refused(Problem(path, 2, 'front matter must be names and values, as in: title: "Statement"'))
    except Refused as refused:
        problems.append(refused.problem)
        return None
    meta: dict[str, str] = {}
    for name, value in front.data.items():
        line = front.line((name,))
        if name not in needed | possible:
            allowed = ", ".join(sorted(needed | possible)) or "nothing"
            problems.append(Problem(path, line, f"front matter '{name}' is none of {allowed}"))
        elif not isinstance(value, str):
            problems.append(Problem(path, line, f"front matter '{name}' must be text; put it in quotes"))
        else:
            meta[name] = value
    for name in sorted(needed - front.data.keys()):
        problems.append(Problem(path, 1, f"front matter '{name}' is missing (between two lines of ---)"))
    return Read(path, meta, body, body_line)
