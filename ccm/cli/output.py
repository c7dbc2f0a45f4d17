"""What commands print: words and tables for people, or one JSON document; and how errors end a command."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich import box
from rich.console import Console
from rich.table import Table

from ccm.errors import CcmError, InputError, ProblemsError
from ccm.pipeline.project import Clock, Project, open_project, wall_clock
from ccm.workspace import find_root

WorkspaceOption = Annotated[
    Path | None,
    typer.Option("--workspace", metavar="DIR", help="The workspace; default: the nearest ccm.toml upward."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
AtOption = Annotated[str | None, typer.Option("--at", metavar="TIME", help="ISO 8601 instant with offset or Z.")]
AsOption = Annotated[str | None, typer.Option("--as", metavar="USER", envvar="CCM_USER", help="Who acts.")]

DONE, FINDINGS, WRONG_USE = 0, 1, 2


@dataclass(frozen=True)
class Out:
    """Where a command's result goes."""

    as_json: bool

    @property
    def console(self) -> Console:
        """For people; with --json on standard error, where it cannot spoil the document."""
        return Console(stderr=self.as_json, highlight=False, soft_wrap=True, width=_width())

    def say(self, text: str) -> None:
        """A line for people; nothing with --json."""
        if not self.as_json:
            self.console.print(text, markup=False)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]], title: str = "") -> None:
        """A table for people; nothing with --json. Numbers stand to the right."""
        if self.as_json:
            return
        table = Table(title=title or None, title_justify="left", header_style="bold", box=box.SIMPLE_HEAD)
        for place, name in enumerate(columns):
            numbers = bool(rows) and all(isinstance(row[place], int) for row in rows)
            table.add_column(name, justify="right" if numbers else "left", overflow="fold")
        for row in rows:
            table.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
        self.console.print(table)

    def document(self, data: Mapping[str, Any]) -> None:
        """The JSON document; nothing without --json."""
        if self.as_json:
            sys.stdout.write(orjson.dumps(data, option=orjson.OPT_INDENT_2, default=str).decode() + "\n")


def _width() -> int | None:
    """The terminal's own width; wide where output goes to a file, so that no table is cut."""
    return None if sys.stdout.isatty() else 160


@contextmanager
def command(as_json: bool) -> Iterator[Out]:
    """Turns errors raised on purpose into words on standard error and an exit status."""
    try:
        yield Out(as_json)
    except CcmError as error:
        sys.stderr.write(f"ccm: {error}\n" if not isinstance(error, ProblemsError) else f"{error}\n")
        if as_json:
            problems = error.problems if isinstance(error, ProblemsError) else ()
            found = [{"path": p.path, "line": p.line, "column": p.column, "message": p.message} for p in problems]
            document = {"error": type(error).__name__, "message": str(error), "problems": found}
            sys.stdout.write(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n")
        wrong_use = isinstance(error, InputError) and not isinstance(error, ProblemsError)
        raise typer.Exit(WRONG_USE if wrong_use else FINDINGS) from error


def root_of(workspace: Path | None) -> Path:
    """The workspace's folder; raises `NotFound`."""
    return find_root(workspace if workspace is not None else Path.cwd())


def project_of(workspace: Path | None, clock: Clock = wall_clock) -> Project:
    """The workspace, open."""
    return open_project(root_of(workspace), clock=clock)


def instant(text: str | None, clock: Clock) -> datetime:
    """An instant from the command line, in UTC; now where none was given. Raises `InputError`."""
    if text is None:
        return clock()
    try:
        value = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"time '{text}' is not ISO 8601, as in 2026-04-01T09:00:00+09:00") from error
    if value.tzinfo is None:
        raise InputError(f"time '{text}' has no offset; write 2026-04-01T09:00:00Z or …+09:00")
    return value.astimezone(UTC)


def shown(value: datetime | None) -> str:
    """An instant for people: UTC, to the second."""
    return "" if value is None else value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
