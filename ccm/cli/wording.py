"""wording list | show | coverage | impact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from ccm.cli.output import FINDINGS, JsonOption, Out, WorkspaceOption, command, instant, root_of
from ccm.compliance.wording_coverage import Cover, Gap, changes_within, gaps, wording_coverage
from ccm.compliance.wording_impact import Impact, impact
from ccm.errors import InputError, NotAllowed
from ccm.pipeline.project import wall_clock
from ccm.store.engine import open_existing, store_url
from ccm.workspace import Workspace, load_workspace
from ccm.workspace.calendar import planned_runs
from ccm.workspace.communication import Communication
from ccm.workspace.localtime import read_instant
from ccm.workspace.wording import Wording, ends_at, resolve

wording_app = typer.Typer(help="Approved wording: what is in force, what is missing, what a change touches.",
                          no_args_is_help=True)  # fmt: skip
DayOption = Annotated[
    str | None,
    typer.Option("--at", metavar="DATE", help="A day or time of the organisation's zone, or a time with offset."),
]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The wording's id.")]
DAYS = 30


@wording_app.command("list")
def list_(at: DayOption = None, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """All versions of all wording, and which are in force."""
    with command(json) as out:
        read = _read(workspace)
        moment = _moment(at, read)
        rows = [_version(read, wording, moment) for wording in _sorted(read.wordings)]
        names = ("id", "language", "jurisdiction", "product", "version", "state", "from", "until")
        out.table(names, [[row[name] for name in names] for row in rows])
        out.document({"at": moment.isoformat(), "versions": rows})


@wording_app.command("show")
def show(
    wording: IdArgument, at: DayOption = None, workspace: WorkspaceOption = None, json: JsonOption = False
) -> None:
    """The words that are in force, in every language and jurisdiction, with their source."""
    with command(json) as out:
        read = _read(workspace)
        moment = _moment(at, read)
        own = impact(read, wording).versions
        rows = [{**_version(read, one, moment), **_words(one)} for one in _sorted(own)]
        shown = [row for row in rows if row["state"] == "in force"]
        for row in shown:
            place = " ".join(row[name] for name in ("jurisdiction", "product") if row[name])
            until = row["until"] or "open"
            out.say(f"{row['id']} {row['version']}, {row['language']} for {place}: {row['from']} to {until}")
            out.say(f"  source: {row['source']}")
            out.say(f"  stands: {_standing(row)}")
            out.say(f"  {row['text']}")
            for channel, text in row["texts"].items():
                out.say(f"  {channel}: {text}")
        if not shown:
            out.say(f"no version of '{wording}' is in force at {moment.isoformat()}")
        out.document({"at": moment.isoformat(), "versions": rows})


@wording_app.command("coverage")
def coverage(
    at: DayOption = None,
    within: Annotated[int, typer.Option("--within", metavar="DAYS", help="Tell of versions that end so soon.")] = DAYS,
    workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """What has no approved wording on a day, and what ends soon after; exit status 1 where something is missing."""
    with command(json) as out:
        if not 0 <= within <= 3650:
            raise InputError(f"--within {within}: from 0 to 3650 are possible")
        read = _read(workspace)
        moment = _moment(at, read)
        rows = list(wording_coverage(read, read.communications.values(), moment, timedelta(days=within)))
        found = gaps(read, moment)
        _tell_coverage(out, rows, found)
        missing = sum(row.state == "missing" for row in rows)
        out.say(f"{len(rows) - missing} of {len(rows)} have approved wording at {moment.isoformat()}")
        out.document({
            "at": moment.isoformat(), "within_days": within, "missing": missing,
            "rows": [_cover(row) for row in rows], "gaps": [_gap(gap) for gap in found],
        })  # fmt: skip
        if missing:
            raise typer.Exit(FINDINGS)


@wording_app.command("impact")
def show_impact(
    wording: IdArgument,
    version: Annotated[str | None, typer.Option("--version", metavar="V", help="Only this version.")] = None,
    workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Every communication, channel and language, every run, under way or planned, and every waiting message."""
    with command(json) as out:
        read = _read(workspace)
        store = open_existing(store_url(read.settings.store.url), read.root)
        if store is None:
            found = impact(read, wording, version)
        else:
            with store.read() as connection:
                found = impact(read, wording, version, connection)
            store.close()
        zone, touched = read.settings.organisation.timezone, {one.communication for one in found.touched}
        today = wall_clock().astimezone(ZoneInfo(zone)).date()
        _tell_impact(out, found, planned_runs(read.root, read.communications, touched, today, zone))


def tell_changes(
    out: Out, workspace: Workspace, communication: Communication, at: datetime, span_days: int, *, strict: bool
) -> list[dict[str, Any]]:
    """Says which wording changes while messages decided for `at` may still wait; raises `NotAllowed` where `strict`.

    Messages wait until they expire, or `span_days` where they do not.
    """
    hours = communication.expires_after_hours or 24 * span_days
    found = changes_within(workspace, communication, at, at + timedelta(hours=hours))
    told = [
        f"wording {one.wording} ({one.language} for {one.jurisdiction}) changes from version {one.before or 'none'} to "
        f"{one.after or 'none'} at {one.at.isoformat()}"
        for one in found
    ]
    if told and strict:
        raise NotAllowed("; ".join(told) + "; start the run after that, or without --strict")
    for line in told:
        out.say(f"warning: {line}; what has not gone by then is withheld as wording_changed")
    return [{**asdict(one), "at": one.at.isoformat()} for one in found]


def _read(workspace: Path | None) -> Workspace:
    return load_workspace(root_of(workspace), unfinished=True)


