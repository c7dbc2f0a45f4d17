"""One template file: front matter between two lines of ``---``, then the body."""

from __future__ import annotations

import re
from pathlib import Path

from ccm.errors import Problem
from ccm.workspace.communication import TemplateFile
from ccm.workspace.yamlfile import Document, Refused, parse_yaml, read_text, relative

TEMPLATE_NAMES = {"email.mjml": "email", "letter.html": "letter", "sms.txt": "sms"}
META = {"email": {"subject", "preheader"}, "letter": {"title"}, "sms": set[str]()}
"""The front matter that a template of each channel has, all of it needed."""


def read_template(
    file: Path, root: Path, channel: str, language: str, problems: list[Problem]
) -> TemplateFile | None:  # fmt: skip
    """The template as it stands on disk, not compiled; what is wrong with it is appended to `problems`."""
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
        if name not in META[channel]:
            allowed = ", ".join(sorted(META[channel])) or "nothing"
            problems.append(Problem(path, line, f"front matter '{name}' is none of {allowed}"))
        elif not isinstance(value, str):
            problems.append(Problem(path, line, f"front matter '{name}' must be text; put it in quotes"))
        else:
            meta[name] = value
    for name in sorted(META[channel] - front.data.keys()):
        problems.append(Problem(path, 1, f"front matter '{name}' is missing (between two lines of ---)"))
    return TemplateFile(path=path, channel=channel, language=language, meta=meta, body=body, body_line=body_line)
