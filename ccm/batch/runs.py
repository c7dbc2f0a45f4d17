"""A run as rows: run, chunks, messages. It is finished when no chunk is undone and every message accounted for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import orjson
from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from ccm.errors import Conflict, InputError, NotFound
from ccm.log import leaves, sequencer
from ccm.pipeline.compose import Occasion
from ccm.pipeline.copies import originals
from ccm.pipeline.gate import require_approved, require_no_collector, require_not_stopped
from ccm.pipeline.project import Compiled, Project
from ccm.pipeline.reserve import lock_guards
from ccm.store import feeds
from ccm.store.engine import BATCH
from ccm.store.lease import owner_is_gone
from ccm.store.tables import chunks, contacts, digests, messages, runs

LEASE = timedelta(seconds=30)
"""How long a coordinator that says nothing keeps its run."""

PERIOD = ("period_start", "period_end")
ANEW = ("wording_changed", "address_changed", "receiver_changed")
"""Why delivery withholds messages that can be composed anew: their words are not in force any more, or who receives or
where is not as it was."""
CHUNK_WITH_LETTERS = 40
"""Customers a chunk where letters are laid out (about 0.4 s of CPU each)."""
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Run:
    """One row of `runs`."""

    id: str
    communication: str
    at: datetime
    release: str
    state: str
    """``running``, ``composed`` (every chunk recorded) or ``cancelled``."""
    parameters: Mapping[str, object]
    intended: int
    fence: int
    lease_owner: str | None
    lease_until: datetime | None

    def occasion(self) -> Occasion:
        """What its messages are about; two runs of one occasion never send the same customer two."""
        return Occasion(str(self.parameters["occasion"]), self.id, self.at, self.query_parameters())

    def query_parameters(self) -> dict[str, object]:
        return {name: date.fromisoformat(str(self.parameters[name])) for name in PERIOD if name in self.parameters}


def start(project: Project, communication_id: str, at: datetime, *, limit: int | None = None) -> Run:
    """Makes the rows of a new run: every customer in a chunk, in order of id.

    Raises `NotAllowed` where the release is not in force or is stopped, `Conflict` where a run for this
    communication and occasion exists, `InputError` where there are no customers.
    """
    compiled = project.compiled(communication_id)
    require_no_collector(compiled.communication)
    if compiled.communication.data.fields and not compiled.communication.data.sql:
        raise InputError(f"'{communication_id}' takes its data from a trigger; send it with: ccm send")
    planned = occasion(compiled, at, limit)
    run_id = str(planned.run_id)
    parameters = {"occasion": planned.id, **{name: str(value) for name, value in planned.parameters.items()}}
    with project.store.write() as connection:
        require_approved(connection, compiled.release, max(at, project.clock()))
        require_not_stopped(connection, compiled.release)
        compiled.data.require_feeds(connection, at)
        if (known := find(connection, run_id)) is not None:
            if known.state == "cancelled":
                raise Conflict(f"run {run_id} was cancelled; one that was cancelled is not started again")
            raise Conflict(f"run {run_id} exists and is {known.state}; go on with: ccm run resume {run_id}")
        customers = customer_chunks(connection, chunk_size(compiled), limit)
        run = _insert(project, connection, compiled, run_id, at, parameters, customers)
        if not run.intended:
            raise InputError("there are no customers; import some with: ccm import customers FILE")
        return run


def again(project: Project, run_id: str, at: datetime) -> Run:
    """A new run, decided for `at`, for those of an earlier one whose words or addresses changed before they went.

    It is about the same occasion, so that nobody who got the message gets another. Raises `NotFound` for an unknown
    run, `Conflict` for one that was cancelled, `InputError` where nobody of it was withheld for a reason of `ANEW`,
    and as `start`.
    """
    with project.store.write() as connection:
        earlier = get(connection, run_id)
        if earlier.state == "cancelled":
            raise Conflict(f"run {run_id} was cancelled; nothing of it is composed anew")
        compiled = project.compiled(earlier.communication)
        require_approved(connection, compiled.release, max(at, project.clock()))
        require_not_stopped(connection, compiled.release)
        compiled.data.require_feeds(connection, at)
        m = messages.c
        withheld = select(m.id, m.customer_id, m.part, m.trigger_key).where(
            m.run_id == run_id, m.state == "withheld", m.reason.in_(ANEW)
        )
        rows = connection.execute(withheld).mappings().all()
        # Copies go with what they are copies of; whoever got theirs gets no other.
        about = {customer for _, customer in originals(connection, rows).values()}
        ids = sorted({row["customer_id"] for row in rows if not row["part"]} | about)
        if not ids:
            raise InputError(f"nobody of run {run_id} was withheld as {', '.join(ANEW)}")
        number = 1
        while find(connection, f"{run_id}-again-{number}") is not None:
            number += 1
        size = chunk_size(compiled)
        parts = (ids[begin : begin + size] for begin in range(0, len(ids), size))
        name = f"{run_id}-again-{number}"
        return _insert(project, connection, compiled, name, at, earlier.parameters, parts)


def _insert(
    project: Project, connection: Connection, compiled: Compiled, run_id: str, at: datetime,
    parameters: Mapping[str, object], customers: Iterable[Sequence[str]],
) -> Run:  # fmt: skip
    connection.execute(
        insert(runs).values(
            id=run_id, communication=compiled.communication.id, at=at, release=compiled.release.digest,
            state="running", parameters=orjson.dumps(parameters).decode(), intended=0, fence=0,
            created_at=project.clock(),
        )
    )  # fmt: skip
    intended = 0
    for number, ids in enumerate(customers):
        intended += len(ids)
        values = {"run_id": run_id, "number": number, "customer_ids": orjson.dumps(ids).decode(), "state": "todo"}
        connection.execute(insert(chunks).values(values))
    connection.execute(update(runs).where(runs.c.id == run_id).values(intended=intended))
    return get(connection, run_id)


def occasion(compiled: Compiled, at: datetime, limit: int | None = None) -> Occasion:
    """What a run at `at` is about: the communication's period, or that instant where it has none."""
    communication = compiled.communication
    period = compiled.data.period(at) if communication.data.period else None
    parameters: dict[str, object] = {} if period is None else dict(zip(PERIOD, period, strict=True))
    name = named_after(at, period)
    run_id = f"{communication.id}-{name}" + (f"-first-{limit}" if limit else "")
    return Occasion(f"{communication.id}/{name}", run_id, at, parameters)


