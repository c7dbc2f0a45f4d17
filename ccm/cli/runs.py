"""run start | resume | status | certificate | cancel, deliver and send."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Annotated, Any
from uuid import uuid4

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import func, select

from ccm.batch import coordinator, runs
from ccm.batch.certificate import Certificate, certificate
from ccm.batch.rehearse import rehearse
from ccm.cli.glyphs import tell_unprintable
from ccm.cli.output import (
    FINDINGS,
    AtOption,
    JsonOption,
    Out,
    WorkspaceOption,
    command,
    instant,
    project_of,
    shown,
)
from ccm.cli.trigger_data import trigger_data
from ccm.cli.wording import tell_changes
from ccm.delivery import Delivered
from ccm.delivery import deliver as deliver_pass
from ccm.errors import InputError
from ccm.log import sequencer
from ccm.pipeline.glyphs import needs_letters
from ccm.pipeline.project import Project
from ccm.pipeline.trigger import send as send_now
from ccm.store.tables import chunks, messages

run_app = typer.Typer(help="Batches: one communication to every customer.", no_args_is_help=True)
MAX_KEY = 200
SPAN = 3
"""Days that messages may wait for the end of quiet hours, over a weekend, or for a supplier that is down."""
TOLD_WITH_REASON = ("withheld", "set_aside", "failed", "unknown")
"""States whose reasons a person asks for next."""
WorkersOption = Annotated[int | None, typer.Option("--workers", min=1, help="Processes; default: one a core.")]
RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="The run's id.")]


@run_app.command("start")
def start(
    communication: str, at: AtOption = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the first N customers.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would happen; record nothing.")] = False,
    span: Annotated[
        int, typer.Option("--span", min=0, max=366, metavar="DAYS", help="How long messages may wait; default: 3 days.")
    ] = SPAN,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse where wording changes while they wait.")] = False,
    workers: WorkersOption = None, workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Decide, render, check and record a communication for every customer; `ccm deliver` sends."""
    with command(json) as out:
        project = project_of(workspace)
        moment = instant(at, project.clock)
        written = project.workspace.communication(communication)
        printed = needs_letters(written)
        changes = tell_changes(out, project.workspace, written, moment, span, strict=strict)
        if dry_run:
            unprintable = tell_unprintable(out, project, limit=limit) if printed else []
            counts = rehearse(project, communication, moment, limit)
            _outcomes(out, counts, "what would happen")
            out.document({
                "dry_run": True, "outcomes": _as_rows(counts), "unprintable_customers": unprintable,
                "wording_changes": changes,
            })  # fmt: skip
            return
        run = runs.start(project, communication, moment, limit=limit)
        out.say(f"run {run.id}: {run.intended:,} customers, release {run.release[:12]}")
        if printed:
            tell_unprintable(out, project, limit=limit)
        _execute(out, project, run.id, workers, {"wording_changes": changes})


@run_app.command("resume")
def resume(
    run: RunArgument, workers: WorkersOption = None, workspace: WorkspaceOption = None, json: JsonOption = False
) -> None:
    """Go on with a run that was interrupted; what is recorded is not done again."""
    with command(json) as out:
        project = project_of(workspace)
        with project.store.read() as connection:
            runs.get(connection, run)
        _execute(out, project, run, workers)


