"""simulate: what planned runs and expected triggers would bring, without sending and without writing to the store."""

from __future__ import annotations

import re
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import func, select

from ccm.batch.simulate import Scenario, scenario_of
from ccm.batch.simulate import simulate as simulate_all
from ccm.batch.simulate.report import report
from ccm.cli.output import JsonOption, Out, WorkspaceOption, command, project_of
from ccm.cli.preview import UiLanguage
from ccm.cli.preview.words import WORDS as CHANNEL_WORDS
from ccm.cli.simulate.page import report_page
from ccm.cli.simulate.words import WORDS
from ccm.decide.trace import words
from ccm.errors import InputError
from ccm.pipeline.project import Project
from ccm.store.tables import customers
from ccm.workspace.calendar import CALENDAR, PRICES, Prices, load_calendar, load_prices

COUNTS = ("messages", "withheld", "digested", "segments", "pages")
MOST_SHOWN = 12
"""Rows of a table on a terminal; the page has all."""


def simulate(
    month: Annotated[str | None, typer.Option("--month", metavar="YYYY-MM", help="Default: the next one.")] = None,
    start: Annotated[str | None, typer.Option("--from", metavar="DATE", help="First day, instead of --month.")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Last day, instead of --month.")] = None,
    against: Annotated[
        str | None,
        typer.Option(
            "--against", metavar="FILE|DIR|RELEASE", help="Compare with a policy file, a workspace or a release."
        ),
    ] = None,
    calendar: Annotated[Path | None, typer.Option("--calendar", help=f"Default: {CALENDAR}.")] = None,
    prices: Annotated[Path | None, typer.Option("--prices", help=f"Default: {PRICES}.")] = None,
    out_dir: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Write the report as a page.")] = None,
    language: Annotated[UiLanguage, typer.Option("--language", help="Of the report.")] = UiLanguage.EN,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the first N customers.")] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Processes; default: one a core.")] = None,
    workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Count what a month would bring: messages, reasons, days, who displaces whom, parts, pages and costs."""
    with command(json) as out:
        project = project_of(workspace)
        root = project.workspace.root
        zone = project.workspace.settings.organisation.timezone
        first, last = _days(month, start, end, project.clock().astimezone(ZoneInfo(zone)).date())
        file = calendar or root / CALENDAR
        planned = load_calendar(file, file.parent.resolve() if calendar else root, project.workspace.communications)
        price_table = _prices(root, prices)
        scenarios = [Scenario(_now(language), project)]
        if against is not None:
            scenarios.append(scenario_of(project, against))
        begun = time.monotonic()
        with _bar(out) as bar:
            task = bar.add_task("customers", total=_customers(project, limit))
            found = simulate_all(
                scenarios, planned, first, last, limit=limit, workers=workers,
                on_progress=lambda customers: bar.update(task, completed=customers),
            )  # fmt: skip
        document = report(found, first, last, zone, price_table)
        document["seconds"] = round(time.monotonic() - begun, 1)
        if out_dir is not None:
            _write(out_dir, report_page(document, project.workspace, language))
            out.say(WORDS[language]["written"].format(page=out_dir / "index.html"))
        _tell(out, document, language)
        out.document(document)


def _now(language: UiLanguage) -> str:
    return "現在の設定" if language is UiLanguage.JA else "as it is now"


def _days(month: str | None, start: str | None, end: str | None, today: date) -> tuple[date, date]:
    if (start is None) != (end is None) or (month is not None and start is not None):
        raise InputError("give --month YYYY-MM, or --from DATE and --to DATE")
    if start is not None and end is not None:
        return _day(start, "--from"), _day(end, "--to")
    first = _month(month) if month else _next_month(today)
    return first, _next_month(first) - timedelta(days=1)


def _month(text: str) -> date:
    if re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", text) is None:
        raise InputError(f"--month: '{text}' is no month, as in 2026-05")
    return _in_reach(date.fromisoformat(f"{text}-01"), text, "--month")


def _day(text: str, option: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{option}: '{text}' is no date, as in 2026-05-01") from None
    return _in_reach(found, text, option)


def _in_reach(found: date, text: str, option: str) -> date:
    if not 2000 <= found.year < 2200:
        raise InputError(f"{option}: '{text}' is not between the years 2000 and 2200")
    return found


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _prices(root: Path, given: Path | None) -> Prices | None:
    """The price table; without one nothing is said of costs."""
    if given is not None:
        return load_prices(given, given.parent.resolve())
    return load_prices(root / PRICES, root) if (root / PRICES).is_file() else None


def _customers(project: Project, limit: int | None) -> int:
    with project.store.read() as connection:
        count = connection.scalar(select(func.count()).select_from(customers)) or 0
    return min(count, limit) if limit else count


def _bar(out: Out) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=out.console,
        transient=True, disable=out.as_json,
    )  # fmt: skip


def _write(folder: Path, page: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "index.html").write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder}: cannot be written: {error.strerror}") from error


def _tell(out: Out, document: dict[str, Any], language: UiLanguage) -> None:
    scenarios, say = document["scenarios"], WORDS[language]
    out.say(say["counted"].format(
        first=document["from"], last=document["to"], customers=f"{document['customers']:,}",
        seconds=document["seconds"],
    ))  # fmt: skip
    names = [scenario["name"] for scenario in scenarios]
    channels = list(dict.fromkeys(name for scenario in scenarios for name in scenario["channels"]))
    rows: list[list[object]] = [
        [CHANNEL_WORDS[language][name], *(scenario["channels"].get(name, 0) for scenario in scenarios)]
        for name in channels
    ]
    rows += [
        [say[part], *(scenario[part] for scenario in scenarios)]
        for part in ("messages", "withheld", "digested", "segments", "pages")
    ]
    if document["currency"]:
        rows.append([f"{say['cost']} ({document['currency']})", *(scenario["cost"] for scenario in scenarios)])
    out.table(["", *names], rows)
    for scenario in scenarios:
        for what, count in scenario["lacks"].items():
            if count:
                out.say(f"{scenario['name']}: {say['lacks_' + what].format(count=f'{count:,}')}")
    reasons = list(dict.fromkeys(name for scenario in scenarios for name in scenario["reasons"]))[:MOST_SHOWN]
    out.table(
        [say["reason"], say["why_not"], *names],
        [
            [name, words(name, language.value), *(scenario["reasons"].get(name, 0) for scenario in scenarios)]
            for name in reasons
        ],
    )
    for scenario in scenarios:
        if scenario["displaced"]:
            out.table(
                [say["communication"], say["cap"], say["by"], say["messages"]],
                [[row["communication"], row["cap"], row["by"], row["messages"]]
                 for row in scenario["displaced"][:MOST_SHOWN]],
                title=scenario["name"],
            )  # fmt: skip
