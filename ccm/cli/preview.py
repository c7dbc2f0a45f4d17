"""Previews as files, with one page that shows them all."""

from __future__ import annotations

import email
import hashlib
import html
import re
from collections.abc import Sequence
from email import policy
from email.message import EmailMessage
from pathlib import Path

from ccm.errors import InputError
from ccm.pipeline.preview import Preview
from ccm.render.email_images import page_with_pictures

SUFFIXES = {"message/rfc822": ".eml", "application/pdf": ".pdf"}
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #1c2622 }
section { border-top: 1px solid #d5d9d3; padding: 1rem 0 2rem }
iframe, object { width: 100%; height: 50rem; border: 1px solid #d5d9d3; background: #fff }
pre { max-width: 22rem; padding: 1rem; border-radius: 1rem; background: #e8efe9; white-space: pre-wrap }
.note { color: #8a2b0e }
"""


def write_previews(folder: Path, communication: str, previews: Sequence[Preview]) -> list[dict[str, object]]:
    """Writes each rendering and ``index.html``; returns what was written, one entry a rendering.

    Raises `InputError` where the folder can't be written.
    """
    written: list[dict[str, object]] = []
    parts: list[str] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for shown in previews:
            files = _write(folder, shown)
            written.append({
                "subject": shown.subject.name, "channel": shown.channel, "language": shown.language,
                "file": files[0] if files else None, "problem": shown.problem,
                "segments": shown.rendered.segments if shown.rendered else 0,
                "pages": shown.rendered.pages if shown.rendered else 0,
                "findings": [f"{finding.rule}: {finding.message}" for finding in shown.findings],
            })  # fmt: skip
            parts.append(_section(shown, files))
        page = (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Preview of {html.escape(communication)}'
            f"</title><style>{STYLE}</style><h1>Preview of {html.escape(communication)}</h1>"
            f'<p class="note">Not approved for sending: a preview of the files as they are now.</p>{"".join(parts)}'
        )
        (folder / "index.html").write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror}") from error
    return written


def _write(folder: Path, shown: Preview) -> list[str]:
    """The files of one rendering, the main one first."""
    if shown.rendered is None:
        return []
    stem = f"{_file_name(shown.subject.name)}.{shown.channel}.{shown.language}"
    name = stem + SUFFIXES.get(shown.rendered.media_type, ".txt")
    (folder / name).write_bytes(shown.rendered.body)
    names = [name]
    if shown.rendered.media_type == "message/rfc822":
        message = email.message_from_bytes(shown.rendered.body, policy=policy.default)
        assert isinstance(message, EmailMessage)
        page = message.get_body(("html",))
        if page is not None:
            (folder / f"{stem}.html").write_text(page_with_pictures(shown.rendered.body), encoding="utf-8")
            names.append(f"{stem}.html")
        for number, attachment in enumerate(message.iter_attachments(), 1):
            if attachment.get_content_type() == "application/pdf":
                content = attachment.get_content()
                (folder / f"{stem}.attachment-{number}.pdf").write_bytes(content)
                names.append(f"{stem}.attachment-{number}.pdf")
    return names


def _file_name(name: str) -> str:
    """A customer's id as part of a file name: an id is other people's text, and ``../`` leads elsewhere."""
    safe = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:80]
    return safe if safe == name else f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _section(shown: Preview, files: Sequence[str]) -> str:
    title = html.escape(f"{shown.subject.name}: {shown.channel}, {shown.language}")
    parts = [f"<section><h2>{title}</h2>"]
    if shown.problem:
        parts.append(f'<p class="note">{html.escape(shown.problem)}</p>')
    parts += [f'<p class="note">{html.escape(f"{f.rule}: {f.message}")}</p>' for f in shown.findings]
    if shown.rendered is not None and shown.rendered.subject:
        parts.append(f"<p><strong>{html.escape(shown.rendered.subject)}</strong></p>")
    if shown.rendered is not None and shown.channel == "sms":
        parts.append(f"<pre>{html.escape(shown.rendered.text)}</pre><p>{shown.rendered.segments} segments</p>")
    for name in files:
        safe = html.escape(name)
        parts.append(f'<p><a href="{safe}">{safe}</a></p>')
        if name.endswith(".html"):
            # A preview is content like any other: its own origin, no script.
            parts.append(f'<iframe sandbox src="{safe}" title="{title}"></iframe>')
        elif name.endswith(".pdf"):
            parts.append(f'<object data="{safe}" type="application/pdf" aria-label="{title}"></object>')
    return "".join(parts) + "</section>"
