"""The run certificate: every customer accounted for, with digests of what went in and what came out."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, select, update

from ccm.batch import runs
from ccm.log import leaves, sequencer
from ccm.pipeline.project import Project
from ccm.store.tables import chunks, messages
from ccm.store.tables import runs as runs_table

SENT = ("accepted", "delivered")
PENDING = ("due", "claimed", "sending")
PAGE = 5000


@dataclass(frozen=True, slots=True)
class Certificate:
    """intended = sent + withheld + set aside + digested + failed + unknown, or it does not add up.

    Counts are customers, each by the first message: what goes out beside it on further channels has rows of its own
    and counts here no more. `by_channel` and `by_language` count what was sent. Digests are SHA-256: `input` over
    all that the outcomes came from, `results` over every customer's outcome and body in order of customer id.
    """

    run: str
    communication: str
    at: str
    release: str
    intended: int
    sent: int
    withheld: int
    set_aside: int
    digested: int
    """Part of a digest, which is a message of its own."""
    failed: int
    unknown: int
    pending: int
    """Still due: the certificate is not final while there are any."""
    not_composed: int
    withheld_by_reason: dict[str, int]
    set_aside_by_reason: dict[str, int]
    failed_by_reason: dict[str, int]
    by_channel: dict[str, int]
    by_language: dict[str, int]
    by_channel_and_language: dict[str, int]
    by_variant: dict[str, int]
    """Of the communication's experiment; empty where it has none."""
    input_digest: str
    results_digest: str

    @property
    def adds_up(self) -> bool:
        """Whether every customer is accounted for by a final outcome."""
        total = self.sent + self.withheld + self.set_aside + self.digested + self.failed + self.unknown
        return total == self.intended and not self.pending and not self.not_composed

    @property
    def digest(self) -> str:
        """SHA-256 over the certificate's canonical JSON."""
        return hashlib.sha256(orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS)).hexdigest()

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "adds_up": self.adds_up, "certificate_digest": self.digest}


def certificate(project: Project, run_id: str) -> Certificate:
    """Counts a run's messages in pages, so that memory does not grow with the run.

    A final certificate is put into the audit log, once. Raises `NotFound`.
    """
    with project.store.read() as connection:
        found = _count(connection, run_id)
    if found.adds_up:
        _log(project, found)
    return found


def _count(connection: Connection, run_id: str) -> Certificate:
    run = runs.get(connection, run_id)
    states: Counter[str] = Counter()
    reasons: dict[str, Counter[str]] = {state: Counter() for state in ("withheld", "set_aside", "failed")}
    channel: Counter[str] = Counter()
    language: Counter[str] = Counter()
    both: Counter[str] = Counter()
    variants: Counter[str] = Counter()
    results = hashlib.sha256()
    seen = 0
    after = ""
    m = messages.c
    while page := connection.execute(
        select(m.customer_id, m.id, m.state, m.reason, m.channel, m.language, m.variant, m.body_digest)
        .where(m.run_id == run_id, m.part == "", m.customer_id > after)
        .order_by(m.customer_id)
        .limit(PAGE)
    ).all():
        for customer, message, state, reason, on, lang, variant, body in page:
            kind = "sent" if state in SENT else "pending" if state in PENDING else state
            states[kind] += 1
            if kind in reasons:
                reasons[kind][reason] += 1
            if kind == "sent":
                channel[on] += 1
                language[lang] += 1
                both[f"{on}/{lang}"] += 1
                if variant:
                    variants[variant] += 1
            why = "" if kind == "sent" else reason
            results.update(orjson.dumps([customer, message, kind, why, on if kind == "sent" else "", body]) + b"\n")
        seen += len(page)
        after = page[-1][0]
    inputs = hashlib.sha256()
    cancelled = 0
    for ids, state, digest in connection.execute(
        select(chunks.c.customer_ids, chunks.c.state, chunks.c.input_digest)
        .where(chunks.c.run_id == run_id)
        .order_by(chunks.c.number)
    ):
        inputs.update((digest or "").encode() + b"\n")
        if state == "cancelled":
            cancelled += len(orjson.loads(ids))
    if cancelled:
        reasons["withheld"]["run_cancelled"] += cancelled
    return Certificate(
        run=run.id, communication=run.communication, at=run.at.isoformat(), release=run.release,
        intended=run.intended, sent=states["sent"], withheld=states["withheld"] + cancelled,
        set_aside=states["set_aside"], digested=states["digested"],
        failed=states["failed"], unknown=states["unknown"], pending=states["pending"],
        not_composed=run.intended - seen - cancelled,
        withheld_by_reason=_sorted(reasons["withheld"]), set_aside_by_reason=_sorted(reasons["set_aside"]),
        failed_by_reason=_sorted(reasons["failed"]), by_channel=_sorted(channel), by_language=_sorted(language),
        by_channel_and_language=_sorted(both), by_variant=_sorted(variants),
        input_digest=inputs.hexdigest(), results_digest=results.hexdigest(),
    )  # fmt: skip


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in sorted(counts)}


def _log(project: Project, found: Certificate) -> None:
    with project.store.write() as connection:
        changed = connection.execute(
            update(runs_table)
            .where(runs_table.c.id == found.run, runs_table.c.certificate.is_distinct_from(found.digest))
            .values(certificate=found.digest)
        )
        if changed.rowcount:
            at = project.clock()
            sequencer.append(connection, [leaves.certificate_leaf(run=found.run, digest=found.digest, at=at)])
