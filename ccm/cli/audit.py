"""explain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import orjson
import typer
from sqlalchemy import Connection, select

from ccm.cli.output import JsonOption, Out, WorkspaceOption, command, project_of, shown
from ccm.compliance import approvals
from ccm.decide.trace import rules_of, unpack, words
from ccm.errors import InputError, NotFound
from ccm.pipeline.project import Project
from ccm.store.tables import messages


def explain(
    message: Annotated[str | None, typer.Argument(metavar="MESSAGE")] = None,
    customer: Annotated[str | None, typer.Option("--customer", metavar="ID")] = None,
    communication: Annotated[str | None, typer.Option("--communication", metavar="COMM")] = None,
    language: Annotated[str, typer.Option("--language", help="en or ja.")] = "en",
    workspace: WorkspaceOption = None, json: JsonOption = False,
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
            documents = [_explained(project, connection, row, language) for row in found]
        for document in documents:
            _tell(out, document)
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


def _explained(project: Project, connection: Connection, row: Mapping[Any, Any], language: str) -> dict[str, Any]:
    decided, _, candidates = unpack(row["trace"])
    actions = approvals.state(connection, row["release"]).actions
    return {
        "message": row["id"], "customer": row["customer_id"], "communication": row["communication"],
        "run": row["run_id"], "state": row["state"], "reason": row["reason"],
        "why": words(row["reason"], language), "detail": row["detail"], "channel": row["channel"],
        "decision": {"reason": decided, "why": words(decided, language)},
        "language": row["language"], "variant": row["variant"], "jurisdiction": row["jurisdiction"],
        "decided_for": shown(row["decided_at"]), "due": shown(row["due_at"]),
        "candidates": [
            {"channel": c.channel, "taken": c.taken, "reason": c.reason, "why": words(c.reason, language),
             "detail": c.detail} for c in candidates
        ],
        "rules": _rules(project, row, language),
        "release": row["release"],
        "approvals": [{"action": a.action, "by": a.person, "at": shown(a.at)} for a in actions],
        "wording": [{"id": w[0], "version": w[1], "digest": w[2]} for w in orjson.loads(row["wording"])],
        "body_digest": row["body_digest"], "segments": row["segments"], "pages": row["pages"],
        "adapter": row["adapter"], "attempts": row["attempts"], "supplier_reference": row["supplier_reference"],
        "updated": shown(row["updated_at"]),
    }  # fmt: skip


def _rules(project: Project, row: Mapping[Any, Any], language: str) -> list[dict[str, str]]:
    """The rules that decision and message came under with their names; the one that stopped it with its reason."""
    known = {file.id: file for file in project.workspace.rules}
    broken = row["reason"].removeprefix("rule_")
    found = []
    for rule in rules_of(row["trace"]):
        file = known.get(rule)
        name = file.name.of(language) if file is not None else ""
        found.append({"id": rule, "name": name, "reason": file.reason if file and rule == broken else ""})
    return found


def _tell(out: Out, found: dict[str, Any]) -> None:
    out.say(f"message {found['message']}: {found['communication']} to {found['customer']}")
    on = f" by {found['channel']}" if found["channel"] else ""
    detail = f" [{found['detail']}]" if found["detail"] else ""
    out.say(f"  {found['state']}{on}: {found['why']} ({found['reason']}){detail}")
    out.say(f"  decided for {found['decided_for']}" + (f", due {found['due']}" if found["due"] else ""))
    for candidate in found["candidates"]:
        mark = "+" if candidate["taken"] else "-"
        extra = f" [{candidate['detail']}]" if candidate["detail"] else ""
        out.say(f"    {mark} {candidate['channel']}: {candidate['why']} ({candidate['reason']}){extra}")
    for rule in found["rules"]:
        why = f": {rule['reason']}" if rule["reason"] else ""
        out.say(f"    rule {rule['id']} {rule['name']}{why}")
    variant = f", variant {found['variant']}" if found["variant"] else ""
    language = f", in {found['language']}" if found["language"] else ""
    out.say(f"  release {found['release'][:12]}{language}{variant}")
    for action in found["approvals"]:
        out.say(f"    {action['action']} by {action['by']} at {action['at']}")
    for use in found["wording"]:
        out.say(f"  wording {use['id']} version {use['version']}")
    if found["supplier_reference"]:
        out.say(f"  {found['adapter']} took it as {found['supplier_reference']}, attempt {found['attempts']}")
