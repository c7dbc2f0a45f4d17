"""What a change of a wording touches: communications that may take it, runs under way, and messages that wait."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from ccm.compliance.wording_coverage import wordings_of
from ccm.errors import NotFound
from ccm.store.tables import messages, runs
from ccm.workspace import Workspace
from ccm.workspace.wording import Wording

WAITING = ("due", "claimed")
"""States of messages that no supplier has yet."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A communication on one channel, in one language, for one jurisdiction, that may take one of the versions."""

    communication: str
    channel: str
    language: str
    jurisdiction: str
    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Messages with one of the versions in them that were composed and have not gone."""

    run: str
    """Empty: of triggers."""
    communication: str
    channel: str
    language: str
    jurisdiction: str
    messages: int


@dataclass(frozen=True, slots=True)
class Impact:
    """Everything that a change of these versions touches."""

    versions: tuple[Wording, ...]
    touched: tuple[Touched, ...]
    runs: tuple[tuple[str, str], ...]
    """Runs whose customers are not all composed, with their communication."""
    waiting: tuple[Waiting, ...]


def impact(
    workspace: Workspace, wording_id: str, version: str | None = None, connection: Connection | None = None
) -> Impact:
    """What a change of a wording touches, of one version or of all; without `connection` nothing is looked up there.

    Raises `NotFound` naming the known ids or versions.
    """
    versions = _versions(workspace, wording_id, version)
    touched = tuple(_touched(workspace, versions))
    names = sorted({one.communication for one in touched})
    if connection is None:
        return Impact(versions, touched, (), ())
    query = select(runs.c.id, runs.c.communication).where(runs.c.state == "running", runs.c.communication.in_(names))
    running = tuple((row.id, row.communication) for row in connection.execute(query.order_by(runs.c.id)))
    return Impact(versions, touched, running, tuple(_waiting(connection, versions)))


def _versions(workspace: Workspace, wording_id: str, version: str | None) -> tuple[Wording, ...]:
    own = [wording for wording in workspace.wordings if wording.id == wording_id]
    if not own:
        known = ", ".join(sorted(workspace.wording_ids)) or "none yet"
        raise NotFound(f"wording '{wording_id}' does not exist; there are: {known}")
    found = tuple(wording for wording in own if version in (None, wording.version))
    if not found:
        known = ", ".join(sorted({wording.version for wording in own}))
        raise NotFound(f"wording '{wording_id}' has no version {version}; there are: {known}")
    return found


def _touched(workspace: Workspace, versions: tuple[Wording, ...]) -> list[Touched]:
    found = []
    for communication in workspace.communications.values():
        taken = [wording for wording in wordings_of(workspace, communication) if wording in versions]
        for language in communication.languages:
            behind = communication.languages_behind(language)
            for place in communication.jurisdictions:
                fit = [one for one in taken if one.language in behind and one.jurisdiction == place]
                names = tuple(one.version for one in sorted(fit, key=lambda one: (one.order, one.path)))
                for channel in communication.channels if names else ():
                    found.append(Touched(communication.id, channel, language, place, tuple(dict.fromkeys(names))))
    return found


def _waiting(connection: Connection, versions: tuple[Wording, ...]) -> list[Waiting]:
    columns = (
        func.coalesce(messages.c.run_id, ""), messages.c.communication, messages.c.channel, messages.c.language,
        messages.c.jurisdiction,
    )  # fmt: skip
    query = (
        select(*columns, func.count())
        .where(messages.c.state.in_(WAITING), or_(*(_holds(wording) for wording in versions)))
        .group_by(*columns)
        .order_by(*columns)
    )
    return [Waiting(*row) for row in connection.execute(query)]


def _holds(wording: Wording) -> ColumnElement[bool]:
    """The condition for messages with this version in them: the column holds ``[["id","version","digest"],…]``."""
    said = messages.c.wording.contains(f'["{wording.id}","{wording.version}",', autoescape=True)
    return and_(messages.c.jurisdiction == wording.jurisdiction, said)
