"""Only an approved release reaches a customer."""

from __future__ import annotations

from sqlalchemy import Connection

from ccm.compliance import approvals
from ccm.compliance.releases import Release
from ccm.errors import NotAllowed


def require_approved(connection: Connection, release: Release) -> None:
    """Raises `NotAllowed`, saying what to do, unless the release is approved and not withdrawn."""
    state = approvals.state(connection, release.digest).state
    if state == "approved":
        return
    step = {
        "draft": f"hand it in with: ccm submit {release.communication} --as USER",
        "submitted": f"another person approves it with: ccm approve {release.digest[:12]} --as USER",
    }.get(state, "change the files, then hand it in again")
    raise NotAllowed(
        f"{release.communication} as its files are now (release {release.digest[:12]}) is not approved, but {state}; "
        + step
    )
