"""review."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ccm.cli.output import AtOption, JsonOption, WorkspaceOption, command, instant, project_of
from ccm.cli.preview import UiLanguage
from ccm.cli.review.write import write_review
from ccm.pipeline.review import review as reviewed


def review(
    name: Annotated[str, typer.Argument(metavar="DIGEST|COMM", help="A submitted release, or a communication as its "
                                        "files are now.")],
    out_dir: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where to write.")],
    against: Annotated[
        str | None, typer.Option("--against", metavar="DIGEST", help="Compare with this; default: what is in force.")
    ] = None,
    ui_language: Annotated[UiLanguage, typer.Option("--ui-language", help="Of the page around.")] = UiLanguage.EN,
    at: AtOption = None, workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Show what a release changes, in words and in looks, beside the one in force; nothing is sent or recorded."""
    with command(json) as out:
        project = project_of(workspace)
        moment = instant(at, project.clock)
        found = reviewed(project, name, moment, against=against)
        write_review(out_dir, found, moment, ui_language)
        changed = [pair for pair in found.pairs if pair.changed]
        before = f"release {found.old.digest[:12]}" if found.old else "nothing: no release was approved before"
        out.say(f"{found.new.communication}: release {found.new.digest[:12]} beside {before}")
        for change in found.changes:
            out.say(f"  {change.kind}: {change.part}")
        out.say(f"  {len(changed)} of {len(found.pairs)} renderings differ")
        if found.problem:
            out.say(f"  release {found.old.digest[:12] if found.old else ''} can't be rendered: {found.problem}")
        out.say(f"look at {out_dir / 'index.html'}")
        out.document({
            "communication": found.new.communication, "digest": found.new.digest, "state": found.standing.state,
            "against": found.old.digest if found.old else None, "problem": found.problem,
            "changes": [{"kind": change.kind, "part": change.part} for change in found.changes],
            "renderings": len(found.pairs), "page": str(out_dir / "index.html"),
            "changed": [{"sample": pair.sample, "channel": pair.channel, "language": pair.language,
                         "variant": pair.variant} for pair in changed],
        })  # fmt: skip
