"""erase, hold, retention."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ccm.cli.output import AsOption, JsonOption, WorkspaceOption, command, instant, project_of, shown
from ccm.cli.releases import who
from ccm.errors import InputError
from ccm.pipeline import erasure, holds, retention
from ccm.pipeline.reseal import reseal
from ccm.pipeline.retention import Due

hold_app = typer.Typer(help="Legal holds: what must be kept.", no_args_is_help=True)
retention_app = typer.Typer(help="How long contents are kept, and their disposal.", no_args_is_help=True)
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it goes into the log as its digest.")]
Customer = Annotated[str, typer.Argument(metavar="CUSTOMER")]
DateOption = Annotated[str, typer.Option("--at", metavar="DATE", help="A day (UTC), or an instant with offset or Z.")]


def erase(
    customer: Customer, reason: ReasonOption, as_: AsOption = None, workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Destroy all that is known of a customer; it cannot be undone. The log still verifies."""
    with command(json) as out:
        project = project_of(workspace)
        done = erasure.erase(project, customer, who(project, as_), reason)
        out.say(f"erased: {done.messages:,} messages; the log names the customer {done.subject[:12]} from now on")
        for table, count in done.rows.items():
            if count:
                out.say(f"  {count:,} rows of {table}")
        out.say("suppliers, print folders, feeds and backups have copies of their own: see docs/how-to/erasure.md")
        out.document({"subject": done.subject, "messages": done.messages, "rows": done.rows})


@hold_app.command("add")
def hold_add(
    customer: Customer, reason: ReasonOption, as_: AsOption = None, workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Keep everything about a customer, whatever is due or asked for."""
    _hold(customer, "placed", reason, as_, workspace, json)


@hold_app.command("remove")
def hold_remove(
    customer: Customer, reason: ReasonOption, as_: AsOption = None, workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """End a legal hold."""
    _hold(customer, "lifted", reason, as_, workspace, json)


def _hold(
    customer: str, action: Literal["placed", "lifted"], reason: str, as_: str | None, workspace: Path | None, json: bool
) -> None:
    with command(json) as out:
        project = project_of(workspace)
        person = who(project, as_)
        holds.act(project, customer, action, person, reason)
        out.say(f"legal hold on {customer}: {action} by {person.id}")
        out.document({"customer": customer, "action": action, "person": person.id})


@hold_app.command("list")
def hold_list(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """The legal holds in force."""
    with command(json) as out:
        project = project_of(workspace)
        with project.store.read() as connection:
            found = holds.in_force(connection).values()
        for hold in found:
            out.say(f"{hold.customer_id}: since {shown(hold.at)}, by {hold.person}: {hold.reason}")
        out.say(f"{len(found)} legal holds")
        out.document({"holds": [
            {"customer": hold.customer_id, "person": hold.person, "reason": hold.reason, "since": shown(hold.at)}
            for hold in found
        ]})  # fmt: skip


@retention_app.command("report")
def report(at: DateOption, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """What is due for disposal on a day, why, and what a legal hold keeps; nothing is changed."""
    with command(json) as out:
        found = retention.report(project_of(workspace), _day(at))
        for name, items in (("due", found.due), ("under legal hold", found.held)):
            for item in items:
                out.say(f"{item.message}: {name}: {item.communication}, {item.purpose}, {item.jurisdiction or '-'},"
                        f" decided for {shown(item.decided_at)}; periods over: {', '.join(item.periods)}")  # fmt: skip
        for (purpose, jurisdiction), count in found.unlimited.items():
            out.say(f"{count:,} messages, {purpose}, {jurisdiction or '-'}: no period applies; they are kept")
        for told in found.contradictions:
            out.say(f"rules contradict each other: {told}")
        out.say(f"{len(found.due):,} due, {len(found.held):,} under legal hold")
        out.document({
            "at": shown(found.at), "due": list(map(_plain, found.due)), "held": list(map(_plain, found.held)),
            "no_period": [{"purpose": purpose, "jurisdiction": jurisdiction, "messages": count}
                          for (purpose, jurisdiction), count in found.unlimited.items()],
            "contradictions": found.contradictions,
        })  # fmt: skip


def _plain(item: Due) -> dict[str, Any]:
    return {"message": item.message, "customer": item.customer_id, "communication": item.communication,
            "purpose": item.purpose, "jurisdiction": item.jurisdiction, "decided_for": shown(item.decided_at),
            "periods": item.periods}  # fmt: skip


@retention_app.command("dispose")
def dispose(
    at: DateOption, to: Annotated[Path, typer.Option("--out", metavar="FILE", help="The disposal report, JSON.")],
    as_: AsOption = None, workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Destroy the contents of what is due, and write the report whose digest stands in the log."""
    with command(json) as out:
        project = project_of(workspace)
        person, moment = who(project, as_), _day(at)
        if to.exists():
            raise InputError(f"--out {to}: there is a file already")
        try:
            with to.open("xb") as stream:  # first: a disposal whose report cannot be kept must not begin
                done = retention.dispose(project, moment, person)
                stream.write(done.report)
        except OSError as error:
            raise InputError(f"--out {to}: cannot be written: {error.strerror}") from error
        except BaseException:
            to.unlink(missing_ok=True)
            raise
        out.say(f"{done.messages:,} messages disposed of, {done.held:,} kept under legal hold")
        out.say(f"{to}: the report, SHA-256 {done.digest}")
        out.document({"messages": done.messages, "held": done.held, "report": str(to), "digest": done.digest})


@retention_app.command("encrypt")
def encrypt(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """Put contents of older versions, which are in plain, under keys of their customers."""
    with command(json) as out:
        packs = reseal(project_of(workspace))
        out.say(f"{packs:,} packs encrypted")
        out.document({"packs": packs})


def _day(text: str) -> datetime:
    """An instant; of a day without time, its first one in UTC. Raises `InputError`."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return instant(text, lambda: datetime.now(UTC))
