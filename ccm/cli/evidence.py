"""evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ccm.cli.output import AsOption, JsonOption, WorkspaceOption, command, project_of
from ccm.errors import InputError
from ccm.pipeline.access import reader_of_content
from ccm.pipeline.evidence import make_pack


def evidence(
    what: Annotated[str, typer.Argument(metavar="MESSAGE|RELEASE|CUSTOMER")],
    to: Annotated[Path, typer.Option("--out", metavar="FILE", help="The pack: a .zip file.")],
    as_: AsOption = None,
    purpose: Annotated[str, typer.Option("--purpose", help="What for, as a code; it goes into the log.")] = "evidence",
    language: Annotated[str, typer.Option("--language", help="Of the cover: en or ja.")] = "en",
    workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Write a pack that proves what was sent, why, and in whose approved words, to somebody without this system."""
    with command(json) as out:
        if language not in ("en", "ja"):
            raise InputError(f"language '{language}' is none of en, ja")
        if to.suffix != ".zip":
            raise InputError(f"--out {to}: name a .zip file")
        project = project_of(workspace)
        pack = make_pack(project, what, reader_of_content(project, as_), purpose, language)
        try:
            to.write_bytes(pack.content)
        except OSError as error:
            raise InputError(f"{to}: cannot be written: {error.strerror}") from error
        out.say(f"{to}: {pack.about.kind} {pack.about.id}: {pack.messages:,} messages, {pack.entries:,} log entries")
        out.say(f"check it with: ccm-verify --key KEYS {to}")
        out.document({
            "file": str(to), "about": {"kind": pack.about.kind, "id": pack.about.id}, "files": pack.files,
            "messages": pack.messages, "entries": pack.entries, "manifest_digest": pack.manifest_digest,
        })  # fmt: skip