@run_app.command("again")
def again(
    run: RunArgument, at: AtOption = None, workers: WorkersOption = None, workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Compose anew for those of a run whose message was withheld because its wording or address had changed."""
    with command(json) as out:
        project = project_of(workspace)
        new = runs.again(project, run, instant(at, project.clock))
        out.say(f"run {new.id}: {new.intended:,} customers, release {new.release[:12]}")
        _execute(out, project, new.id, workers)


def _execute(
    out: Out, project: Project, run_id: str, workers: int | None, more: Mapping[str, Any] | None = None
) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=out.console, disable=out.as_json) as bar:
        task = bar.add_task("composing", total=None)

        def show(progress: coordinator.Progress) -> None:
            due = sum(count for (state, _), count in progress.outcomes.items() if state == "due")
            bar.update(task, total=progress.customers, completed=progress.done, description=f"composing, {due:,} due")

        run = coordinator.execute(project, run_id, workers=workers, on_progress=show)
    sequencer.checkpoint(project.store, project.signer(), project.clock())
    _show_status(out, project, run, more)


@run_app.command("status")
def status(
    run: Annotated[str | None, typer.Argument(metavar="RUN")] = None, workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """How far a run is; without RUN, the newest ones."""
    with command(json) as out:
        project = project_of(workspace)
        if run is not None:
            with project.store.read() as connection:
                found = runs.get(connection, run)
            _show_status(out, project, found)
            return
        with project.store.read() as connection:
            newest = runs.newest(connection, 20)
        out.table(
            ["run", "state", "customers", "decided for"],
            [[item.id, item.state, item.intended, shown(item.at)] for item in newest],
        )
        out.document({"runs": [{"run": item.id, "state": item.state, "intended": item.intended} for item in newest]})


def _show_status(out: Out, project: Project, run: runs.Run, more: Mapping[str, Any] | None = None) -> None:
    with project.store.read() as connection:
        counts: Counter[tuple[str, str]] = Counter()
        for state, reason, count in connection.execute(
            select(messages.c.state, messages.c.reason, func.count())
            .where(messages.c.run_id == run.id)
            .group_by(messages.c.state, messages.c.reason)
        ):
            counts[state, reason if state in TOLD_WITH_REASON else ""] += count
        todo = connection.scalar(
            select(func.count()).select_from(chunks).where(chunks.c.run_id == run.id, chunks.c.state == "todo")
        )
    out.say(f"run {run.id} is {run.state}: {sum(counts.values()):,} of {run.intended:,} customers recorded")
    _outcomes(out, counts)
    out.document({
        "run": run.id, "state": run.state, "communication": run.communication, "release": run.release,
        "at": run.at.isoformat(), "intended": run.intended, "recorded": sum(counts.values()), "chunks_todo": todo,
        "outcomes": _as_rows(counts), **(more or {}),
    })  # fmt: skip


def _as_rows(counts: Counter[tuple[str, str]]) -> list[dict[str, Any]]:
    return [{"state": state, "reason": reason, "count": count} for (state, reason), count in sorted(counts.items())]


def _outcomes(out: Out, counts: Counter[tuple[str, str]], title: str = "") -> None:
    out.table(["state", "reason", "customers"], [[*key, count] for key, count in sorted(counts.items())], title)


@run_app.command("cancel")
def cancel(run: RunArgument, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Stop a run: what is not yet with a supplier never goes out."""
    with command(json) as out:
        skipped, stopped = runs.cancel(project_of(workspace), run)
        out.say(f"run {run} cancelled: {stopped:,} messages stopped, {skipped:,} customers not composed")
        out.document({"run": run, "messages_stopped": stopped, "customers_not_composed": skipped})


@run_app.command("certificate")
def show_certificate(run: RunArgument, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Every customer accounted for; exit status 1 where it does not add up."""
    with command(json) as out:
        project = project_of(workspace)
        found = certificate(project, run)
        if found.adds_up:
            sequencer.checkpoint(project.store, project.signer(), project.clock())
        print_certificate(out, found)
        out.document(found.as_json())
        if not found.adds_up:
            raise typer.Exit(FINDINGS)


def print_certificate(out: Out, found: Certificate) -> None:
    """The certificate for people."""
    rows: list[list[object]] = [["intended", "", found.intended], ["sent", "", found.sent]]
    rows += [["", f"by {name}", count] for name, count in found.by_channel_and_language.items()]
    groups = {"withheld": found.withheld_by_reason, "set aside": found.set_aside_by_reason,
              "failed": found.failed_by_reason}  # fmt: skip
    totals = {"withheld": found.withheld, "set aside": found.set_aside, "failed": found.failed}
    for name, reasons in groups.items():
        rows.append([name, "", totals[name]])
        rows += [["", reason, count] for reason, count in reasons.items()]
    rows += [["digested", "", found.digested], ["unknown", "", found.unknown]]
    if found.pending or found.not_composed:
        rows += [["still due", "", found.pending], ["not composed", "", found.not_composed]]
    out.table(["customers", "", ""], rows, title=f"Certificate of run {found.run}")
    out.say(f"release {found.release}\ninput   {found.input_digest}\nresults {found.results_digest}")
    out.say("every customer is accounted for" if found.adds_up else "IT DOES NOT ADD UP (yet)")


def deliver(
    once: Annotated[bool, typer.Option("--once", help="One pass, then stop.")] = False, at: AtOption = None,
    poll: Annotated[float, typer.Option("--poll", min=0.1, help="Seconds between passes.")] = 5.0,
    workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Send what is due. --at rehearses at another time, where no adapter lets anything leave the machine."""
    with command(json) as out:
        if not once and (json or at is not None):
            raise InputError("--json and --at go with --once")
        project = project_of(workspace)
        moment = None
        if at is not None:
            fixed = instant(at, project.clock)
            moment = lambda: fixed  # noqa: E731
        while True:
            done = _one_pass(out, project, moment)
            if once or done is None:
                break
            time.sleep(poll)
        if done is not None:
            out.document({"outcomes": [
                {"channel": channel, "outcome": outcome, "count": count}
                for (channel, outcome), count in sorted(done.outcomes.items())
            ]})  # fmt: skip
            if done.of("failed") or done.of("unknown"):
                raise typer.Exit(FINDINGS)


def _one_pass(out: Out, project: Project, moment: Callable[[], Any] | None) -> Delivered | None:
    try:
        done = deliver_pass(project, moment=moment)
    except KeyboardInterrupt:
        out.say("stopped; leased messages become due again by themselves")
        return None
    if done.outcomes:
        rows = [[channel, outcome, count] for (channel, outcome), count in sorted(done.outcomes.items())]
        out.table(["channel", "outcome", "messages"], rows)
        sequencer.checkpoint(project.store, project.signer(), project.clock())
    else:
        out.say("nothing is due")
    return done


def send(
    communication: str,
    customer: Annotated[str, typer.Option("--customer", metavar="ID")],
    data: Annotated[str | None, typer.Option("--data", metavar="JSON|@FILE", help="The trigger's data.")] = None,
    key: Annotated[str | None, typer.Option("--key", help="Makes a repeat harmless.")] = None,
    occasion: Annotated[str, typer.Option("--occasion", help="What it is about, where a run is about it too.")] = "",
    at: AtOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Decide and render; record nothing.")] = False,
    workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """One notification for one customer; `ccm deliver` sends it."""
    with command(json) as out:
        for option, text in (("--key", key), ("--occasion", occasion or None)):
            if text is not None and not (1 <= len(text) <= MAX_KEY and text.isprintable()):
                raise InputError(f"{option} takes 1 to {MAX_KEY} printable characters")
        given = trigger_data(data)
        project = project_of(workspace)
        accepted = send_now(
            project, communication, customer, given, key=key or uuid4().hex, at=instant(at, project.clock),
            dry_run=dry_run, occasion=occasion,
        )  # fmt: skip
        repeated = " (a repeat: nothing new was made)" if accepted.repeated else ""
        on = f" by {accepted.channel}, due {shown(accepted.due_at)}" if accepted.channel else ""
        out.say(f"message {accepted.message_id} is {accepted.state}{on}: {accepted.reason} {accepted.detail}{repeated}")
        out.document({
            "message_id": accepted.message_id, "state": accepted.state, "reason": accepted.reason,
            "detail": accepted.detail, "channel": accepted.channel, "due_at": accepted.due_at,
            "repeated": accepted.repeated, "dry_run": dry_run,
        })  # fmt: skip
        if accepted.state in ("withheld", "set_aside", "failed"):
            raise typer.Exit(FINDINGS)
