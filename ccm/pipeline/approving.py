"""Handing in and letting out: approvals with what policy, files and version control say of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from ccm.compliance import approvals, releases
from ccm.compliance.approvals import ReleaseAction, ReleaseState, Submission, Terms
from ccm.compliance.authors import Written, written_by
from ccm.compliance.release_files import checked_files
from ccm.compliance.releases import Change, Release
from ccm.errors import InputError, NotFound, Problem, ProblemsError
from ccm.pipeline.check import writers_errors
from ccm.pipeline.project import Project
from ccm.workspace.settings import Person


@dataclass(frozen=True, slots=True)
class Done:
    """One action, and what a person should know about it."""

    action: ReleaseAction
    changes: tuple[Change, ...] = ()
    """Of a submission: what differs from the release of the communication that was approved last."""
    missing: int = 0
    """Of an approval: how many more people must approve."""
    outdated: bool = False
    """Of an approval: the files of the workspace are others by now."""


def submit(project: Project, communications: Sequence[str], person: Person, comment: str = "") -> tuple[Done, ...]:
    """Hands communications in for approval as their files are now, all or none.

    Raises `ProblemsError` for templates that don't compile and for errors of writers' checks, and as
    `approvals.submit_all`.
    """
    problems: list[Problem] = []
    found = []
    for name in dict.fromkeys(communications):
        release = project.compiled(name).release  # what does not compile can't be submitted
        # On its own copy: checks lay letters out without keeping them, and this project may go on to send some.
        problems += writers_errors(replace(project, _compiled={}), name)
        found.append(release)
    if problems:
        raise ProblemsError(problems)
    submissions, changed = [], {}
    with project.store.read() as connection:
        for release in found:
            changed[release.digest] = changes(connection, release)
            written = _written(project, connection, release)
            terms = Terms(_approvers(project, release.communication), written.authors, written.revision)
            with tempfile.TemporaryDirectory(prefix="ccm-release-") as folder:
                files = checked_files(project.workspace, release, Path(folder))
            submissions.append(Submission(release, terms, files))
    done = approvals.submit_all(
        project.store, submissions, person, project.clock(), comment, record=project.record_release_action
    )
    return tuple(Done(action, changed[action.digest]) for action in done)


def approve(
    project: Project, digests: Sequence[str], person: Person, comment: str = "", *,
    effective_from: datetime | None = None,
) -> tuple[Done, ...]:  # fmt: skip
    """Lets releases out, all or none, on the terms of the policy; raises as `approvals.approve_all`.

    `effective_from` puts them in force later. Raises `InputError` where that is past, and `NotFound` for a release
    whose communication is not in the workspace any more.
    """
    now = project.clock()
    if effective_from is not None and effective_from < now:
        raise InputError(f"effective-from {effective_from.isoformat()} is past; leave it out for now")
    days = project.workspace.settings.approvals.valid_for_days
    expires = None if days is None else max(now, effective_from or now) + timedelta(days=days)
    terms, outdated = {}, {}
    with project.store.read() as connection:
        for digest in digests:
            release = approvals.stored_release(connection, digest)
            if release.digest in terms:
                raise InputError(f"release {release.digest[:12]} is named twice")
            if release.communication not in project.workspace.communications:
                raise NotFound(
                    f"release {release.digest[:12]} is of '{release.communication}', which is not in the workspace any"
                    " more; reject it, or bring the files back"
                )
            written = _written(project, connection, release)
            terms[release.digest] = Terms(
                _approvers(project, release.communication), written.authors, "", effective_from, expires
            )
            outdated[release.digest] = files_now(project, release.communication) != release.digest
    done = approvals.approve_all(
        project.store, terms, person, now, comment, record=project.record_release_action
    )  # fmt: skip
    with project.store.read() as connection:
        states = {action.digest: approvals.state(connection, action.digest) for action in done}
    return tuple(Done(one, (), _missing(states[one.digest]), outdated[one.digest]) for one in done)


def affected_by(project: Project, wording: str) -> tuple[str, ...]:
    """Communications whose files now differ from what is in force or waits, and that use a wording; in order.

    `wording` is its id. Raises `NotFound` for wording that does not exist.
    """
    known_wording(project, wording)
    found = []
    now = project.clock()
    with project.store.read() as connection:
        for name, communication in sorted(project.workspace.communications.items()):
            release = releases.build_release(project.workspace, communication)
            known = {one.release.digest: one.state for one in approvals.standings(connection, now, name)}
            if _uses(release, wording) and known.get(release.digest) not in ("in_force", "approved", "submitted"):
                found.append(name)
    return tuple(found)


def waiting_on(project: Project, wording: str) -> tuple[str, ...]:
    """Digests of the submitted releases that are what the files are now, and that use a wording; in order.

    Raises as `affected_by`.
    """
    known_wording(project, wording)
    with project.store.read() as connection:
        known = [one for one in approvals.list_releases(connection) if one.state == "submitted"]
        return tuple(
            one.digest for one in known
            if files_now(project, one.communication) == one.digest
            and _uses(approvals.stored_release(connection, one.digest), wording)
        )  # fmt: skip


def known_wording(project: Project, wording: str) -> None:
    """Raises `NotFound` for the id of a wording that the workspace does not have."""
    if wording not in project.workspace.wording_ids:
        known = ", ".join(sorted(project.workspace.wording_ids)) or "none yet"
        raise NotFound(f"wording '{wording}' does not exist; there are: {known}")


def files_now(project: Project, communication: str) -> str:
    """The digest that the files of a communication give now; empty where the workspace does not have it."""
    found = project.workspace.communications.get(communication)
    return "" if found is None else releases.build_release(project.workspace, found).digest


def changes(connection: Connection, release: Release) -> tuple[Change, ...]:
    """What differs from the release of the communication that was approved last; empty where none was."""
    last = last_approved(connection, release)
    return () if last is None else releases.diff(approvals.stored_release(connection, last.digest), release)


def last_approved(connection: Connection, release: Release) -> ReleaseState | None:
    """The release of the same communication that was approved last, and not withdrawn; not this one itself."""
    known = [one for one in approvals.list_releases(connection, release.communication)
             if one.approval is not None and one.digest != release.digest]  # fmt: skip
    return max(known, key=lambda one: one.begins, default=None)


def _written(project: Project, connection: Connection, release: Release) -> Written:
    """Who wrote what is new in a release, since the one that was approved last."""
    last = last_approved(connection, release)
    if last is None:
        return written_by(project.workspace, release.manifest)
    revisions = [one.terms.revision for one in last.actions if one.action == "submitted"]
    parts: Iterable[str] = [change.part for change in changes(connection, release)]
    return written_by(project.workspace, parts, revisions[-1] if revisions else "")


def _approvers(project: Project, communication: str) -> int:
    purpose = project.workspace.communication(communication).purpose
    return project.workspace.settings.approvals.approvers.get(purpose, 1)


def _missing(state: ReleaseState) -> int:
    return 0 if state.state == "approved" else max(0, state.needed - len(state.approvers))


def _uses(release: Release, wording: str) -> bool:
    return any(part.startswith(f"compliance/wording/{wording}/") for part in release.manifest)
