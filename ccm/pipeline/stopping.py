"""What can be stopped, and how many messages a stop withheld."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, func, select

from ccm.compliance import approvals, stops
from ccm.compliance.stops import TARGETS, Stop, Target
from ccm.errors import InputError, NotFound
from ccm.pipeline.project import Project
from ccm.store.tables import messages


def target_of(project: Project, target: str, name: str, *, stopped: bool = False) -> tuple[Target, str]:
    """The target and its whole name; a slip of the pen must not stop nothing.

    `stopped`: what is stopped now can be named too, though the workspace does not have it any more. Raises
    `InputError` and `NotFound` naming the choices.
    """
    kind = next((one for one in TARGETS if one == target), None)
    if kind is None:
        raise InputError(f"'{target}' is none of {', '.join(TARGETS)}")
    with project.store.read() as connection:
        if stopped and (kind, name) in stops.active(connection).active:
            return kind, name
        if kind == "release":
            return kind, approvals.find(connection, name)
        known = _known(project, kind)
        # One that was taken out of the workspace while its messages are queued can be stopped too.
        queued = select(messages.c.id).where(messages.c.communication == name, messages.c.state == "due").limit(1)
        if kind == "communication" and name not in known and connection.scalar(queued) is not None:
            return kind, name
    if name not in known:
        there = ", ".join(sorted(one for one in known if "@" not in one)) or "none yet"
        if kind == "wording" and name.partition("@")[0] in known:
            there = ", ".join(sorted(one for one in known if one.startswith(f"{name.partition('@')[0]}@")))
        raise NotFound(f"{kind} '{name}' does not exist; there are: {there}")
    return kind, name


def _known(project: Project, kind: Target) -> set[str]:
    workspace = project.workspace
    if kind == "communication":
        return set(workspace.communications)
    if kind == "channel":
        return set(workspace.channels)
    return {*workspace.wording_ids, *(f"{wording.id}@{wording.version}" for wording in workspace.wordings)}


def counted(connection: Connection, found: Iterable[Stop]) -> dict[Stop, int]:
    """How many messages each stop withheld since it was made."""
    return {
        one: connection.scalar(
            select(func.count()).select_from(messages).where(
                messages.c.state == "withheld", messages.c.reason == one.reason, messages.c.detail == one.name,
                messages.c.updated_at >= one.at,
            )
        ) or 0
        for one in found
    }  # fmt: skip
