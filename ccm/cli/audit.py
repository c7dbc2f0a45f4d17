"""explain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from sqlalchemy import Connection, select

from ccm.cli.output import FINDINGS, AsOption, JsonOption, Out, WorkspaceOption, command, project_of
from ccm.decide import decide
from ccm.errors import InputError, NotFound
from ccm.pipeline.access import looked_at, reader
from ccm.pipeline.explain import LANGUAGES, explained, line, replayed, run_line, summary, told, tried
from ccm.pipeline.gather import gather
from ccm.pipeline.project import Project
from ccm.pipeline.replay import document, replay, replay_run
from ccm.pipeline.traces import packer_for
from ccm.store.tables import messages, runs

SHOWN = 20
"""Messages of one customer that are listed, newest first."""


def explain(
    message: Annotated[str | None, typer.Argument(metavar="MESSAGE")] = None,
    customer: Annotated[str | None, typer.Option("--customer", metavar="ID")] = None,
    communication: Annotated[str | None, typer.Option("--communication", metavar="COMM")] = None,
    run: Annotated[str | None, typer.Option("--run", metavar="RUN", help="With --replay: all of a run.")] = None,
    again: Annotated[bool, typer.Option("--replay", help="Decide again from what was recorded, and compare.")] = False,
    now: Annotated[bool, typer.Option("--now", help="Decide now for --customer and --communication; record nothing.")]
    = False,
    language: Annotated[str, typer.Option("--language", help="en or ja.")] = "en",
    as_: AsOption = None, workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Why a message went out, on that channel, at that time, or why it did not; and what would have to change."""
    with command(json) as out:
        if sum(given is not None for given in (message, customer, run)) != 1:
            raise InputError("give MESSAGE, or --customer ID with --communication COMM, or --run RUN with --replay")
        if language not in LANGUAGES:
            raise InputError(f"language '{language}' is none of {', '.join(LANGUAGES)}")
        if run is not None and not again:
            raise InputError("--run RUN needs --replay; for one message give MESSAGE")
        if now and (customer is None or communication is None or again):
            raise InputError("--now needs --customer ID and --communication COMM, and goes with no --replay")
        project = project_of(workspace)
        if run is not None:
            _replay_run(project, run, language, out)
        elif now:
            _now(project, str(customer), str(communication), language, out)
        else:
            _recorded(project, message, customer, communication, again, language, as_, out)


def _recorded(
    project: Project, message: str | None, customer: str | None, communication: str | None, again: bool,
    language: str, as_: str | None, out: Out,
) -> None:  # fmt: skip
    whole = message is not None or communication is not None
    with project.store.read() as connection:
        found = _find(connection, message, customer, communication)
        replays = replay(connection, found) if again else []
        documents = (
            [] if again else [explained(project, connection, row, language) for row in found] if whole
            else [summary(row, language) for row in found]
        )  # fmt: skip
    looked_at(project, [row["id"] for row in found], reader(project, as_), "explain")
    for one in replays:
        out.say(one.message)
        for text in replayed(one, language):
            out.say(f"  {text}")
    for shown in documents:
        for text in told(shown, language) if whole else [line(shown, language)]:
            out.say(text)
    out.document(document(replays) if again else {"messages": documents})
    if any(one.verdict not in ("agrees", "cannot") for one in replays):
        raise typer.Exit(FINDINGS)


def _replay_run(project: Project, run: str, language: str, out: Out) -> None:
    with project.store.read() as connection:
        if connection.scalar(select(runs.c.id).where(runs.c.id == run)) is None:
            raise NotFound(f"run '{run}' is not recorded")
        replays = list(replay_run(connection, run))
    for one in replays:
        if one.verdict not in ("agrees", "cannot"):
            out.say(one.message)
            for text in replayed(one, language):
                out.say(f"  {text}")
    out.say(run_line(run, replays, language))
    out.document({"run": run, **document(replays)})
    if any(one.verdict not in ("agrees", "cannot") for one in replays):
        raise typer.Exit(FINDINGS)


def _now(project: Project, customer: str, communication: str, language: str, out: Out) -> None:
    """What a decision at this instant would be: nothing is written."""
    about, at = project.workspace.communication(communication), project.clock()
    with project.store.read() as connection:
        facts = gather(connection, project, about, [customer], at).get(customer)
        if facts is None:
            raise NotFound(f"customer '{customer}' is not known")
        decision = decide(about, project.workspace.policy, project.workspace.channels, facts, at)
        grounds = packer_for(project, about, facts.requirements).grounds
        shown = tried(project, connection, decision, grounds, facts, language)
    for text in told(shown, language):
        out.say(text)
    out.document({"messages": [shown]})


def _find(
    connection: Connection, message: str | None, customer: str | None, communication: str | None
) -> Sequence[Mapping[Any, Any]]:
    query = select(messages).order_by(messages.c.decided_at.desc(), messages.c.id)
    if message is not None:
        query = query.where(messages.c.id == message)
    else:
        query = query.where(messages.c.customer_id == customer).limit(SHOWN)
        if communication is not None:
            query = query.where(messages.c.communication == communication)
    rows = connection.execute(query).mappings().all()
    if not rows:
        if message is not None:
            raise NotFound(f"message '{message}' is not recorded")
        if communication is None:
            raise NotFound(f"nothing is recorded for customer '{customer}'")
        told = f"nothing on '{communication}' is recorded for customer '{customer}': nothing was decided"
        raise NotFound(f"{told}; --now shows what a decision at this instant would be")
    return rows
