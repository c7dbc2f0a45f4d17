"""submit, approve, reject, withdraw, comment, releases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer

from ccm.cli.output import AsOption, JsonOption, Out, WorkspaceOption, command, instant, project_of, shown
from ccm.compliance import approvals
from ccm.compliance.approvals import ReleaseAction
from ccm.errors import InputError, NotFound
from ccm.pipeline import approving
from ccm.pipeline.approving import Done
from ccm.pipeline.project import Project
from ccm.store import Store
from ccm.workspace.settings import Person

DigestArgument = Annotated[str, typer.Argument(help="The release's digest, or its first 12 characters or more.")]
CommentOption = Annotated[str, typer.Option("--comment", help="Why.")]
AffectedOption = Annotated[
    str | None, typer.Option("--all-affected-by", metavar="wording:ID", help="All that use a wording.")
]


def who(project: Project, name: str | None) -> Person:
    """The person who acts; raises `InputError` where nobody is named."""
    if not name:
        raise InputError("who acts? give --as USER, or set CCM_USER")
    return project.workspace.person(name)


def submit(
    communications: Annotated[list[str] | None, typer.Argument(metavar="[COMM]…")] = None,
    affected: AffectedOption = None, as_: AsOption = None, comment: CommentOption = "",
    workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Hand in communications for approval, as their files are now; all or none of them."""
    with command(json) as out:
        project = project_of(workspace)
        person = who(project, as_)
        wording = _wording(communications, affected, "COMM")
        names = approving.affected_by(project, wording) if wording else communications or []
        if not names:
            raise NotFound(f"no communication that uses wording '{wording}' has anything to hand in")
        done = approving.submit(project, names, person, comment)
        _tell(out, done)
        digests = " ".join(one.action.digest[:12] for one in done)
        out.say(f"another person approves with: ccm approve {digests} --as USER")


def approve(
    digests: Annotated[list[str] | None, typer.Argument(metavar="[DIGEST]…", help="Of releases, or the first 12 "
                                                        "characters or more of each.")] = None,
    affected: AffectedOption = None,
    effective: Annotated[
        str | None, typer.Option("--effective-from", metavar="TIME", help="In force from then on; default: now.")
    ] = None,
    as_: AsOption = None, comment: CommentOption = "", workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Let releases out, all or none of them; never by one of their authors."""
    with command(json) as out:
        project = project_of(workspace)
        person = who(project, as_)
        wording = _wording(digests, affected, "DIGEST")
        chosen = approving.waiting_on(project, wording) if wording else digests or []
        if not chosen:
            raise NotFound(f"no release that uses wording '{wording}' waits for approval as the files are now")
        starts = None if effective is None else instant(effective, project.clock)
        _tell(out, approving.approve(project, chosen, person, comment, effective_from=starts))


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
    """End a release's approval at once; messages still queued are not sent."""
    _act(approvals.withdraw, digest, as_, comment, workspace, json)


def comment(
    digest: DigestArgument, text: Annotated[str, typer.Argument(help="What to say.")], as_: AsOption = None,
    workspace: WorkspaceOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Say something about a submitted release; it stays with it."""
    _act(approvals.comment, digest, as_, text, workspace, json)


class _Verb(Protocol):
    def __call__(
        self, store: Store, digest: str, person: Person, now: datetime, comment: str, *, record: approvals.Record
    ) -> ReleaseAction: ...


def _act(verb: _Verb, digest: str, name: str | None, comment: str, workspace: Path | None, json: bool) -> None:
    with command(json) as out:
        project = project_of(workspace)
        person = who(project, name)
        action = verb(project.store, digest, person, project.clock(), comment, record=project.record_release_action)
        _tell(out, [Done(action)])


def _wording(named: Sequence[str] | None, affected: str | None, name: str) -> str:
    """The wording that --all-affected-by names; empty where releases are named one by one."""
    if bool(named) == (affected is not None):
        raise InputError(f"give {name}, or --all-affected-by wording:ID, and not both")
    if affected is None:
        return ""
    kind, _, wording = affected.partition(":")
    if kind != "wording" or not wording:
        raise InputError(f"--all-affected-by takes wording:ID, as in wording:deposit-protection, not '{affected}'")
    return wording


def list_releases(workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """All releases with their state, and what the files are now."""
    with command(json) as out:
        project = project_of(workspace)
        now = {approving.files_now(project, name): name for name in project.workspace.communications}
        with project.store.read() as connection:
            known = approvals.standings(connection, project.clock())
        rows = [_row(one, one.release.digest in now) for one in known]
        recorded = {one.release.digest for one in known}
        rows += [
            {"digest": digest, "communication": name, "state": "draft", "files_now": True, "by": "", "at": "",
             "effective_from": "", "expires_at": "", "approved_by": [], "approvers_needed": None, "comments": []}
            for digest, name in now.items() if digest not in recorded
        ]  # fmt: skip
        out.table(
            ["digest", "communication", "state", "files now", "by", "at", "ends"],
            [[row["digest"][:12], row["communication"], _state(row), "yes" if row["files_now"] else "", row["by"],
              row["at"], row["expires_at"]] for row in rows],
        )  # fmt: skip
        out.document({"releases": rows})


def _row(one: approvals.Standing, files_now: bool) -> dict[str, Any]:
    release, last = one.release, next(a for a in reversed(one.release.actions) if a.action != "commented")
    terms = release.approval.terms if release.approval else approvals.Terms()
    return {
        "digest": release.digest, "communication": release.communication, "state": one.state, "files_now": files_now,
        "by": last.person, "at": shown(last.at), "effective_from": shown(terms.effective_from),
        "expires_at": shown(terms.expires_at), "approved_by": list(release.approvers),
        "approvers_needed": release.needed,
        "comments": [{"by": a.person, "at": shown(a.at), "comment": a.comment, "action": a.action}
                     for a in release.actions if a.comment],
    }  # fmt: skip


def _state(row: dict[str, Any]) -> str:
    if row["state"] == "submitted" and row["approved_by"]:
        return f"submitted, {len(row['approved_by'])} of {row['approvers_needed']} approved"
    return f"approved, from {row['effective_from']}" if row["state"] == "approved" else row["state"].replace("_", " ")


def _tell(out: Out, done: Sequence[Done]) -> None:
    """What was done: one document for one release, a list for several."""
    documents: list[dict[str, Any]] = []
    for one in done:
        action, terms = one.action, one.action.terms
        out.say(f"{action.communication}: release {action.digest[:12]} {action.action} by {action.person}")
        for change in one.changes:
            out.say(f"  {change.kind} since the last approved one: {change.part}")
        if terms.authors:
            out.say(f"  written by: {', '.join(terms.authors)}")
        if one.missing:
            out.say(f"  not in force yet: {one.missing} more must approve, and not the same person")
        if terms.effective_from:
            out.say(f"  in force from {shown(terms.effective_from)}")
        if terms.expires_at:
            out.say(f"  ends at {shown(terms.expires_at)}")
        if one.outdated:
            out.say("  the files are others by now: nothing goes out until they are what was approved")
        documents.append({
            "digest": action.digest, "communication": action.communication, "action": action.action,
            "person": action.person, "at": action.at.isoformat(), "terms": terms.document(),
            "changes": [{"kind": change.kind, "part": change.part} for change in one.changes],
            "approvals_missing": one.missing, "outdated": one.outdated,
        })  # fmt: skip
    out.document(documents[0] if len(documents) == 1 else {"actions": documents})
