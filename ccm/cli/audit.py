"""explain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from sqlalchemy import Connection, select

from ccm.cli.output import AsOption, JsonOption, WorkspaceOption, command, project_of
from ccm.errors import InputError, NotFound
from ccm.pipeline.access import looked_at, reader
from ccm.pipeline.explain import explained, told
from ccm.store.tables import messages


def explain(
    message: Annotated[str | None, typer.Argument(metavar="MESSAGE")] = None,
    customer: Annotated[str | None, typer.Option("--customer", metavar="ID")] = None,
    communication: Annotated[str | None, typer.Option("--communication", metavar="COMM")] = None,
    language: Annotated[str, typer.Option("--language", help="en or ja.")] = "en",
    as_: AsOption = None, workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Why a message went out, on that channel, at that time, or why it did not."""
    with command(json) as out:
        if (message is None) == (customer is None):
            raise InputError("give MESSAGE, or --customer ID with --communication COMM")
        if language not in ("en", "ja"):
            raise InputError(f"language '{language}' is none of en, ja")
        project = project_of(workspace)
        with project.store.read() as connection:
            found = _find(connection, message, customer, communication)
            documents = [explained(project, connection, row, language) for row in found]
        looked_at(project, [row["id"] for row in found], reader(project, as_), "explain")
        for document in documents:
            for line in told(document):
                out.say(line)
        out.document({"messages": documents})


def _find(
    connection: Connection, message: str | None, customer: str | None, communication: str | None
) -> Sequence[Mapping[Any, Any]]:
    query = select(messages).order_by(messages.c.decided_at.desc(), messages.c.id)
    if message is not None:
        query = query.where(messages.c.id == message)
    else:
        query = query.where(messages.c.customer_id == customer).limit(20)
        if communication is not None:
            query = query.where(messages.c.communication == communication)
    rows = connection.execute(query).mappings().all()
    if not rows:
        if message is not None:
            raise NotFound(f"message '{message}' is not recorded")
        about = f" on '{communication}'" if communication is not None else ""
        raise NotFound(f"nothing{about} is recorded for customer '{customer}'")
    return rows
