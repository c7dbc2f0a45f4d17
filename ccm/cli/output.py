"""What commands print: words and tables for people, or one JSON document; and how errors end a command."""

from __future__ import annotations

import re
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
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from ccm.errors import CcmError, InputError, NotFound, ProblemsError, TryAgain
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
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""The instants that commands take: wide enough, and far from where calendars end."""


@dataclass(frozen=True)
class Out:
    """Where a command's result goes."""

    as_json: bool

    @property
    def console(self) -> Console:
        """For people; with --json on standard error, where it cannot spoil the document."""
        return Console(
            stderr=self.as_json, highlight=False, soft_wrap=True, width=_width(), emoji=False, markup=False
        )  # fmt: skip

    def say(self, text: str) -> None:
        """A line for people; nothing with --json."""
        if not self.as_json:
            self.console.print(plain(text))

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]], title: str = "") -> None:
        """A table for people; nothing with --json. Numbers stand to the right."""
        if self.as_json:
            return
        table = Table(title=plain(title) or None, title_justify="left", header_style="bold", box=box.SIMPLE_HEAD)
        for place, name in enumerate(columns):
            numbers = bool(rows) and all(isinstance(row[place], int) for row in rows)
            table.add_column(name, justify="right" if numbers else "left", overflow="fold")
        for row in rows:
            table.add_row(*(f"{cell:,}" if isinstance(cell, int) else plain(str(cell)) for cell in row))
        self.console.print(table)

    def document(self, data: Mapping[str, Any]) -> None:
        """The JSON document; nothing without --json."""
        if self.as_json:
            sys.stdout.write(orjson.dumps(data, option=orjson.OPT_INDENT_2, default=str).decode() + "\n")


def plain(text: str) -> str:
    """Text without what a terminal would obey: names and ids come from other people's files."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def _width() -> int | None:
    """The terminal's own width; wide where output goes to a file, so that no table is cut."""
    return None if sys.stdout.isatty() else 160


@contextmanager
def command(as_json: bool) -> Iterator[Out]:
    """Turns errors into words on standard error and an exit status."""
    try:
        yield Out(as_json)
    except (CcmError, OSError, SQLAlchemyError) as error:
        told = error if isinstance(error, CcmError) else TryAgain(_from_outside(error))
        text = plain(str(told))
        sys.stderr.write(f"ccm: {text}\n" if not isinstance(told, ProblemsError) else f"{text}\n")
        if as_json:
            problems = told.problems if isinstance(told, ProblemsError) else ()
            found = [{"path": p.path, "line": p.line, "column": p.column, "message": p.message} for p in problems]
            document = {"error": type(told).__name__, "message": text, "problems": found}
            sys.stdout.write(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n")
        wrong_use = isinstance(told, InputError) and not isinstance(told, ProblemsError)
        raise typer.Exit(WRONG_USE if wrong_use else FINDINGS) from error


def _from_outside(error: OSError | SQLAlchemyError) -> str:
    """What disk or database said. Of a database's words the first line only: the rest can quote customers."""
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'}: {error.strerror or error}"
    cause = error.orig if isinstance(error, DBAPIError) else error
    first = (str(cause).splitlines() or [""])[0]
    return f"the store refused: {type(cause).__name__}: {first}"


def root_of(workspace: Path | None) -> Path:
    """The workspace's folder: the one that was named, else the nearest upward; raises `NotFound`."""
    if workspace is None:
        return find_root(Path.cwd())
    # No search upward from a named folder: a slip of the pen must not lead to another bank.
    if not (workspace / "ccm.toml").is_file():
        raise NotFound(f"--workspace {workspace}: no ccm.toml there; make a workspace with: ccm init {workspace}")
    return workspace.resolve()


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
    if not FIRST <= value < LAST:
        raise InputError(f"time '{text}' is not between the years {FIRST.year} and {LAST.year}")
    return value.astimezone(UTC)


def shown(value: datetime | None) -> str:
    """An instant for people: UTC, to the second."""
    return "" if value is None else value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
