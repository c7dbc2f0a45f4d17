"""Stops: what must not go out now, whatever is approved. A stop holds at hand-off and when messages are composed.

Actions are appended and never changed; what is stopped is derived from the last action on each target. Whoever
hands messages over reads the stops in the transaction that lets them go, so a stop holds on every host from its
commit on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, func, select

from ccm.errors import Conflict, InputError, NotAllowed
from ccm.store import Store
from ccm.store.tables import stops
from ccm.workspace.settings import Person, Role

Target = Literal["release", "communication", "wording", "channel"]
StopAction = Literal["stopped", "resumed"]
TARGETS: tuple[Target, ...] = ("release", "communication", "wording", "channel")
MAY: Mapping[StopAction, tuple[Role, ...]] = {
    "stopped": ("author", "compliance", "operator", "administrator"),
    "resumed": ("compliance", "administrator"),  # stopping must be easier than starting again
}
"""The roles of which a person needs one."""
LONGEST_COMMENT = 2000


@dataclass(frozen=True, slots=True)
class Stop:
    """One thing that a person did: stopped something, or let it go on."""

    action: StopAction
    target: Target
    name: str
    """A release's whole digest, a communication's or channel's id, wording as ``id`` or ``id@version``."""
    person: str
    comment: str
    at: datetime

    @property
    def reason(self) -> str:
        """The code for a message that was withheld for it: ``stopped_channel``."""
        return f"stopped_{self.target}"


Record = Callable[[Connection, Stop], None]
"""Writes an action to the audit log, in the transaction it is handed."""


@dataclass(frozen=True, slots=True)
class Stops:
    """What is stopped at one moment."""

    active: Mapping[tuple[str, str], Stop]
    """By target and name."""

    def of(
        self, *, release: str, communication: str, channel: str | None = None,
        wording: Collection[tuple[str, str]] = (),
    ) -> Stop | None:  # fmt: skip
        """The stop that a message falls under, if any; `wording` has ids and versions."""
        if not self.active:
            return None
        named: list[tuple[str, str]] = [("release", release), ("communication", communication)]
        for wording_id, version in wording:
            named += [("wording", wording_id), ("wording", f"{wording_id}@{version}")]
        if channel is not None:
            named.append(("channel", channel))
        return next((self.active[one] for one in named if one in self.active), None)


def active(connection: Connection) -> Stops:
    """What is stopped now, as this transaction sees it."""
    last = select(func.max(stops.c.id)).group_by(stops.c.target, stops.c.name)
    query = select(stops).where(stops.c.id.in_(last), stops.c.action == "stopped").order_by(stops.c.id)
    return Stops({(one.target, one.name): one for one in _read(connection.execute(query).all())})


def history(connection: Connection) -> tuple[Stop, ...]:
    """Everything that was ever stopped and resumed, in order."""
    return tuple(_read(connection.execute(select(stops).order_by(stops.c.id)).all()))


def stop(
    store: Store, target: Target, name: str, person: Person, now: datetime, comment: str, *, record: Record
) -> Stop:
    """Stops something at once; the comment says why. The caller knows that there is such a target.

    Raises `NotAllowed` without one of the roles, `InputError` without comment, `Conflict` where it is stopped already.
    """
    return _act(store, Stop("stopped", target, name, person.id, comment, now), person, record)


def resume(
    store: Store, target: Target, name: str, person: Person, now: datetime, comment: str, *, record: Record
) -> Stop:
    """Ends a stop: what is composed from now on may go out. Raises as `stop`."""
    return _act(store, Stop("resumed", target, name, person.id, comment, now), person, record)


def _act(store: Store, wanted: Stop, person: Person, record: Record) -> Stop:
    if not wanted.comment.strip():
        raise InputError("a comment is needed that says why")
    if len(wanted.comment) > LONGEST_COMMENT:
        raise InputError(f"the comment has {len(wanted.comment):,} characters; {LONGEST_COMMENT:,} are possible")
    may = MAY[wanted.action]
    if set(person.roles).isdisjoint(may):
        roles = ", ".join(person.roles) or "none"
        raise NotAllowed(f"'{person.id}' needs the role {' or '.join(may)} for this; roles: {roles}")
    with store.write() as connection:
        if store.dialect == "postgresql":
            # One at a time. Readers do not wait for it: a stop must never hold up a hand-over, nor the other way round.
            connection.exec_driver_sql("LOCK TABLE stops IN SHARE ROW EXCLUSIVE MODE")
        current = active(connection).active.get((wanted.target, wanted.name))
        if wanted.action == "stopped" and current is not None:
            raise Conflict(
                f"{wanted.target} {wanted.name} was stopped by {current.person} at {current.at.isoformat()} already"
            )
        if wanted.action == "resumed" and current is None:
            raise Conflict(f"{wanted.target} {wanted.name} is not stopped; see: ccm stop --list")
        last = connection.scalar(select(stops.c.at).order_by(stops.c.id.desc()).limit(1))
        if last is not None and wanted.at < last:
            raise NotAllowed(f"the clock says {wanted.at.isoformat()}, which is before the last stop or resumption")
        connection.execute(
            stops.insert(),
            {
                "action": wanted.action, "target": wanted.target, "name": wanted.name, "person": wanted.person,
                "comment": wanted.comment, "at": wanted.at,
            },
        )  # fmt: skip
        record(connection, wanted)
    return wanted


def _read(rows: Sequence[Row[Any]]) -> Iterable[Stop]:
    for row in rows:
        yield Stop(row.action, row.target, row.name, row.person, row.comment, row.at)
