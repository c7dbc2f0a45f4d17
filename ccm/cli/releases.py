"""submit, approve, reject, withdraw, releases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from sqlalchemy import Connection

from ccm.cli.output import AsOption, JsonOption, Out, WorkspaceOption, command, project_of, shown
from ccm.compliance import approvals, releases
from ccm.compliance.approvals import ReleaseAction
from ccm.compliance.releases import Change, Release
from ccm.errors import InputError, ProblemsError
from ccm.pipeline.check import writers_errors
from ccm.pipeline.project import Project
from ccm.store import Store
from ccm.workspace.settings import Person

DigestArgument = Annotated[str, typer.Argument(help="The release's digest, or its first 12 characters or more.")]
CommentOption = Annotated[str, typer.Option("--comment", help="Why.")]


def who(project: Project, name: str | None) -> Person:
    """The person who acts; raises `InputError` where nobody is named."""
    if not name:
        raise InputError("who acts? give --as USER, or set CCM_USER")
    return project.workspace.person(name)


def submit(
    communication: str, as_: AsOption = None, comment: CommentOption = "", workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Hand in a communication for approval, as its files are now."""
    with command(json) as out:
        project = project_of(workspace)
        release = project.compiled(communication).release  # what does not compile can't be submitted
        if blocking := writers_errors(project, communication):
            raise ProblemsError(blocking)
        action = approvals.submit(
            project.store, release, who(project, as_), project.clock(), record=project.record_release_action,
            comment=comment,
        )  # fmt: skip
        changes = _changes(project, release)
        _told(out, action, changes)
        out.say(f"another person approves it with: ccm approve {release.digest[:12]} --as USER")


def approve(
    digest: DigestArgument, as_: AsOption = None, comment: CommentOption = "", workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Let a release out; never by one of its authors."""
    _act(approvals.approve, digest, as_, comment, workspace, json)


def reject(
    digest: DigestArgument, as_: AsOption = None, comment: CommentOption = "", workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Turn a submitted release down, with a comment."""
    _act(approvals.reject, digest, as_, comment, workspace, json)


def withdraw(
    digest: DigestArgument, as_: AsOption = None, comment: CommentOption = "", workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Take a release out of force at once; messages still queued are not sent."""
    _act(approvals.withdraw, digest, as_, comment, workspace, json)


class _Verb(Protocol):
    def __call__(
        self, store: Store, digest: str, person: Person, now: datetime, comment: str, *, record: approvals.Record
    ) -> ReleaseAction: ...


def _act(verb: _Verb, digest: str, name: str | None, comment: str, workspace: Path | None, json: bool) -> None:
    with command(json) as out:
        project = project_of(workspace)
        person = who(project, name)
        _told(out, verb(project.store, digest, person, project.clock(), comment, record=project.record_release_action))


def list_releases(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """All releases with their state, and what the files are now."""
    with command(json) as out:
        project = project_of(workspace)
        with project.store.read() as connection:
            known = approvals.list_releases(connection)
            now = {
                release.digest: release.communication
                for release in (
                    releases.build_release(project.workspace, communication)
                    for communication in project.workspace.communications.values()
                )
            }
            drafts = [state for state in _drafts(connection, now) if state.state == "draft"]
        rows: list[dict[str, Any]] = []
        for state in (*known, *drafts):
            last = state.actions[-1] if state.actions else None
            communication = state.communication or now.get(state.digest, "")
            rows.append({
                "digest": state.digest, "communication": communication, "state": state.state,
                "files_now": state.digest in now, "by": last.person if last else "",
                "at": shown(last.at if last else None),
            })  # fmt: skip
        out.table(
            ["digest", "communication", "state", "files now", "by", "at"],
            [[row["digest"][:12], row["communication"], row["state"], "yes" if row["files_now"] else "", row["by"],
              row["at"]] for row in rows],
        )  # fmt: skip
        out.document({"releases": rows})


def _drafts(connection: Connection, digests: dict[str, str]) -> list[approvals.ReleaseState]:
    return [approvals.state(connection, digest) for digest in digests]


def _changes(project: Project, release: Release) -> tuple[Change, ...]:
    """What differs from the release of the communication that was approved last; empty where none was."""
    with project.store.read() as connection:
        known = approvals.list_releases(connection, release.communication)
        approved = [
            (action.at, state.digest) for state in known for action in state.actions if action.action == "approved"
        ]
        if not approved:
            return ()
        return releases.diff(approvals.stored_release(connection, max(approved)[1]), release)


def _told(out: Out, action: ReleaseAction, changes: Sequence[Change] = ()) -> None:
    out.say(f"{action.communication}: release {action.digest[:12]} {action.action} by {action.person}")
    for change in changes:
        out.say(f"  {change.kind} since the last approved one: {change.part}")
    out.document({
        "digest": action.digest, "communication": action.communication, "action": action.action,
        "person": action.person, "at": action.at.isoformat(),
        "changes": [{"kind": change.kind, "part": change.part} for change in changes],
    })  # fmt: skip
