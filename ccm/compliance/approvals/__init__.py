"""Who may let a release out: submit, approve, reject, withdraw, comment; and where a release stands at an instant.

Actions are appended and never changed; the state of a release is derived from its actions and the time. Every
action is written under a lock on all releases of its communication, so that of two people acting at once one is
told.
"""

from ccm.compliance.approvals.acting import approve, approve_all, comment, reject, submit, submit_all, withdraw
from ccm.compliance.approvals.actions import FROM, MAY, Action, Record, ReleaseAction, State, Submission, Terms
from ccm.compliance.approvals.standing import (
    ReleaseState,
    Standing,
    find,
    in_force,
    list_releases,
    refusal,
    standings,
    state,
    stored_release,
)

__all__ = [
    "FROM",
    "MAY",
    "Action",
    "Record",
    "ReleaseAction",
    "ReleaseState",
    "Standing",
    "State",
    "Submission",
    "Terms",
    "approve",
    "approve_all",
    "comment",
    "find",
    "in_force",
    "list_releases",
    "refusal",
    "reject",
    "standings",
    "state",
    "stored_release",
    "submit",
    "submit_all",
    "withdraw",
]