def named_after(at: datetime, period: tuple[date, date] | None) -> str:
    """The name of an occasion, in that of its run too."""
    if period is None:
        return at.strftime("%Y%m%dT%H%M%SZ")
    return "--".join(day.isoformat() for day in period)


def chunk_size(compiled: Compiled) -> int:
    """Customers a chunk: small enough that a killed worker loses seconds of work."""
    return CHUNK_WITH_LETTERS if "letter" in compiled.communication.channels else CHUNK


def customer_chunks(connection: Connection, size: int, limit: int | None) -> Iterator[list[str]]:
    """All customer ids (or the first `limit`) in order, `size` at a time."""
    after, left = None, limit
    while left is None or left > 0:
        ids = feeds.customer_ids(connection, after, size if left is None else min(size, left))
        if not ids:
            return
        yield ids
        after, left = ids[-1], None if left is None else left - len(ids)


def find(connection: Connection, run_id: str) -> Run | None:
    """The run, or None."""
    row = connection.execute(select(runs).where(runs.c.id == run_id)).mappings().first()
    if row is None:
        return None
    return Run(
        row["id"], row["communication"], row["at"], row["release"], row["state"], orjson.loads(row["parameters"]),
        row["intended"], row["fence"], row["lease_owner"], row["lease_until"],
    )  # fmt: skip


def newest(connection: Connection, count: int) -> list[Run]:
    """The runs started last, newest first."""
    ids = connection.scalars(select(runs.c.id).order_by(runs.c.created_at.desc(), runs.c.id).limit(count)).all()
    return [get(connection, run_id) for run_id in ids]


def get(connection: Connection, run_id: str) -> Run:
    """The run; raises `NotFound` naming the newest ones."""
    run = find(connection, run_id)
    if run is None:
        known = ", ".join(other.id for other in newest(connection, 5)) or "none yet"
        raise NotFound(f"run '{run_id}' does not exist; newest: {known}")
    return run


