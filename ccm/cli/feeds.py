"""import and receive: what comes in from other systems."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ccm.cli.output import FINDINGS, JsonOption, WorkspaceOption, command, project_of
from ccm.inbound.receive import read_events
from ccm.inbound.receive import receive as receive_events
from ccm.intake import import_feed
from ccm.log import leaves, sequencer
from ccm.workspace.settings import FeedKind

COUNTS = ("rows_read", "rows_new", "rows_changed", "rows_unchanged", "rows_set_aside", "fields_set_aside")


def import_(
    kind: Annotated[FeedKind, typer.Argument()],
    files: Annotated[list[Path], typer.Argument(metavar="FILE…")],
    workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Take in CSV files; a bad row is set aside with its reason, the rest goes on."""
    with command(json) as out:
        project = project_of(workspace)
        errors_dir = project.workspace.root / ".ccm" / "errors"
        reports = []
        for file in files:
            now = project.clock()
            report = import_feed(project.store, project.workspace, kind, file, errors_dir=errors_dir, now=now)
            counts = {name: int(getattr(report, name)) for name in COUNTS}
            with project.store.write() as connection:
                leaf = leaves.import_leaf(kind=kind, file_digest=report.file_digest, counts=counts, at=now)
                sequencer.append(connection, [leaf])
            reports.append({"file": str(file), "errors": str(report.error_file or ""), **counts})
        out.table(
            [kind, "read", "new", "changed", "unchanged", "set aside", "fields set aside"],
            [[Path(str(r["file"])).name, *(r[name] for name in COUNTS)] for r in reports],
        )
        for report_row in reports:
            if report_row["errors"]:
                out.say(f"what was set aside, and why: {report_row['errors']}")
        out.document({"kind": kind, "files": reports})
        if any(r["rows_set_aside"] or r["fields_set_aside"] for r in reports):
            raise typer.Exit(FINDINGS)


def receive(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="One JSON event a line.")],
    workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Take in supplier events (delivered, bounced, complained, unsubscribed); settles unknown outcomes."""
    with command(json) as out:
        project = project_of(workspace)
        events, problems = read_events(file)
        counts = receive_events(project, events)
        for problem in problems:
            out.say(problem)
        out.table(["event", "count"], sorted(counts.items()))
        out.document({"events": dict(counts), "problems": problems})
        if problems or counts["unknown_message"]:
            raise typer.Exit(FINDINGS)
