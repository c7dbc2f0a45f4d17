"""dispatch: hands due messages to their suppliers, each at most once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ccm.adapters import Adapter, open_adapter
from ccm.compliance import stops
from ccm.compliance.stops import Stops
from ccm.delivery import claims
from ccm.delivery.claims import Row
from ccm.delivery.handoff import hand_off
from ccm.delivery.judging import stop_of
from ccm.errors import Erased, IntegrityError, NotAllowed, OutcomeUnknown, SupplierRefused
from ccm.log import leaves, sequencer
from ccm.model.message import ApprovedMessage, Receipt
from ccm.pipeline import contents
from ccm.pipeline.digest_closing import close_digests
from ccm.pipeline.digest_parts import withhold_parts
from ccm.pipeline.project import Clock, Project
from ccm.pipeline.reserve import lock_guards
from ccm.store.archive import Content
from ccm.store.lease import owner
from ccm.workspace.channels import Channel

LOOK_SECONDS = 0.25
"""How old what is known of stops may be when a supplier is called; a stop must hold within a second."""


@dataclass
class Delivered:
    """What one pass did, by channel and outcome."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def of(self, outcome: str) -> int:
        return sum(count for (_, name), count in self.outcomes.items() if name == outcome)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one hand-over."""

    state: str
    reason: str = ""
    detail: str = ""
    reference: str | None = None
    due_at: datetime | None = None

    @property
    def told(self) -> str:
        """What it is counted as."""
        if self.state == "withheld":
            return f"withheld: {self.reason}"
        return "tried again later" if self.reason == "refused_for_now" else self.state

    def leaf(self, message_id: str, at: datetime) -> bytes:
        """Its entry of the log: an answer of the supplier, or that none was asked for."""
        if self.state == "withheld":
            return leaves.event_leaf(message_id=message_id, state="withheld", detail=self.reason, at=at)
        return leaves.receipt_leaf(
            message_id=message_id, state=self.state, supplier_reference=self.reference, at=at
        )  # fmt: skip

    def values(self) -> dict[str, object]:
        """The columns of the message that it changes beside the state."""
        found: dict[str, object] = {}
        if self.reference is not None:
            found["supplier_reference"] = self.reference
        if self.due_at is not None:
            found["due_at"] = self.due_at
        if self.state in ("failed", "unknown", "withheld"):
            found |= {"reason": self.reason, "detail": self.detail}
        return found


def deliver(
    project: Project, *, moment: Clock | None = None,
    on_progress: Callable[[Delivered], None] = lambda delivered: None,
) -> Delivered:  # fmt: skip
    """One pass: everything that is due now, on every channel.

    `moment` is a rehearsal's clock for quiet hours and due times; it is refused with `NotAllowed` where an
    adapter would let anything leave the machine. Messages whose outcome is not known stay `unknown`.
    """
    delivered = Delivered()
    adapters = {
        name: open_adapter(
            channel, project.workspace.root, outbox=project.outbox, environ=project.environ, clock=project.clock
        )
        for name, channel in project.workspace.channels.items()
    }
    try:
        if moment is not None:
            outward = sorted({adapter.name for adapter in adapters.values() if not adapter.local})
            if outward:
                raise NotAllowed(
                    f"another time than now is for rehearsals only; {', '.join(outward)} would really send"
                )
        pass_ = _Pass(project, moment or project.clock, delivered, on_progress)
        pass_.recover(adapters)
        pass_.expire()
        pass_.close_digests()
        for name, channel in project.workspace.channels.items():
            pass_.channel(channel, adapters[name])
    finally:
        for adapter in adapters.values():
            adapter.close()
    return delivered


class _Pass:
    def __init__(
        self, project: Project, moment: Clock, delivered: Delivered, on_progress: Callable[[Delivered], None]
    ) -> None:
        self.project, self.moment = project, moment
        self.delivered, self.on_progress = delivered, on_progress
        self.owner = owner()
        self.stops, self.looked = Stops({}), 0.0

    def stopped(self) -> Stops:
        """What is stopped, at most `LOOK_SECONDS` old: suppliers can be slow, and a group has a hundred messages."""
        if time.monotonic() - self.looked > LOOK_SECONDS:
            # The time before the read: what is committed after it may be missing in the answer.
            self.looked = time.monotonic()
            with self.project.store.read() as connection:
                self.stops = stops.active(connection)
        return self.stops

    def recover(self, adapters: dict[str, Adapter]) -> None:
        """Settles what a dead process left behind."""
        store, now = self.project.store, self.project.clock()
        claims.give_back_lost(store, now)
        while rows := claims.lost_sending(store, self.owner, now, timedelta(seconds=60)):
            outcomes = []
            for row in rows:
                adapter = adapters.get(row["channel"])
                same = adapter is not None and adapter.name == row["adapter"]
                if adapter is None or not same or not adapter.can_find:
                    outcomes.append(Outcome("unknown", "sender_died"))
                    continue
                receipt = adapter.find(row["id"])
                outcomes.append(Outcome("due", due_at=row["due_at"]) if receipt is None else _accepted(receipt))
            self.settle(rows, outcomes)

    def expire(self) -> None:
        """Gives back the slots of what waited too long, so that they are free for others."""
        while found := claims.expire(self.project, self.moment()):
            for _, channel in found:
                self.delivered.outcomes[channel, "withheld: expired"] += 1

    def close_digests(self) -> None:
        """Makes the messages of digests whose window has ended, so that this very pass sends them."""
        for (name, outcome), count in close_digests(self.project, self.moment()).items():
            self.delivered.outcomes[name, f"digest {outcome}"] += count

    def channel(self, channel: Channel, adapter: Adapter) -> None:
        lease = timedelta(seconds=channel.lease_seconds)
        while True:
            moment = self.moment()
            rows = claims.claim(self.project.store, self.owner, channel.channel, self.project.clock(), lease, moment)
            if not rows:
                return
            # Where the supplier can't be asked afterwards, one message is in doubt at a time, not a hundred.
            for group in [rows] if adapter.can_find else [[row] for row in rows]:
                read = self.contents(group)
                recipients = {name: one.recipient for name, one in read.items() if isinstance(one, Content)}
                going, counts = hand_off(self.project, group, recipients, self.owner, adapter.name, self.moment, lease)
                for reason, count in counts.items():
                    outcome = "held" if reason == "held" else f"withheld: {reason}"
                    self.delivered.outcomes[channel.channel, outcome] += count
                self.settle(going, [self.send(row, read, adapter, channel) for row in going])
                self.on_progress(self.delivered)

    def contents(self, rows: Sequence[Row]) -> dict[str, Content | IntegrityError | Erased]:
        """The contents by message id, read together; where that fails, one by one, so that one damage stops one."""
        try:
            return dict(contents.load(self.project, rows))
        except (IntegrityError, Erased):
            found: dict[str, Content | IntegrityError | Erased] = {}
            for row in rows:
                try:
                    found |= contents.load(self.project, [row])
                except (IntegrityError, Erased) as error:
                    found[row["id"]] = error
            return found

    def send(
        self, row: Row, read: Mapping[str, Content | IntegrityError | Erased], adapter: Adapter, channel: Channel
    ) -> Outcome:
        """Calls the supplier once, unless that was stopped; no database connection is held meanwhile."""
        if (stop := stop_of(self.stopped(), row)) is not None:
            return Outcome("withheld", stop.reason, stop.name)
        content = read[row["id"]]
        if isinstance(content, Erased):
            return Outcome("failed", "content_erased")
        if isinstance(content, IntegrityError):
            return Outcome("failed", "archive_damaged", str(content))
        try:
            return _accepted(adapter.send(approved(row, content)))
        except OutcomeUnknown as error:
            return Outcome("unknown", "outcome_unknown", str(error))
        except SupplierRefused as error:
            attempts = row["attempts"] + 1
            if error.permanent:
                return Outcome("failed", "refused", str(error))
            if attempts >= channel.retry.attempts:
                return Outcome("failed", "retries_exhausted", str(error))
            wait = timedelta(seconds=channel.retry.first_wait_seconds * 2 ** (attempts - 1))
            return Outcome("due", "refused_for_now", str(error), due_at=self.moment() + wait)

    def settle(self, rows: Sequence[Row], outcomes: Sequence[Outcome]) -> None:
        """Writes the outcomes and their log entries in one transaction."""
        if not rows:
            return
        now = self.project.clock()
        alike: dict[tuple[str, ...], list[tuple[Row, Outcome]]] = {}
        for row, outcome in zip(rows, outcomes, strict=True):
            alike.setdefault((outcome.state, *sorted(outcome.values())), []).append((row, outcome))
        # A slot that is given back changes the customer's ledger, and all changes of one ledger come in one order.
        released = [row["customer_id"] for row, outcome in zip(rows, outcomes, strict=True)
                    if claims.CONTACT_STATES.get(outcome.state) == "released"]  # fmt: skip
        with self.project.store.write() as connection:
            lock_guards(self.project, connection, released)
            entries: list[bytes] = []
            gone: dict[str, str] = {}
            for (state, *_), pairs in sorted(alike.items()):
                values = {row["id"]: outcome.values() for row, outcome in pairs}
                settled = claims.settle(connection, [row for row, _ in pairs], self.owner, now, state, values)
                for row, outcome in pairs:
                    if row["id"] in settled:
                        self.delivered.outcomes[row["channel"], outcome.told] += 1
                        entries.append(outcome.leaf(row["id"], now))
                        if row["digest"] and outcome.state in ("withheld", "failed"):
                            gone[row["id"]] = outcome.reason
            sequencer.append(connection, [*entries, *withhold_parts(connection, gone, now)])


def _accepted(receipt: Receipt) -> Outcome:
    return Outcome("accepted", reference=receipt.supplier_reference)


def approved(row: Row, content: Content) -> ApprovedMessage:
    """The message as it was checked and recorded; the content came from the archive, proved by its digest.

    Only `ccm.compliance.check` makes approved messages; this brings one back.
    """
    return ApprovedMessage(
        row["id"], row["communication"], row["customer_id"], row["channel"], row["language"], content.recipient,
        row["media_type"], content.body, content.subject, row["release"],
        row["jurisdiction"],
    )  # fmt: skip
