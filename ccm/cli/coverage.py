"""coverage: what is written for whom, and what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import typer

from ccm.cli.output import FINDINGS, AtOption, JsonOption, Out, WorkspaceOption, command, instant, root_of
from ccm.errors import InputError
from ccm.pipeline.coverage import Coverage, Wanted, coverage, wanted_languages
from ccm.pipeline.project import wall_clock
from ccm.workspace import load_workspace

DAYS = 30
_WORDS = {"own": "own", "body": "body.md", "missing": "MISSING"}


def show(
    communication: Annotated[str | None, typer.Argument(metavar="[COMM]")] = None,
    days: Annotated[int, typer.Option("--days", help="Tell of wording that ends within so many days.")] = DAYS,
    at: AtOption = None, workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Show which template and which wording serves each channel, language and jurisdiction."""
    with command(json) as out:
        if not 0 <= days <= 3650:
            raise InputError(f"--days {days}: from 0 to 3650 are possible")
        read = load_workspace(root_of(workspace), unfinished=True)
        wanted = [read.communication(communication)] if communication else list(read.communications.values())
        moment = instant(at, wall_clock)
        rows = tuple(coverage(read, wanted, moment, days))
        customers = wanted_languages(read, wanted)
        _table(out, rows)
        gaps = [row for row in rows if not row.complete]
        _missing(out, gaps)
        for ending in sorted({(e.at, e.id, e.version, row.jurisdiction) for row in rows for e in row.ending}):
            out.say(f"wording {ending[1]} version {ending[2]} for {ending[3]} ends {_day(ending[0])}, nothing follows")
        _customers(out, customers)
        out.say(f"{len(rows) - len(gaps)} of {len(rows)} are served")
        out.document({
            "at": moment.isoformat(), "rows": [_plain(row) for row in rows], "missing": len(gaps),
            "customers": None if customers is None else [_wanted(one) for one in customers],
        })  # fmt: skip
        if gaps:
            raise typer.Exit(FINDINGS)


def _table(out: Out, rows: Sequence[Coverage]) -> None:
    places = list(dict.fromkeys(row.jurisdiction for row in rows))
    lines: dict[tuple[str, str, str], dict[str, Coverage]] = {}
    for row in rows:
        lines.setdefault((row.communication, row.channel, row.language), {})[row.jurisdiction] = row
    cells = []
    for key, by_place in lines.items():
        first = next(iter(by_place.values()))
        template = _WORDS.get(first.template, f"{first.template_language} stands in")
        template += "".join(f" @{name}" for name in first.variants)
        cells.append([*key, template, *(_cell(by_place.get(place)) for place in places)])
    out.table(["communication", "channel", "language", "template", *(f"wording {place}" for place in places)], cells)


def _cell(row: Coverage | None) -> str:
    if row is None:
        return "-"
    said = [f"MISSING {wording}" for wording in row.missing_wording]
    said += [f"{ending.id} ends {_day(ending.at)}" for ending in row.ending]
    said += [f"{wording}: {language} stands in" for wording, language in row.borrowed.items()]
    return ", ".join(said) or "ok"


def _missing(out: Out, gaps: Sequence[Coverage]) -> None:
    for path in dict.fromkeys(row.path for row in gaps if row.template == "missing"):
        out.say(f"{path} is missing; write it, or declare a fallback in ccm.toml under [languages]")
    absent = {(wording, row.language, row.jurisdiction) for row in gaps for wording in row.missing_wording}
    for wording, language, place in sorted(absent):
        out.say(f"compliance/wording/{wording}: nothing is in force in {language} for {place}")


def _customers(out: Out, customers: Sequence[Wanted] | None) -> None:
    for one in customers or ():
        people = "customer wants" if one.customers == 1 else "customers want"
        for language, communications in sorted(one.instead.items()):
            gets = f"{language} instead" if language else "nothing"
            verb = "gets" if one.customers == 1 else "get"
            out.say(f"{one.customers:,} {people} {one.language} and {verb} {gets}: {', '.join(communications)}")


def _plain(row: Coverage) -> dict[str, object]:
    return {
        "communication": row.communication, "channel": row.channel, "language": row.language,
        "jurisdiction": row.jurisdiction, "template": row.template, "path": row.path, "variants": list(row.variants),
        "missing_wording": list(row.missing_wording), "borrowed": dict(row.borrowed),
        "ending": [{"id": one.id, "version": one.version, "at": one.at.isoformat()} for one in row.ending],
    }  # fmt: skip


def _wanted(one: Wanted) -> dict[str, object]:
    return {
        "language": one.language, "customers": one.customers,
        "instead": {language: list(ids) for language, ids in one.instead.items()},
    }  # fmt: skip


def _day(at: date) -> str:
    return f"{at:%Y-%m-%d}"