def _moment(text: str | None, workspace: Workspace) -> datetime:
    """An instant; a day or time without offset is the organisation's. Raises `InputError`."""
    if text is None:
        return wall_clock()
    try:
        bare = datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        bare = False  # told by `instant`
    if not bare:
        return instant(text, wall_clock)
    try:
        return read_instant(text, workspace.settings.organisation.timezone)
    except ValueError as error:
        raise InputError(f"--at {error}") from error


def _sorted(wordings: Sequence[Wording]) -> list[Wording]:
    return sorted(wordings, key=lambda one: (one.id, one.jurisdiction, one.language, one.product or "", one.order))


def _version(workspace: Workspace, wording: Wording, at: datetime) -> dict[str, Any]:
    ends = ends_at(workspace.wordings, wording)
    now = resolve(workspace.wordings, *wording.place[:3], at, wording.place[3])
    state = "to come" if at < wording.effective_from else "in force" if now == wording else "ended"
    return {
        "id": wording.id, "language": wording.language, "jurisdiction": wording.jurisdiction,
        "product": wording.product or "", "version": wording.version, "state": state,
        "from": wording.local(wording.effective_from), "until": wording.local(ends) if ends else "",
        "file": wording.path, "digest": wording.digest,
    }  # fmt: skip


def _words(wording: Wording) -> dict[str, Any]:
    return {
        "owner": wording.owner, "source": wording.source, "text": wording.text, "texts": dict(wording.texts),
        "placeholders": dict(wording.placeholders), "occurs": wording.occurs, "position": wording.position,
        "beside": list(wording.beside), "minimum_points": wording.minimum_points,
    }  # fmt: skip


def _standing(row: dict[str, Any]) -> str:
    said = [row["occurs"].replace("_", " "), row["position"]]
    said += [f"'{word}'" for word in row["beside"]]
    return ", ".join(said + ([f"{row['minimum_points']:g} points or more"] if row["minimum_points"] else []))


def _tell_coverage(out: Out, rows: Sequence[Cover], found: Sequence[Gap]) -> None:
    lines: dict[tuple[str, ...], list[str]] = {}
    for row in rows:
        if row.state == "missing":
            told = f"MISSING, from {row.begins.isoformat()} on" if row.begins else "MISSING"
        elif row.ends is not None:
            told = f"{row.version} ends {row.ends.isoformat()}, " + (
                f"then {row.follows}" if row.follows else "NOTHING"
            )
        else:
            continue
        lines.setdefault((row.communication, row.language, row.jurisdiction, row.wording, told), []).append(row.channel)
    columns = ("communication", "language", "jurisdiction", "wording", "what", "channels")
    if lines:
        out.table(columns, [[*key, ", ".join(channels)] for key, channels in lines.items()])
    for gap in found:
        span = f"{gap.ends.isoformat()} (end of {gap.before}) to {gap.starts.isoformat()} (start of {gap.after})"
        out.say(f"warning: {gap.wording}, {gap.language} for {gap.jurisdiction}: nothing is in force from {span}")


def _tell_impact(out: Out, found: Impact, planned: Mapping[str, Sequence[datetime]]) -> None:
    cells: dict[tuple[str, ...], list[str]] = {}
    for one in found.touched:
        key = (one.communication, one.language, one.jurisdiction, ", ".join(one.versions))
        cells.setdefault(key, []).append(one.channel)
    out.table(("communication", "language", "jurisdiction", "versions", "channels"),
              [[*key, ", ".join(channels)] for key, channels in cells.items()])  # fmt: skip
    for run, communication in found.runs:
        out.say(f"run {run} of {communication} is under way; what it composes from now on takes what is in force")
    if planned:
        out.table(("communication", "planned runs", "the next"),
                  [[name, len(times), times[0].isoformat()] for name, times in planned.items()])  # fmt: skip
    if found.waiting:
        out.table(("run", "communication", "channel", "language", "jurisdiction", "waiting messages"),
                  [[one.run or "-", one.communication, one.channel, one.language, one.jurisdiction, one.messages]
                   for one in found.waiting])  # fmt: skip
    total = sum(one.messages for one in found.waiting)
    names = {one.communication for one in found.touched}
    out.say(f"{len(names)} communications, {len(found.runs)} runs under way, {total:,} waiting messages")
    fields = ("communication", "channel", "language", "jurisdiction")
    out.document({
        "versions": [wording.path for wording in found.versions],
        "touched": [{**{name: getattr(one, name) for name in fields}, "versions": list(one.versions)}
                    for one in found.touched],
        "runs": [{"run": run, "communication": communication} for run, communication in found.runs],
        "planned": {name: [at.isoformat() for at in times] for name, times in planned.items()},
        "waiting": [{"run": one.run, **{name: getattr(one, name) for name in fields}, "messages": one.messages}
                    for one in found.waiting],
    })  # fmt: skip


def _cover(row: Cover) -> dict[str, Any]:
    return {
        "communication": row.communication, "channel": row.channel, "language": row.language,
        "jurisdiction": row.jurisdiction, "wording": row.wording, "state": row.state, "version": row.version,
        "borrowed": row.borrowed, "ends": row.ends and row.ends.isoformat(), "follows": row.follows,
        "begins": row.begins and row.begins.isoformat(),
    }  # fmt: skip


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "wording": gap.wording, "language": gap.language, "jurisdiction": gap.jurisdiction, "product": gap.product,
        "before": gap.before, "ends": gap.ends.isoformat(), "after": gap.after, "starts": gap.starts.isoformat(),
    }  # fmt: skip