def take(project: Project, run_id: str, name: str) -> Run:
    """Takes the lease on a run and moves its fence on: what an earlier coordinator still does is void.

    Raises `Conflict` while another coordinator lives, or where the run was cancelled.
    """
    now = project.clock()
    with project.store.write() as connection:
        connection.execute(select(runs.c.id).where(runs.c.id == run_id).with_for_update()).all()
        run = get(connection, run_id)
        if run.state == "cancelled":
            raise Conflict(f"run {run_id} was cancelled")
        held = run.lease_owner and run.lease_owner != name and run.lease_until and run.lease_until > now
        if held and run.lease_owner and not owner_is_gone(run.lease_owner):
            raise Conflict(f"run {run_id} is being worked on by {run.lease_owner}")
        connection.execute(
            update(runs)
            .where(runs.c.id == run_id)
            .values(lease_owner=name, lease_until=now + LEASE, fence=run.fence + 1)
        )
        return get(connection, run_id)


def renew(project: Project, run: Run) -> bool:
    """Keeps the lease; False where the run is not ours any more, or was cancelled."""
    with project.store.write() as connection:
        done = connection.execute(
            update(runs)
            .where(runs.c.id == run.id, runs.c.fence == run.fence, runs.c.state == "running")
            .values(lease_until=project.clock() + LEASE)
        )
        return done.rowcount == 1


def finish(project: Project, run: Run) -> None:
    """Marks a run whose chunks are all recorded, and gives the lease back."""
    with project.store.write() as connection:
        undone = connection.scalar(
            select(func.count()).select_from(chunks).where(chunks.c.run_id == run.id, chunks.c.state == "todo")
        )
        state = {"state": "composed"} if undone == 0 else {}
        connection.execute(
            update(runs)
            .where(runs.c.id == run.id, runs.c.fence == run.fence, runs.c.state == "running")
            .values(lease_owner=None, lease_until=None, **state)
        )


def cancel(project: Project, run_id: str) -> tuple[int, int]:
    """Stops a run: chunks not yet recorded stay so, messages still due never go out, and no open digest tells of one.

    Returns (customers not composed, messages withdrawn). What a supplier already has can't be called back, nor what a
    digest tells that was made before; what is on its way to a supplier, or comes back from there to be tried again, is
    withheld at its hand-off.
    """
    now, m = project.clock(), messages.c
    in_open_digest = m.digest.in_(select(digests.c.id).where(digests.c.state == "open"))
    waits = or_(m.state == "due", and_(m.state == "digested", in_open_digest))
    with project.store.write() as connection:
        run = get(connection, run_id)
        connection.execute(update(runs).where(runs.c.id == run.id).values(state="cancelled", fence=run.fence + 1))
        todo = connection.scalars(
            update(chunks)
            .where(chunks.c.run_id == run_id, chunks.c.state == "todo")
            .values(state="cancelled")
            .returning(chunks.c.customer_ids)
        ).all()
        waiting = connection.execute(
            select(m.id, m.customer_id).where(m.run_id == run_id, waits).order_by(m.customer_id)
        ).all()  # fmt: skip
        stopped = 0
        for begin in range(0, len(waiting), BATCH):
            part = waiting[begin : begin + BATCH]
            lock_guards(project, connection, [row.customer_id for row in part])
            stopped += _withdraw(connection, [row.id for row in part], waits, now)
        return sum(len(orjson.loads(ids)) for ids in todo), stopped


def _withdraw(connection: Connection, ids: Sequence[str], waits: ColumnElement[bool], now: datetime) -> int:
    """Withholds those that still wait, under their customers' guards, and gives their slots back."""
    gone = connection.scalars(
        update(messages)
        .where(messages.c.id.in_(ids), waits)
        .values(state="withheld", reason="run_cancelled", detail="", updated_at=now)
        .returning(messages.c.id)
    ).all()
    connection.execute(update(contacts).where(contacts.c.id.in_(gone)).values(status="released"))
    entries = [leaves.event_leaf(message_id=one, state="withheld", detail="run_cancelled", at=now) for one in gone]
    sequencer.append(connection, entries)
    return len(gone)
