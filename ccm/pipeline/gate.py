"""Only a release that is in force and not stopped reaches a customer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from ccm.compliance import approvals, stops
from ccm.compliance.releases import Release
from ccm.errors import InputError, NotAllowed
from ccm.workspace.communication import Communication

_STEPS = {
    "draft": "hand it in with: ccm submit {communication} --as USER",
    "submitted": "another person approves it with: ccm approve {digest} --as USER",
    "approved": "it will be in force from {effective}",
    "superseded": "a newer release is in force; to go back to this one: ccm submit {communication} --as USER",
    "expired": "its approval has ended; renew it with: ccm submit {communication} --as USER",
}


def require_approved(connection: Connection, release: Release, at: datetime) -> None:
    """Raises `NotAllowed`, saying what to do, unless the release is in force at `at`."""
    known = approvals.standings(connection, at, release.communication)
    found = next((one for one in known if one.release.digest == release.digest), None)
    standing = found.state if found else "draft"
    if standing == "in_force":
        return
    approval = found.release.approval if found else None
    effective = approval.terms.effective_from if approval else None
    step = _STEPS.get(standing, "change the files, then hand it in again").format(
        communication=release.communication, digest=release.digest[:12],
        effective=effective.isoformat() if effective else "",
    )  # fmt: skip
    standing_words = "not yet in force" if standing == "approved" else f"not approved, but {standing}"
    raise NotAllowed(
        f"{release.communication} as its files are now (release {release.digest[:12]}) is {standing_words}; {step}"
    )


def require_no_collector(communication: Communication) -> None:
    """Raises `InputError` for one that tells what it collected: it goes when its windows close."""
    if communication.collects:
        raise InputError(f"'{communication.id}' goes by itself when its windows close; send what it collects")


def require_not_stopped(connection: Connection, release: Release) -> None:
    """Raises `NotAllowed` where all messages of the release are stopped."""
    stop = stops.active(connection).of(release=release.digest, communication=release.communication)
    if stop is not None:
        raise NotAllowed(
            f"{stop.reason}: {stop.target} {stop.name} was stopped by {stop.person} at {stop.at.isoformat()}"
            f" ({stop.comment}); when it may go on: ccm resume-sending {stop.target} {stop.name} --as USER"
        )
